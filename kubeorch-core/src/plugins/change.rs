//! What a change does to the record of a plugin; pure but for the transaction.

use semver::Version;
use serde_json::json;

use super::ready::Ready;
use super::{Error, Installed, KEPT, MAX_INSTALLED, Release, bytes};
use crate::store::{Query, Tx};

/// A change after which a plugin is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// A new plugin.
    Install,
    /// Another version.
    Upgrade {
        /// Whether it may be an older one, or another build of the same.
        downgrade: bool,
    },
    /// Back to a version that is kept.
    Rollback,
    /// On again.
    Enable,
}

/// A record before and after.
pub(super) struct Done {
    pub(super) before: Option<Installed>,
    pub(super) after: Installed,
}

impl Change {
    /// Writes record, component and event.
    pub(super) fn apply(self, tx: &mut Tx<'_>, ready: &Ready) -> Result<Done, Error> {
        let before = tx.get::<Installed>(&ready.id().to_owned())?;
        let after = match (self, &before) {
            (Self::Install, None) => installed(tx, ready)?,
            (_, None) => return Err(Error::NotFound),
            (Self::Install | Self::Upgrade { .. }, Some(found))
                if found.current.sha256 == ready.release.sha256 =>
            {
                return Ok(Done { after: found.clone(), before });
            }
            (Self::Install, Some(found)) => {
                let (id, version) = (found.id.clone(), found.current.version.clone());
                return Err(Error::Exists { id, version });
            }
            (Self::Upgrade { downgrade }, Some(found)) => {
                if !downgrade {
                    newer(&ready.release, &found.current)?;
                }
                replaced(found, &ready.release)
            }
            (Self::Rollback, Some(found)) => {
                if !found.previous.contains(&ready.release) {
                    return Err(Error::NoPrevious(found.id.clone()));
                }
                replaced(found, &ready.release)
            }
            (Self::Enable, Some(found)) => Installed { enabled: true, ..found.clone() },
        };
        let after = Installed { updated_at: tx.now(), failure: None, ..after };
        self.write(tx, ready, before.as_ref(), &after)?;
        Ok(Done { before, after })
    }

    fn write(
        self,
        tx: &mut Tx<'_>,
        ready: &Ready,
        before: Option<&Installed>,
        after: &Installed,
    ) -> Result<(), Error> {
        tx.put(after)?;
        if let Some(bytes) = &ready.bytes {
            bytes::write(tx, &ready.release.sha256, bytes)?;
        }
        let before = before.map(|it| it.previous.as_slice()).unwrap_or_default();
        bytes::collect(tx, before)?;
        let payload =
            json!({ "plugin": after.id, "version": after.current.version, "sha256": after.current.sha256 });
        tx.event(stream(&after.id), self.event(), &payload)?;
        Ok(())
    }

    fn event(self) -> &'static str {
        match self {
            Self::Install => "plugin_installed",
            Self::Upgrade { .. } => "plugin_upgraded",
            Self::Rollback => "plugin_rolled_back",
            Self::Enable => "plugin_enabled",
        }
    }
}

/// The name of a plugin's events.
pub(super) fn stream(id: &str) -> String {
    format!("plugin:{id}")
}

fn installed(tx: &Tx<'_>, ready: &Ready) -> Result<Installed, Error> {
    if tx.count(&Query::<Installed>::all())? >= MAX_INSTALLED {
        return Err(Error::Full(MAX_INSTALLED));
    }
    Ok(Installed {
        id: ready.id().to_owned(),
        current: ready.release.clone(),
        previous: Vec::new(),
        enabled: true,
        installed_at: tx.now(),
        updated_at: tx.now(),
        failure: None,
    })
}

/// With another version in use; the one before comes first among those that are kept.
fn replaced(found: &Installed, release: &Release) -> Installed {
    let mut previous = vec![found.current.clone()];
    previous.extend(found.previous.iter().filter(|old| old.sha256 != release.sha256).cloned());
    previous.truncate(KEPT);
    Installed { current: release.clone(), previous, ..found.clone() }
}

fn newer(given: &Release, current: &Release) -> Result<(), Error> {
    // Both were checked when they came in.
    let newer = match (Version::parse(&given.version), Version::parse(&current.version)) {
        (Ok(given), Ok(current)) => given.cmp_precedence(&current).is_gt(),
        _ => false,
    };
    let (given, current) = (given.version.clone(), current.version.clone());
    if newer { Ok(()) } else { Err(Error::NotNewer { given, current }) }
}
