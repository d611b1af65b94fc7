//! A PostgreSQL of its own: a cluster in a temporary folder, on a Unix socket, with Debian's defaults, stopped
//! and removed at the end.
//!
//! One connection a caller, one prepared statement a commit. A statement is its own transaction, so a commit
//! costs one round trip; PostgreSQL shares flushes among its backends by itself.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kubeorch_benches::load::Target;
use kubeorch_benches::measure::Failure;
use kubeorch_core::store::Batch;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls, Statement};

/// What the store keeps, as tables: records by key, events by number and by place in their stream.
const SCHEMA: &str = "
    CREATE TABLE bench (key bytea PRIMARY KEY, value bytea NOT NULL);
    CREATE TABLE events (
        seq bigserial PRIMARY KEY, stream_seq bigint NOT NULL, at bigint NOT NULL,
        stream text NOT NULL, kind text NOT NULL, payload bytea NOT NULL
    );
    CREATE UNIQUE INDEX streams ON events (stream, stream_seq);
";
const COMMIT: &str = "
    WITH record AS (
        INSERT INTO bench (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
    )
    INSERT INTO events (stream_seq, at, stream, kind, payload)
    SELECT coalesce(max(stream_seq), 0) + 1, $3::bigint, $4::text, $5::text, $6::bytea
    FROM events WHERE stream = $4
";
/// Until a fresh cluster answers; it takes about a second.
const START: Duration = Duration::from_secs(20);

/// A running server and its clients.
pub(crate) struct Postgres {
    clients: Vec<(Client, Statement)>,
    // Dropped in this order: clients, server, folder.
    server: Server,
    _folder: TempDir,
}

struct Server {
    process: Child,
    binaries: Binaries,
    data: PathBuf,
}

/// Where the programs are, and whom they run as: the server refuses to be root.
struct Binaries {
    folder: PathBuf,
    user: Option<(u32, u32)>,
}

impl Postgres {
    /// Starts a cluster in `parent` and connects so many clients. `None`: PostgreSQL is not installed.
    pub(crate) fn start(parent: &Path, clients: usize, runtime: &Runtime) -> Result<Option<Self>, Failure> {
        let Some(folder) = installed() else { return Ok(None) };
        let home = tempfile::tempdir_in(parent)?;
        let user = unprivileged(home.path())?;
        let server = Server::start(Binaries { folder, user }, home.path(), clients)?;
        let clients = runtime.block_on(connect(home.path(), clients))?;
        Ok(Some(Self { clients, server, _folder: home }))
    }

    /// As the server tells it.
    pub(crate) fn version(&self) -> Result<String, Failure> {
        let output =
            self.server.binaries.command("postgres").arg("--version").stdout(Stdio::piped()).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

impl Target for Postgres {
    async fn commit(&self, caller: usize, batch: Batch) -> Result<(), Failure> {
        let (client, statement) = self.clients.get(caller).ok_or("more callers than connections")?;
        let ([record], [event]) = (batch.writes.as_slice(), batch.events.as_slice()) else {
            return Err("the statement takes one record and one event".into());
        };
        let at = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let rows = client
            .execute(
                statement,
                &[&record.key, &record.value, &at, &event.stream, &event.kind, &event.payload],
            )
            .await?;
        if rows == 1 { Ok(()) } else { Err(format!("{rows} events written").into()) }
    }
}

/// The folder of `initdb`: of the newest release under Debian's, else the one on the path.
fn installed() -> Option<PathBuf> {
    let release = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        debian.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").exists()).max_by_key(release);
    newest.map(|path| path.join("bin")).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    })
}

/// Whom to run the server as when this program is root: the package's own user, who then owns the folder.
fn unprivileged(home: &Path) -> Result<Option<(u32, u32)>, Failure> {
    // The folder was just made by this process, so it belongs to its user.
    if std::fs::metadata(home)?.uid() != 0 {
        return Ok(None);
    }
    let id = |flag| -> Result<u32, Failure> {
        let output = Command::new("id").args([flag, "postgres"]).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    };
    let (user, group) = (id("-u")?, id("-g")?);
    chown(home, Some(user), Some(group))?;
    Ok(Some((user, group)))
}

impl Binaries {
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Server {
    fn start(binaries: Binaries, home: &Path, clients: usize) -> Result<Self, Failure> {
        let data = home.join("data");
        let mut initdb = binaries.command("initdb");
        initdb.arg("-D").arg(&data).args(["-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale"]);
        let made = initdb.current_dir(home).status()?;
        if !made.success() {
            return Err(format!("initdb: {made}").into());
        }
        let mut postgres = binaries.command("postgres");
        postgres.arg("-D").arg(&data).arg("-k").arg(home);
        // The first two are the defaults, and what the comparison is about.
        for setting in ["fsync=on", "synchronous_commit=on", "listen_addresses="] {
            postgres.args(["-c", setting]);
        }
        postgres.arg("-c").arg(format!("max_connections={}", clients + 10));
        let process = postgres.current_dir(home).spawn()?;
        Ok(Self { process, binaries, data })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.binaries.command("pg_ctl");
        let _ = stop.arg("-D").arg(&self.data).args(["-m", "immediate", "-w", "stop"]).status();
        let _ = self.process.wait();
    }
}

async fn connect(socket: &Path, clients: usize) -> Result<Vec<(Client, Statement)>, Failure> {
    let mut config = Config::new();
    config.host_path(socket).user("bench").dbname("postgres");
    let first = first(&config).await?;
    first.batch_execute(SCHEMA).await?;
    let mut all = Vec::with_capacity(clients);
    for _ in 0..clients {
        let client = client(&config).await?;
        let statement = client.prepare(COMMIT).await?;
        all.push((client, statement));
    }
    Ok(all)
}

/// The first connection, as soon as the server takes it.
async fn first(config: &Config) -> Result<Client, Failure> {
    let begin = Instant::now();
    loop {
        match client(config).await {
            Ok(client) => return Ok(client),
            Err(error) if begin.elapsed() > START => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn client(config: &Config) -> Result<Client, Failure> {
    let (client, connection) = config.connect(NoTls).await?;
    // Ends when its client is dropped; what fails on the way fails the client's call.
    tokio::spawn(connection);
    Ok(client)
}
