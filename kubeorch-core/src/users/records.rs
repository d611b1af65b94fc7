//! Which records this domain keeps, and what they must say of each other.

use super::model::User;
use crate::projects::{self, Project};
use crate::settings::{self, Settings};
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema};

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<User>().also(homes)
}

/// With the first account come the settings, with each its personal project; a project belongs to an account.
fn homes(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    let mut users = false;
    reader.each(&Query::<User>::all(), |user| {
        users = true;
        let own = reader.list(&Query::by(projects::BY_OWNER).prefix(&user.id))?;
        if !own.iter().any(|project| project.personal) {
            faults.add(User::TABLE.0, format!("{}: the personal project is missing", user.id));
        }
        Ok::<_, Error>(!faults.full())
    })?;
    if users && !reader.contains::<Settings>(&settings::KEY)? {
        faults.add(Settings::TABLE.0, "they are missing, and there are accounts");
    }
    reader.each(&Query::<Project>::all(), |project| {
        if !reader.contains::<User>(&project.owner)? {
            faults.add(Project::TABLE.0, format!("{}: its account is missing", project.id));
        }
        Ok::<_, Error>(!faults.full())
    })
}
