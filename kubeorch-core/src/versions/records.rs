//! Which records this domain keeps, and what they must say of each other.

use super::model::{Content, Version};
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema};

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Version>().with::<Content>().also(contents)
}

/// Every version has its content. The other way round is no fault: retention may leave some for later.
fn contents(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    reader.each(&Query::<Version>::all(), |version| {
        if !reader.contains::<Content>(&version.content)? {
            let (workflow, seq) = (version.workflow, version.seq);
            faults.add(Version::TABLE.0, format!("{workflow} {seq}: its content is missing"));
        }
        Ok::<_, Error>(!faults.full())
    })
}
