//! Cases through the native plugin of a world.

use std::path::Path;

use super::{Case, cases};
use crate::Failure;

type Answer = Result<Vec<u8>, Failure>;

/// Runs every case of a world. Answers how many there were, or every difference at once.
fn run(folder: &Path, world: &str, call: impl Fn(&Case, &str) -> Option<Answer>) -> Result<usize, String> {
    let (mut count, mut differences) = (0, Vec::new());
    for case in cases(folder)? {
        let Some(function) = case.function(world) else { continue };
        count += 1;
        let checked = match call(&case, function) {
            Some(answer) => case.check(&answer),
            None => Err(format!("the world {world} has no function {function}")),
        };
        if let Err(difference) = checked {
            differences.push(format!("{}: {difference}", case.name));
        }
    }
    if differences.is_empty() { Ok(count) } else { Err(differences.join("\n")) }
}

/// The cases `node-types/…` of a folder.
#[cfg(feature = "node-types")]
pub fn node_types<P: crate::NodeTypes>(folder: &Path) -> Result<usize, String> {
    use crate::dispatch::node_types as dispatch;
    run(folder, "node-types", |case, function| {
        Some(match function {
            "list-types" => dispatch::list_types::<P>(),
            "facts" => dispatch::facts::<P>(&case.bytes()),
            "validate" => dispatch::validate::<P>(&case.bytes()),
            "render" => dispatch::render::<P>(&case.bytes()),
            "status" => dispatch::status::<P>(&case.bytes()),
            _ => return None,
        })
    })
}

/// The cases `step/…` of a folder.
#[cfg(feature = "step")]
pub fn steps<P: crate::step::Steps>(folder: &Path) -> Result<usize, String> {
    use crate::dispatch::step as dispatch;
    run(folder, "step", |case, function| {
        Some(match function {
            "list-steps" => dispatch::list_steps::<P>(),
            "run" => dispatch::run::<P>(&case.bytes()),
            _ => return None,
        })
    })
}

/// The cases `import-analyzer/…` of a folder, each over its `tree`.
#[cfg(feature = "import-analyzer")]
pub fn analyzer<P: crate::analyzer::Analyzer>(folder: &Path) -> Result<usize, String> {
    use crate::{analyzer::Tree, dispatch::analyzer as dispatch};
    run(folder, "import-analyzer", |case, function| {
        let files = match case.tree() {
            Ok(files) => files,
            Err(mistake) => return Some(Err(Failure::new("tree.unreadable", mistake))),
        };
        let tree = Tree::new(&files);
        Some(match function {
            "describe" => dispatch::describe::<P>(),
            "detect" => dispatch::detect::<P>(&tree, &case.bytes()),
            "analyze" => dispatch::analyze::<P>(&tree, &case.bytes()),
            _ => return None,
        })
    })
}

/// The cases `fix-template/…` of a folder.
#[cfg(feature = "fix-template")]
pub fn fixes<P: crate::fix::Fixes>(folder: &Path) -> Result<usize, String> {
    use crate::dispatch::fix as dispatch;
    run(folder, "fix-template", |case, function| {
        Some(match function {
            "describe" => dispatch::describe::<P>(),
            "diagnose" => dispatch::diagnose::<P>(&case.bytes()),
            "template" => dispatch::template::<P>(&case.bytes()),
            "apply" => dispatch::apply::<P>(&case.bytes()),
            _ => return None,
        })
    })
}
