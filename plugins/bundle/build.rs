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
    process::Command,
};

/// The plugins that come with KubeOrch: their folders beside this one. Their crates are `kubeorch-plugin-<folder>`.
const PLUGINS: &[&str] = &["kubernetes"];

const TARGET: &str = "wasm32-unknown-unknown";

/// What the outer Cargo sets for the outer build.
const CLEARED: &[&str] = &[
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "RUSTC",
    "RUSTDOC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_LINKER",
    "TARGET",
    "HOST",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "OUT_DIR",
    "NUM_JOBS",
    "LLVM_PROFILE_FILE",
    "CARGO_MAKEFLAGS",
    "MAKEFLAGS",
];
const CLEARED_PREFIXES: &[&str] = &[
    "CARGO_BUILD_",
    "CARGO_TARGET_",
    "CARGO_PROFILE_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
];

fn main() -> Result<(), Box<dyn Error>> {
    let bundle = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = bundle.join("../..").canonicalize()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    for path in ["plugins", "sdk", "Cargo.toml", "Cargo.lock"] {
        rerun_if_changed(&root.join(path))?;
    }
    let rustc = variable("RUSTC")?;
    require_target(&rustc)?;

    let target_dir = target_dir(&out)?.join("plugins");
    let flags = rust_flags(&rustc, &root)?;
    let mut cargo = Command::new(variable("CARGO")?);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if CLEARED.contains(&&*text) || CLEARED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(&name);
        }
    }
    cargo.current_dir(&root).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    cargo
        .args(["build", "--locked", "--profile", "plugin", "--target", TARGET, "--target-dir"])
        .arg(&target_dir);
    for plugin in PLUGINS {
        cargo.args(["--package", &format!("kubeorch-plugin-{plugin}")]);
    }
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!("building the plugins {} failed: {status}", PLUGINS.join(", ")).into());
    }
    collect(&target_dir.join(TARGET).join("plugin"), &out)
}

/// Copies the components into `OUT_DIR` and writes the table of them. Copied, so that another outer build in the same
/// folder cannot change the bytes while they are being read.
fn collect(built: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = "&[\n".to_owned();
    for plugin in PLUGINS {
        let file = format!("{plugin}.wasm");
        fs::copy(built.join(format!("kubeorch_plugin_{plugin}.wasm")), out.join(&file))?;
        let bytes = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))");
        writeln!(table, "    Plugin {{ name: {plugin:?}, component: {bytes} }},")?;
    }
    table += "]\n";
    Ok(fs::write(out.join("plugins.rs"), table)?)
}

/// Stops with the command to run when the target is missing. Installing is the user's decision.
fn require_target(rustc: &str) -> Result<(), Box<dyn Error>> {
    let libraries = print(rustc, &["--print", "target-libdir", "--target", TARGET])?;
    if Path::new(&libraries).is_dir() {
        return Ok(());
    }
    Err(format!("the plugins need the Rust target {TARGET}; add it with: rustup target add {TARGET}").into())
}

/// The linker turns the module into a component; the remaps keep this machine's paths out of the bytes.
fn rust_flags(rustc: &str, root: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let cargo_home =
        env::var("CARGO_HOME").map(PathBuf::from).or_else(|_| Ok::<_, env::VarError>(home()?.join(".cargo")));
    let sysroot = print(rustc, &["--print", "sysroot"])?;
    let version = print(rustc, &["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec!["-Clinker=wasm-component-ld".to_owned(), remap(root, "/src")];
    if let Ok(cargo_home) = cargo_home {
        flags.push(remap(&cargo_home, "/cargo"));
    }
    flags.push(remap(&Path::new(&sysroot).join("lib/rustlib/src/rust"), &format!("/rustc/{commit}")));
    Ok(flags)
}

fn home() -> Result<PathBuf, env::VarError> {
    env::var("HOME").or_else(|_| env::var("USERPROFILE")).map(PathBuf::from)
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

fn print(rustc: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(rustc).args(arguments).output()?;
    if !output.status.success() {
        return Err(
            format!("{rustc} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into()
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
