//! What can be told without running anything: size, paths of the author's machine, the manifest.

use super::Report;
use crate::plugin::Manifest;
use crate::plugin::wasm::Plugin;

/// Bytes that a component should not pass: compiling it is part of every start.
const LARGE: usize = 2 << 20;

/// How paths of home folders begin. A component that holds one is another on every machine, and tells who built it.
const HOMES: &[&[u8]] = &[b"/home/", b"/Users/", b"C:\\Users\\", b"/root/."];

/// Looks at the bytes, and reads the manifest.
pub(super) fn check(bytes: &[u8], report: &mut Report) -> Option<Manifest> {
    let file = report.file.clone();
    if bytes.len() > LARGE {
        let message = format!("{} KiB, which is compiled at every start", bytes.len() / 1024);
        report.warning(
            "component.large",
            &file,
            message,
            "build with --release; leave out what is not needed",
        );
    }
    if let Some(home) = HOMES.iter().find(|home| bytes.windows(home.len()).any(|window| window == **home)) {
        let message = format!("it holds a path under {}", String::from_utf8_lossy(home));
        report.warning("component.path", &file, message, "build it with `kubeorch plugin build`");
    }
    match Manifest::of(bytes) {
        Ok(Some(manifest)) => Some(manifest),
        Ok(None) => {
            let fix = "build it with `kubeorch plugin build`, which embeds plugin.toml";
            report.warning("manifest.missing", file, "it does not say who it is and what it may use", fix);
            None
        }
        Err(findings) => {
            for finding in findings {
                let subject = format!("manifest {}", finding.field);
                let fix = if finding.hint.is_empty() { "correct plugin.toml" } else { &finding.hint };
                report.error(&finding.code, subject.trim_end(), &finding.message, fix);
            }
            None
        }
    }
}

/// The manifest and what the plugin says of itself must be one.
pub(super) fn compare(manifest: &Manifest, plugin: &Plugin, report: &mut Report) {
    let info = plugin.info();
    for (member, manifest, catalog) in
        [("id", &manifest.id, &info.id), ("version", &manifest.version, &info.version)]
    {
        if manifest != catalog {
            let message = format!("{manifest:?}, and list-types answers {catalog:?}");
            let fix = "take both from one place, for instance env!(\"CARGO_PKG_VERSION\")";
            report.error("manifest.mismatch", format!("manifest {member}"), message, fix);
        }
    }
    let imports = report.imports.clone();
    // Effects are asked for in answers, not imported.
    for capability in manifest.capabilities.iter().filter(|name| !name.starts_with("effect:")) {
        let interface = if capability == "tree" { "/source@" } else { "/log@" };
        if !imports.iter().any(|import| import.contains(interface)) {
            let message = format!("asks for {capability}, and the component imports nothing of the kind");
            report.warning("manifest.unused", "manifest capabilities", message, "leave it out");
        }
    }
}
