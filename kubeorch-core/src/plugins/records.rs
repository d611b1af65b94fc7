//! Which records this domain keeps, and what they must say of each other.

use super::bytes::{self, Part};
use super::model::{Choice, Installed, KEPT, Seed};
use crate::id::UserId;
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema, Table, rule};
use crate::users::User;

impl Record for Installed {
    const TABLE: Table = Table("plugins");
    type Key = String;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn check(&self) -> Result<(), String> {
        rule(self.previous.len() <= KEPT, "it keeps more old versions than it may")?;
        let same = |release: &super::Release| release.sha256 == self.current.sha256;
        rule(!self.previous.iter().any(same), "what is in use is also what was in use before")
    }
}

impl Record for Choice {
    const TABLE: Table = Table("plugin_choices");
    type Key = (UserId, String);

    fn key(&self) -> Self::Key {
        (self.user, self.entry.clone())
    }
}

impl Record for Seed {
    const TABLE: Table = Table("plugin_entries");
    type Key = String;

    fn key(&self) -> String {
        self.entry.clone()
    }
}

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Installed>().with::<Part>().with::<Choice>().with::<Seed>().also(components).also(choosers)
}

/// Every version that is kept has its component, and no component is kept for nothing.
fn components(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    let mut needed = std::collections::BTreeSet::new();
    reader.each(&Query::<Installed>::all(), |plugin| {
        for release in std::iter::once(&plugin.current).chain(&plugin.previous) {
            needed.insert(release.sha256.clone());
            if let Err(error) = bytes::read(reader, release) {
                faults.add(Installed::TABLE.0, format!("{} {}: {error}", plugin.id, release.version));
            }
        }
        Ok::<_, Error>(!faults.full())
    })?;
    let mut last = None;
    reader.each(&Query::<Part>::all(), |part| {
        if last.as_ref() != Some(&part.digest) && !needed.contains(&part.digest) {
            faults.add(Part::TABLE.0, format!("{}: no plugin needs it", part.digest));
        }
        last = Some(part.digest);
        Ok::<_, Error>(!faults.full())
    })
}

/// Who chose has an account.
fn choosers(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    let mut last = None;
    reader.each(&Query::<Choice>::all(), |choice| {
        if last.replace(choice.user) != Some(choice.user) && !reader.contains::<User>(&choice.user)? {
            faults.add(Choice::TABLE.0, format!("{}: the account is missing", choice.user));
        }
        Ok::<_, Error>(!faults.full())
    })
}
