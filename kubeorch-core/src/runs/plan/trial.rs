//! The dry run of one object, with the conflicts that come up resolved as its node says.

use super::conflicts::{leave_out, named};
use super::model::{Conflict, Known, Resolution};
use super::planner::Planner;
use crate::kube::{self, Applied, ApplyOptions};
use crate::manifest::Object;
use crate::runs::MANAGER;
use crate::runs::policy::{Conflicts, Policy};

/// How often an object is tried: leaving out one field may bring up another.
const ROUNDS: usize = 4;

/// What a dry run came to.
pub(super) struct Tried {
    /// What was sent last.
    pub(super) object: Object,
    /// Whether the fields of others are taken.
    pub(super) force: bool,
    /// Which those are, and what becomes of them.
    pub(super) conflicts: Vec<Conflict>,
    pub(super) result: Result<Applied, kube::Error>,
}

impl Planner<'_> {
    /// Tries without force first, even where fields are to be taken: only so the server names them.
    pub(super) async fn try_out(
        &self,
        policy: &Policy,
        mut object: Object,
        known: &Known,
        forced: bool,
    ) -> Tried {
        let resolution = match policy.conflicts {
            _ if forced || self.options.force => Resolution::Taken,
            Conflicts::Take => Resolution::Taken,
            Conflicts::Share => Resolution::Shared,
            Conflicts::Fail => Resolution::Refused,
        };
        let (mut force, mut conflicts) = (false, Vec::new());
        for round in 1.. {
            let options =
                ApplyOptions { manager: MANAGER.into(), force, dry_run: true, known: known.for_apply() };
            let result = self.cluster.apply(&object, &options).await;
            let causes = match &result {
                Err(kube::Error::Conflict { causes, .. }) if !force && round < ROUNDS => causes,
                _ => return Tried { object, force, conflicts, result },
            };
            let found = named(causes, resolution);
            conflicts.extend(found.iter().cloned());
            match resolution {
                // What we set ourselves with another kind of request is ours.
                _ if found.is_empty() => force = true,
                Resolution::Taken => force = true,
                Resolution::Refused => return Tried { object, force, conflicts, result },
                Resolution::Shared => {
                    let left =
                        found.iter().filter(|conflict| leave_out(&mut object, &conflict.field)).count();
                    if left == 0 {
                        return Tried { object, force, conflicts, result };
                    }
                }
            }
        }
        unreachable!("the last round returns")
    }
}
