//! Builds every plugin as a WebAssembly component, with a Cargo of its own.
//!
//! The nested Cargo has its own target folder (the outer one is locked while this runs), one profile whatever the outer
//! one is, and an environment without the outer build's settings, which are meant for the host's machine.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use kubeorch_plugin_pack::toolchain::{self, Compiler, TARGET};

/// The plugins that come with KubeOrch: their folders beside this one, and their worlds. Their crates are
/// `kubeorch-plugin-<folder>`.
const PLUGINS: &[(&str, &str)] = &[
    ("kubernetes", "node-types"),
    ("crd-catalog", "node-types"),
    ("json", "step"),
    ("procfile", "import-analyzer"),
    ("service-selector", "fix-template"),
];

/// Bytes of stack, in place of the default of authors: data of a node has at most 64 levels, and these read 124.
const STACK: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let bundle = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = bundle.join("../..").canonicalize()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    for path in ["plugins", "sdk", "Cargo.toml", "Cargo.lock"] {
        rerun_if_changed(&root.join(path))?;
    }
    let compiler = Compiler::new(variable("RUSTC")?);
    compiler.require_target()?;

    let target_dir = target_dir(&out)?.join("plugins");
    let mut flags = compiler.flags(&[(root.clone(), "/src".to_owned())])?;
    flags.push(format!("-Clink-arg=-zstack-size={STACK}"));
    // One by one: Cargo joins the features of what it builds together, and each plugin wants its own world's alone.
    for (plugin, _) in PLUGINS {
        build(plugin, &root, &target_dir, &flags)?;
    }
    collect(&target_dir.join(TARGET).join("plugin"), &out)
}

fn build(plugin: &str, root: &Path, target_dir: &Path, flags: &[String]) -> Result<(), Box<dyn Error>> {
    let mut cargo = toolchain::cargo(Path::new(&variable("CARGO")?), flags);
    cargo.current_dir(root);
    cargo
        .args(["build", "--locked", "--profile", "plugin", "--target", TARGET, "--target-dir"])
        .arg(target_dir)
        .args(["--package", &format!("kubeorch-plugin-{plugin}")]);
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!("building the plugin {plugin} failed: {status}").into());
    }
    Ok(())
}

/// Copies the components into `OUT_DIR` and writes the table of them. Copied, so that another outer build in the same
/// folder cannot change the bytes while they are being read.
fn collect(built: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = "&[\n".to_owned();
    for (plugin, world) in PLUGINS {
        let file = format!("{plugin}.wasm");
        fs::copy(built.join(format!("kubeorch_plugin_{}.wasm", plugin.replace('-', "_"))), out.join(&file))?;
        let bytes = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))");
        writeln!(table, "    Plugin {{ name: {plugin:?}, world: {world:?}, component: {bytes} }},")?;
    }
    table += "]\n";
    Ok(fs::write(out.join("plugins.rs"), table)?)
}

/// The outer target folder: `OUT_DIR` is `<target>/[<triple>/]<profile>/build/<package>/out`. Whatever the outer profile
/// or triple, all of them share one folder of plugins.
fn target_dir(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let profile = out.ancestors().nth(3).ok_or("OUT_DIR is not below a target folder")?;
    let parent = profile.parent().ok_or("OUT_DIR is not below a target folder")?;
    let triple = variable("TARGET")?;
    let cross = parent.file_name().is_some_and(|name| name == triple.as_str());
    Ok(if cross { parent.parent().unwrap_or(parent) } else { parent }.to_owned())
}

/// Files, not folders: Cargo looks into a folder as deep as it goes, and a test or a golden that changes does not change
/// the component. A file that is new is named by one that changed.
fn rerun_if_changed(path: &Path) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        #[allow(clippy::print_stdout, reason = "how a build script talks to Cargo")]
        {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() != "tests" {
            rerun_if_changed(&entry.path())?;
        }
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}
