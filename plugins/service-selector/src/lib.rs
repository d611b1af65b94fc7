//! Finds services that select no pod of the workload they are linked to, and mends their selector.

mod diagnose;
mod mend;

use kubeorch_plugin_sdk::{
    Failure, PluginInfo, Severity, export_plugin,
    fix::{
        ApplyRequest, Catalog, DiagnoseRequest, Diagnosis, FindingKind, Fixes, Proposal, Template,
        TemplateRequest, Want, unknown_finding,
    },
};

/// This plugin.
#[derive(Debug)]
pub struct ServiceSelector;

/// The one finding of this plugin.
const NO_PODS: &str = "service-selector.no_pods";

impl Fixes for ServiceSelector {
    fn catalog() -> Catalog {
        let plugin = PluginInfo {
            id: "service-selector",
            name: "Service selectors",
            version: env!("CARGO_PKG_VERSION"),
            description: "Finds services that select no pod of the workload they are linked to.",
        };
        Catalog {
            plugin: plugin.into(),
            findings: vec![FindingKind {
                code: NO_PODS.to_owned(),
                title: "Service without pods".to_owned(),
                severity: Severity::Error,
                description: "The service's selector matches no pod of a linked workload.".to_owned(),
            }],
            wants: vec![Want::Rendered, Want::Live, Want::Neighbours],
        }
    }

    fn diagnose(request: &DiagnoseRequest) -> Result<Diagnosis, Failure> {
        Ok(Diagnosis { findings: diagnose::findings(&request.facts), wants: Vec::new() })
    }

    fn template(request: &TemplateRequest) -> Result<Template, Failure> {
        known(&request.finding.code)?;
        mend::template(&request.facts)
    }

    fn apply(request: &ApplyRequest) -> Result<Proposal, Failure> {
        known(&request.finding.code)?;
        mend::apply(&request.facts, &request.values)
    }
}

fn known(code: &str) -> Result<(), Failure> {
    if code == NO_PODS { Ok(()) } else { Err(unknown_finding(code)) }
}

export_plugin!(fix: ServiceSelector);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kubeorch_plugin_sdk::testing;

    #[test]
    fn cases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        match testing::fixes::<super::ServiceSelector>(&folder) {
            Ok(count) => assert!(count > 0),
            Err(differences) => panic!("{differences}"),
        }
    }
}
