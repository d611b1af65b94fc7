//! Asking the server whether a suspicion holds: what would it change if the object were applied again?

use crate::kube::{self, ApplyOptions, Cluster, Known};
use crate::manifest::Object;
use crate::runs::changes::changes;
use crate::runs::fill::fill;
use crate::runs::model::Values;
use crate::runs::policy::Conflicts;
use crate::time::Entropy;

/// The most fields and managers that are told of one object.
const MAX_FIELDS: usize = 20;

/// Who writes the replicas of a workload for an autoscaler.
const SCALER: &str = "kube-controller-manager";

/// What is otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) missing: bool,
    pub(super) fields: Vec<String>,
    /// Who owns them now; sorted.
    pub(super) managers: Vec<String>,
    /// Why applying it again would not help.
    pub(super) refused: Option<String>,
}

/// Compares what is there with what applying `desired` again would make of it. `None`: it is as it should be, or
/// nobody can tell, because a value came with the run.
pub(super) async fn confirm(
    cluster: &dyn Cluster,
    entropy: &dyn Entropy,
    node: &str,
    desired: &Object,
    conflicts: Conflicts,
) -> Result<Option<Finding>, kube::Error> {
    let Some(live) = cluster.get(&desired.key()).await? else {
        return Ok(Some(Finding { missing: true, fields: Vec::new(), managers: Vec::new(), refused: None }));
    };
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        // It is told once it is gone.
        return Ok(None);
    }
    let filled = fill(desired, Some(&live), node, &Values::default(), entropy);
    if !filled.missing.is_empty() {
        return Ok(None);
    }
    let known = live.resource_version().map(|version| Known::At(version.to_owned()));
    let options = ApplyOptions { dry_run: true, known, ..ApplyOptions::default() };
    let causes = match cluster.apply(&filled.object, &options).await {
        Ok(applied) => return Ok(finding(&live, &applied.object, Vec::new())),
        Err(kube::Error::Conflict { causes, .. }) => causes,
        Err(error @ kube::Error::Rejected { .. }) => return Ok(Some(refused(&error))),
        Err(error) => return Err(error),
    };
    // Fields that we leave to their managers are theirs to change.
    let ours = |cause: &&kube::Cause| {
        conflicts != Conflicts::Share && !(cause.manager == SCALER && cause.field == ".spec.replicas")
    };
    let theirs: Vec<_> =
        causes.iter().filter(|cause| !ours(cause)).map(|cause| cause.field.clone()).collect();
    let mut managers: Vec<_> = causes.iter().filter(ours).map(|cause| cause.manager.clone()).collect();
    managers.sort();
    managers.dedup();
    managers.truncate(MAX_FIELDS);
    match cluster.apply(&filled.object, &ApplyOptions { force: true, ..options }).await {
        Ok(applied) => {
            let mut found = finding(&live, &applied.object, managers);
            if let Some(found) = &mut found {
                found.fields.retain(|field| !theirs.iter().any(|other| same_field(other, field)));
            }
            Ok(found.filter(|found| !found.fields.is_empty()))
        }
        Err(error @ kube::Error::Rejected { .. }) => Ok(Some(refused(&error))),
        Err(error) => Err(error),
    }
}

fn finding(live: &Object, applied: &Object, managers: Vec<String>) -> Option<Finding> {
    let mut fields: Vec<_> = changes(live, applied).into_iter().map(|change| change.path).collect();
    fields.truncate(MAX_FIELDS);
    (!fields.is_empty()).then_some(Finding { missing: false, fields, managers, refused: None })
}

/// A field that cannot change while the object lives, or one that the server does not take any more.
fn refused(error: &kube::Error) -> Finding {
    let text = error.to_string().chars().take(300).collect();
    Finding { missing: false, fields: Vec::new(), managers: Vec::new(), refused: Some(text) }
}

/// `.spec.containers[name="web"].image` of a server is `spec.containers[web].image` of a plan.
fn same_field(server: &str, plan: &str) -> bool {
    let plain = |path: &str| {
        path.trim_start_matches('.').replace([']', '"'], "").replace('[', ".").replace(".name=", ".")
    };
    let (server, plan) = (plain(server), plain(plan));
    // A manager may own a whole of which a plan names a part.
    plan == server || plan.starts_with(&format!("{server}."))
}

#[cfg(test)]
mod tests {
    use super::same_field;

    #[test]
    fn paths_of_servers_and_plans_meet() {
        for (server, plan, same) in [
            (".spec.replicas", "spec.replicas", true),
            (
                ".spec.template.spec.containers[name=\"web\"].image",
                "spec.template.spec.containers[web].image",
                true,
            ),
            (
                ".spec.template.spec.containers[name=\"web\"].image",
                "spec.template.spec.containers[db].image",
                false,
            ),
            (".spec.replicas", "spec.replicasMore", false),
            (".spec.template", "spec.template.metadata", true),
        ] {
            assert_eq!(same_field(server, plan), same, "{server} {plan}");
        }
    }
}
