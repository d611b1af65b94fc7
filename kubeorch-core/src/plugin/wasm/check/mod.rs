//! Whether a component is a good plugin, told to its author before any user meets it.
//!
//! [`Host::check`] looks at the bytes, the manifest and the catalogue, then asks every function what users, and those who mean
//! harm, may ask. It runs the component in the real sandbox at the limits of the host it is given; whatever the
//! component does, the answer is a [`Report`].
//!
//! Boundary: what a plugin must hold to is decided where answers are read; here it is only asked for.

mod catalog;
mod conduct;
mod outline;
mod report;
mod requests;
mod schema;

use std::sync::Arc;

pub use self::report::{Finding, Peak, Report, Severity};
use super::Host;

impl Host {
    /// Checks a component. `name` is what findings call it while its own id is unknown, a file name for instance.
    ///
    /// Makes some fifty calls for each node type: well below a second for a usual plugin.
    pub async fn check(&self, name: &str, bytes: impl Into<Arc<[u8]>>) -> Report {
        let bytes = bytes.into();
        let mut report = Report::new(name, &bytes);
        let manifest = outline::check(&bytes, &mut report);
        let plugin = match self.load(name, bytes).await {
            Ok(plugin) => plugin,
            Err(error) => {
                report.refused(&error);
                return report;
            }
        };
        report.loaded(&plugin);
        if let Some(manifest) = &manifest {
            outline::compare(manifest, &plugin, &mut report);
        }
        catalog::check(&plugin, &mut report);
        conduct::check(&plugin, &mut report).await;
        report
    }
}
