//! The functions that plugins export, as types of this host.

use wasmtime::component::{Component, ComponentExportIndex, ComponentType, Lift, types::ComponentItem};

use super::answer::excerpt;
use crate::plugin::World;

/// `func(..) -> result<list<u8>, failure>`.
pub(super) type Answered = (Result<Vec<u8>, Failure>,);

/// A function that a plugin exports. The functions of a world stand together, the one that describes it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Export {
    ListTypes,
    Facts,
    Validate,
    Render,
    Status,
    ListSteps,
    Run,
    DescribeAnalyzer,
    Detect,
    Analyze,
    DescribeFixes,
    Diagnose,
    Template,
    Apply,
}

/// What a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Describe,
    /// The request's bytes.
    Request,
    /// A borrowed source tree and the request's bytes.
    Tree,
}

impl Export {
    /// The functions of a world.
    pub(super) fn of(world: World) -> &'static [Self] {
        match world {
            World::NodeTypes => &[Self::ListTypes, Self::Facts, Self::Validate, Self::Render, Self::Status],
            World::Step => &[Self::ListSteps, Self::Run],
            World::ImportAnalyzer => &[Self::DescribeAnalyzer, Self::Detect, Self::Analyze],
            World::FixTemplate => &[Self::DescribeFixes, Self::Diagnose, Self::Template, Self::Apply],
        }
    }

    /// The function that describes a plugin of a world.
    pub(super) fn describe(world: World) -> Self {
        match world {
            World::NodeTypes => Self::ListTypes,
            World::Step => Self::ListSteps,
            World::ImportAnalyzer => Self::DescribeAnalyzer,
            World::FixTemplate => Self::DescribeFixes,
        }
    }

    /// Its name in the interface.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ListTypes => "list-types",
            Self::Facts => "facts",
            Self::Validate => "validate",
            Self::Render => "render",
            Self::Status => "status",
            Self::ListSteps => "list-steps",
            Self::Run => "run",
            Self::DescribeAnalyzer | Self::DescribeFixes => "describe",
            Self::Detect => "detect",
            Self::Analyze => "analyze",
            Self::Diagnose => "diagnose",
            Self::Template => "template",
            Self::Apply => "apply",
        }
    }

    pub(super) fn shape(self) -> Shape {
        match self {
            Self::ListTypes | Self::ListSteps | Self::DescribeAnalyzer | Self::DescribeFixes => {
                Shape::Describe
            }
            Self::Detect | Self::Analyze => Shape::Tree,
            _ => Shape::Request,
        }
    }

    /// Its place in [`Self::of`] its world.
    pub(super) fn place(self) -> usize {
        let first = match self {
            Self::ListTypes | Self::Facts | Self::Validate | Self::Render | Self::Status => Self::ListTypes,
            Self::ListSteps | Self::Run => Self::ListSteps,
            Self::DescribeAnalyzer | Self::Detect | Self::Analyze => Self::DescribeAnalyzer,
            Self::DescribeFixes | Self::Diagnose | Self::Template | Self::Apply => Self::DescribeFixes,
        };
        self as usize - first as usize
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

/// Where a component keeps its functions, found once at load; in the order of [`Export::of`] its world.
pub(super) struct Exports {
    world: World,
    found: Vec<ComponentExportIndex>,
}

impl Exports {
    /// Finds all of them and the world that they make, or says what the component exports instead.
    pub(super) fn find(component: &Component) -> Result<Self, String> {
        let worlds: Vec<World> = World::ALL
            .into_iter()
            .filter(|world| component.get_export(None, world.interface()).is_some())
            .collect();
        match worlds.as_slice() {
            [] => Err(missing_interface(component)),
            [world] => Self::of(component, *world),
            several => {
                let names: Vec<&str> = several.iter().map(|world| world.interface()).collect();
                Err(format!("it exports {}, and a plugin is of one world", names.join(" and ")))
            }
        }
    }

    fn of(component: &Component, world: World) -> Result<Self, String> {
        let interface = component.get_export(None, world.interface()).map(|(_, index)| index);
        let mut found = Vec::with_capacity(Export::of(world).len());
        let mut missing = Vec::new();
        for export in Export::of(world) {
            match component.get_export_index(interface.as_ref(), export.name()) {
                Some(index) => found.push(index),
                None => missing.push(export.name()),
            }
        }
        if missing.is_empty() {
            Ok(Self { world, found })
        } else {
            Err(format!("its {} lacks {}", world.interface(), missing.join(", ")))
        }
    }

    pub(super) fn world(&self) -> World {
        self.world
    }

    /// `None` for a function of another world.
    pub(super) fn index(&self, export: Export) -> Option<&ComponentExportIndex> {
        self.found.get(export.place()).filter(|_| Export::of(self.world).contains(&export))
    }
}

fn missing_interface(component: &Component) -> String {
    let exported = component.component_type();
    let instances: Vec<&str> = exported
        .exports(component.engine())
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentInstance(_)))
        .map(|(name, _)| name)
        .collect();
    let shown = instances.iter().take(5).map(|name| excerpt(name)).collect::<Vec<_>>().join(", ");
    // Of a plugin for another release only the interface of its own world is worth naming.
    let near = World::ALL.into_iter().find(|world| {
        instances
            .iter()
            .any(|name| name.strip_prefix(world.package()).is_some_and(|rest| rest.starts_with('/')))
    });
    let runs = near
        .map_or_else(|| World::ALL.map(World::interface).join(", "), |world| world.interface().to_owned());
    if shown.is_empty() {
        format!("it exports none of {runs}")
    } else {
        format!("it exports {shown}, this host runs {runs}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_export_has_its_place_in_its_world() {
        for world in World::ALL {
            assert_eq!(Export::of(world).first(), Some(&Export::describe(world)));
            for (place, export) in Export::of(world).iter().enumerate() {
                assert_eq!(export.place(), place, "{export:?}");
            }
        }
    }
}
