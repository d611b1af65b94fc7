//! Flags of the commands about the store's file: `backup`, `restore`, `verify`, `compact`, `export`, `import`.

use std::path::PathBuf;

use clap::Args;

use super::super::output::Format;
use super::super::store::Size;

const BACKUP: &str = "\
Examples:
  kubeorch backup /backups/monday                       everything
  kubeorch backup /backups/tuesday --base /backups/monday
                                                        what changed since
  kubeorch restore /backups/monday /backups/tuesday     both together again

A server that has the store open makes the backup itself and goes on working. The encryption key is in no
backup: keep the file `key` of the data directory, or the key you gave, in another place.";

const RESTORE: &str = "\
Examples:
  kubeorch restore /backups/monday
  kubeorch restore /backups/monday /backups/tuesday /backups/wednesday

A full backup comes first, then its incremental ones in order. Everything is checked before the store is put in place.";

const VERIFY: &str = "\
Examples:
  kubeorch verify                          the store of the data directory
  kubeorch verify /backups/monday          a backup

Exit code 0 says that nothing is wrong, 7 that something is; the answer names it.";

const RETAIN: &str = "\
Examples:
  kubeorch retain                          by the policy of the running server
  kubeorch retain --config kubeorch.toml   without one, by `retention.*` of its file

A server does this by itself every hour. It works on a disk that is nearly full as well; `kubeorch compact` then gives
what became free back to the disk.";

const EXPORT: &str = "\
Examples:
  kubeorch export store.jsonl              everything, as a line of JSON for each row and event
  kubeorch export | gzip > store.jsonl.gz  the same, to stdout
  kubeorch export | grep '\"table\":\"users\"'
                                           the records of one table

A server that has the store open makes the export itself and goes on working. What is sealed stays sealed; hashes of
passwords and all else are there to read, so keep the file as you keep the store.";

const IMPORT: &str = "\
Examples:
  kubeorch import store.jsonl --data-dir /var/lib/kubeorch
  gunzip < store.jsonl.gz | kubeorch import - --data-dir /var/lib/kubeorch

Everything is checked before the store is put in place. Put the old server's file `key` beside it: what is sealed opens
with that key alone.";

/// Where the store is.
#[derive(Args)]
#[allow(clippy::doc_markdown, reason = "help text")]
pub(crate) struct DataDir {
    /// Directory of the store and the encryption key [default: $XDG_DATA_HOME/kubeorch]
    #[arg(long, value_name = "DIR", env = "KUBEORCH_DATA_DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) data_dir: Option<PathBuf>,
}

/// `kubeorch backup`
#[derive(Args)]
#[command(after_help = BACKUP)]
pub(crate) struct Backup {
    /// Folder to make; it must not be there
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub(crate) destination: PathBuf,
    /// Copy only what changed since this backup
    #[arg(long, value_name = "BACKUP", value_hint = clap::ValueHint::DirPath)]
    pub(crate) base: Option<PathBuf>,
    /// Bytes a second at most; 0 is no limit
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) rate: Size,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch restore`
#[derive(Args)]
#[command(after_help = RESTORE)]
pub(crate) struct Restore {
    /// A full backup, then its incremental ones in order
    #[arg(value_name = "BACKUP", required = true, value_hint = clap::ValueHint::DirPath)]
    pub(crate) backups: Vec<PathBuf>,
    /// Replace a store that is there; the old one is kept beside it under another name
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch verify`
#[derive(Args)]
#[command(after_help = VERIFY)]
pub(crate) struct Verify {
    /// A store's file, a data directory or a backup, instead of the store of the data directory
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch compact`
#[derive(Args)]
pub(crate) struct Compact {
    #[command(flatten)]
    pub(crate) place: DataDir,
}

/// `kubeorch retain`
#[derive(Args)]
#[command(after_help = RETAIN)]
pub(crate) struct Retain {
    /// The server's configuration file, for `retention.*`; used where no server has the store open
    #[arg(long, value_name = "FILE", env = "KUBEORCH_CONFIG", value_hint = clap::ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch export`
#[derive(Args)]
#[command(after_help = EXPORT)]
pub(crate) struct Export {
    /// File to make, or `-` for stdout; it must not be there
    #[arg(value_name = "FILE", default_value = "-", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer, when the export goes to a file
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `kubeorch import`
#[derive(Args)]
#[command(after_help = IMPORT)]
pub(crate) struct Import {
    /// An export, or `-` for stdin
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Replace a store that is there; the old one is kept beside it under another name
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) place: DataDir,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}
