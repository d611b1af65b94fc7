//! The functions of the interface `node-types`, as types of this host.

use wasmtime::component::{Component, ComponentExportIndex, ComponentType, Lift, types::ComponentItem};

use super::answer::excerpt;

/// The instance that a plugin exports; its patch releases are found by this name too.
pub(super) const INTERFACE: &str = "kubeorch:node-types/node-types@0.1.0";

/// `func() -> result<list<u8>, failure>` and `func(list<u8>) -> ..`.
pub(super) type Answered = (Result<Vec<u8>, Failure>,);

/// A function that a plugin exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Export {
    ListTypes,
    Facts,
    Validate,
    Render,
    Status,
}

impl Export {
    pub(super) const ALL: [Self; 5] =
        [Self::ListTypes, Self::Facts, Self::Validate, Self::Render, Self::Status];

    /// Its name in the interface.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ListTypes => "list-types",
            Self::Facts => "facts",
            Self::Validate => "validate",
            Self::Render => "render",
            Self::Status => "status",
        }
    }
}

/// Why a plugin refused a call as a whole.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn reason(&self) -> String {
        format!("{}: {}", excerpt(&self.code), excerpt(&self.message))
    }
}

/// Where a component keeps its functions, found once at load; in the order of [`Export::ALL`].
pub(super) struct Exports(Vec<ComponentExportIndex>);

impl Exports {
    /// Finds all of them, or says what the component exports instead.
    pub(super) fn find(component: &Component) -> Result<Self, String> {
        let Some((_, interface)) = component.get_export(None, INTERFACE) else {
            return Err(missing_interface(component));
        };
        let mut found = Vec::with_capacity(Export::ALL.len());
        let mut missing = Vec::new();
        for export in Export::ALL {
            match component.get_export_index(Some(&interface), export.name()) {
                Some(index) => found.push(index),
                None => missing.push(export.name()),
            }
        }
        if missing.is_empty() {
            Ok(Self(found))
        } else {
            Err(format!("its {INTERFACE} lacks {}", missing.join(", ")))
        }
    }

    pub(super) fn index(&self, export: Export) -> &ComponentExportIndex {
        &self.0[export as usize]
    }
}

fn missing_interface(component: &Component) -> String {
    let engine = component.engine();
    let others: Vec<String> = component
        .component_type()
        .exports(engine)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentInstance(_)))
        .take(5)
        .map(|(name, _)| excerpt(name))
        .collect();
    match others.as_slice() {
        [] => format!("it exports no {INTERFACE}"),
        others => format!("it exports {}, this host runs {INTERFACE}", others.join(", ")),
    }
}
