//! Which records this domain keeps, and what they must say of each other.

use super::model::Version;
use super::{blob, check, content, epoch, removed};
use crate::store::Schema;

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema
        .with::<Version>()
        .with::<content::Content>()
        .with::<blob::Branch>()
        .with::<blob::NodeBlob>()
        .with::<blob::EdgeBlob>()
        .with::<epoch::Epoch>()
        .with::<removed::Removed>()
        .also(check::contents)
        .also(check::epoch)
}
