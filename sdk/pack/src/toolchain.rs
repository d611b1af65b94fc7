//! How a plugin is compiled: target, flags, and an environment that belongs to nobody else's build.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// The bare target: no WASI, so there is nothing that a plugin could import by accident.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Bytes of a plugin's own stack, which lies at the beginning of its memory. The compiler's default is 1 MiB, most of it
/// never touched and all of it in the way: a host that clears a small memory in place is quicker than one that has the
/// system take pages back. Reading and writing JSON of 124 levels takes less than half of this.
pub const STACK: usize = 128 * 1024;

/// What an outer Cargo, or a user, sets for builds of this machine's own programs.
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

/// Why the compiler cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program could not be started.
    #[error("{program} cannot be started: {source}")]
    Missing {
        /// Which one.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The compiler does not answer a question about itself.
    #[error("{question} failed: {answer}")]
    Silent {
        /// The command.
        question: String,
        /// What it wrote instead.
        answer: String,
    },
    /// The standard library for plugins is not installed.
    #[error("the Rust target {TARGET} is not installed; add it with: rustup target add {TARGET}")]
    Target,
}

/// The compiler that Cargo calls.
#[derive(Debug, Clone)]
pub struct Compiler(OsString);

impl Compiler {
    /// A compiler by its path or name.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self(program.into())
    }

    /// Whether plugins can be compiled. Installing the target is the user's decision, so this only names the command.
    pub fn require_target(&self) -> Result<(), Error> {
        let libraries = self.print(&["--print", "target-libdir", "--target", TARGET])?;
        if Path::new(&libraries).is_dir() { Ok(()) } else { Err(Error::Target) }
    }

    /// Flags of the compiler: the linker makes a component of the module and gives it a stack of [`STACK`], the remaps keep
    /// this machine's paths out of the bytes. `sources` are folders of code and the names that stand in their place.
    pub fn flags(&self, sources: &[(PathBuf, String)]) -> Result<Vec<String>, Error> {
        let sysroot = self.print(&["--print", "sysroot"])?;
        let version = self.print(&["--version", "--verbose"])?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
        let stack = format!("-Clink-arg=-zstack-size={STACK}");
        let mut flags = vec!["-Clinker=wasm-component-ld".to_owned(), stack];
        flags.extend(sources.iter().map(|(from, to)| remap(from, to)));
        flags.extend(cargo_home().map(|home| remap(&home, "/cargo")));
        flags.push(remap(&Path::new(&sysroot).join("lib/rustlib/src/rust"), &format!("/rustc/{commit}")));
        Ok(flags)
    }

    fn print(&self, arguments: &[&str]) -> Result<String, Error> {
        let program = self.0.to_string_lossy().into_owned();
        let output = Command::new(&self.0)
            .args(arguments)
            .output()
            .map_err(|source| Error::Missing { program: program.clone(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Error::Silent {
            question: format!("{program} {}", arguments.join(" ")),
            answer: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// A Cargo that knows nothing of the build it may be called from, and gives the compiler these flags.
pub fn cargo(program: &Path, flags: &[String]) -> Command {
    let mut cargo = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if CLEARED.contains(&&*text) || CLEARED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(&name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    cargo
}

fn cargo_home() -> Option<PathBuf> {
    let home = || env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| home().map(|home| home.join(".cargo")))
}
