//! The configuration, checked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use kubeorch_core::plugins;
use kubeorch_core::retention::Policy;
use kubeorch_core::secret::Secret;
use kubeorch_core::store::redb;

use super::layers::{Layers, Value};
use crate::cli::args::{Durability, LogFormat};
use crate::cli::failure::Failure;

/// The longest time that a stop may wait for requests, in seconds.
const MAX_DRAIN: u64 = 600;

/// The longest time after its end in which a token may be refreshed.
const MAX_REFRESH_DAYS: u64 = 365;

/// What `serve` needs to know.
pub(crate) struct Settings {
    /// Where to listen; port 0 lets the system choose.
    pub(crate) listen: SocketAddr,
    /// Where the store and the key file are.
    pub(crate) data_dir: PathBuf,
    /// A simulated cluster for every user.
    pub(crate) simulator: bool,
    /// Development rules.
    pub(crate) dev: bool,
    /// Whether deployed workflows are watched for drift.
    pub(crate) drift: bool,
    /// Filter directives for the log.
    pub(crate) log_level: String,
    /// Form of log lines.
    pub(crate) log_format: LogFormat,
    /// What credentials are sealed with.
    pub(crate) encryption_key: EncryptionKey,
    /// Origins of browsers that may call.
    pub(crate) cors_allowed_origins: Vec<String>,
    /// Requests per second and caller; 0 turns the limit off.
    pub(crate) rate_limit_rps: u32,
    /// Requests that a caller may make at once.
    pub(crate) rate_limit_burst: u32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
    /// Rules about accounts.
    pub(crate) users: kubeorch_core::users::Options,
    /// How long a stop waits for requests to end.
    pub(crate) drain: Duration,
    /// How the store is opened.
    pub(crate) store: redb::Options,
    /// How much is kept.
    pub(crate) retention: Policy,
    /// Whose plugins may be installed.
    pub(crate) plugins: plugins::Policy,
}

/// Where the encryption key comes from.
pub(crate) enum EncryptionKey {
    /// It was given.
    Given(Secret),
    /// From the file `key` in the data directory, made at the first start.
    File,
}

impl Settings {
    /// Checks every value; all problems are in the one failure.
    pub(crate) fn new(layers: &Layers) -> Result<Self, Failure> {
        let mut check = Check { layers, problems: layers.problems.clone() };
        let settings = Self {
            listen: check.listen(),
            data_dir: check.data_dir(),
            simulator: check.flag("simulator"),
            dev: check.flag("dev"),
            drift: check.flag("drift"),
            log_level: check.log_level(),
            log_format: check.log_format(),
            encryption_key: check.encryption_key(),
            cors_allowed_origins: check.origins(),
            rate_limit_rps: check.number("rate_limit_rps", 0, u64::from(u32::MAX)),
            rate_limit_burst: check.number("rate_limit_burst", 1, u64::from(u32::MAX)),
            trusted_proxies: check.proxies(),
            users: check.users(),
            drain: Duration::from_secs(check.number("drain_seconds", 0, MAX_DRAIN)),
            store: check.store(),
            retention: check.retention(),
            plugins: check.plugins(),
        };
        if check.problems.is_empty() {
            return Ok(settings);
        }
        let failure = Failure::usage(format!("the configuration is wrong: {}", check.problems.join("; ")));
        Err(failure.hint("`kubeorch serve --print-config` shows every key and where its value comes from."))
    }
}

/// Collects problems; a value with a problem gets any value, nobody uses it.
struct Check<'a> {
    layers: &'a Layers,
    problems: Vec<String>,
}

impl Check<'_> {
    fn text(&self, name: &str) -> Option<(String, String)> {
        match self.layers.get(name) {
            Some((Value::Text(text), source)) if !text.is_empty() => Some((text.clone(), source.to_owned())),
            _ => None,
        }
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.layers.get(name), Some((Value::Bool(true), _)))
    }

    /// `most` fits into the type.
    fn number<T: TryFrom<u64> + Default>(&mut self, name: &str, least: u64, most: u64) -> T {
        let value = match self.layers.get(name) {
            Some((Value::Number(value), _)) if (least..=most).contains(value) => *value,
            Some((_, source)) => {
                self.problems.push(format!("{name} must be between {least} and {most} (from {source})"));
                least
            }
            None => least,
        };
        T::try_from(value).unwrap_or_default()
    }

    fn size(&self, name: &str) -> u64 {
        match self.layers.get(name) {
            Some((Value::Size(bytes), _)) => *bytes,
            _ => 0,
        }
    }

    fn store(&mut self) -> redb::Options {
        let (text, source) = self.text("store.durability").unwrap_or_default();
        let known = [Durability::Safe, Durability::Fast].into_iter().find(|it| durability_word(*it) == text);
        let durability = known.unwrap_or_else(|| {
            self.problems.push(format!("store.durability must be safe or fast (from {source})"));
            Durability::Safe
        });
        redb::Options {
            durability: match durability {
                Durability::Safe => redb::Durability::Safe,
                Durability::Fast => redb::Durability::Fast,
            },
            reserve_bytes: self.size("store.reserve"),
            ..redb::Options::default()
        }
    }

    fn retention(&mut self) -> Policy {
        let mut days = |name: &str| self.number(name, 0, Policy::MAX_DAYS);
        let (version_days, run_days) = (days("retention.version_days"), days("retention.run_days"));
        let (log_days, event_days) = (days("retention.log_days"), days("retention.event_days"));
        Policy {
            deleted_days: days("retention.deleted_days"),
            versions: self.number("retention.versions", 0, u64::MAX),
            runs: self.number("retention.runs", 0, u64::MAX),
            log_bytes: self.size("retention.log_bytes"),
            events: self.number("retention.events", 0, u64::MAX),
            event_bytes: self.size("retention.event_bytes"),
            version_days,
            run_days,
            log_days,
            event_days,
        }
    }

    /// `port` alone changes the port of the default address.
    fn listen(&mut self) -> SocketAddr {
        let fallback = SocketAddr::from(([127, 0, 0, 1], 0));
        let Some((text, source)) = self.text("listen") else { return fallback };
        let Ok(mut address) = address(&text) else {
            self.problems
                .push(format!("listen must be an address and a port, like 127.0.0.1:3000 (from {source})"));
            return fallback;
        };
        if self.layers.get("port").is_some() && source == "default" {
            address.set_port(self.number("port", 0, u64::from(u16::MAX)));
        }
        address
    }

    fn data_dir(&mut self) -> PathBuf {
        let given = self.text("data_dir").map(|(text, _)| PathBuf::from(text));
        given.or_else(default_data_dir).unwrap_or_else(|| {
            self.problems
                .push("data_dir is not set, and there is no home directory to put it into".to_owned());
            PathBuf::new()
        })
    }

    fn log_level(&mut self) -> String {
        let (text, source) = self.text("log_level").unwrap_or_default();
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&text) {
            self.problems.push(format!("log_level: {error} (from {source})"));
        }
        text
    }

    fn log_format(&mut self) -> LogFormat {
        let (text, source) = self.text("log_format").unwrap_or_default();
        let known = [LogFormat::Text, LogFormat::Json].into_iter().find(|format| word(*format) == text);
        known.unwrap_or_else(|| {
            self.problems.push(format!("log_format must be text or json (from {source})"));
            LogFormat::Text
        })
    }

    fn encryption_key(&mut self) -> EncryptionKey {
        const LEAST: usize = 16;
        let Some((text, source)) = self.text("encryption_key") else { return EncryptionKey::File };
        if text.len() < LEAST {
            self.problems
                .push(format!("encryption_key must have at least {LEAST} characters (from {source})"));
        }
        EncryptionKey::Given(Secret::new(text))
    }

    fn list(&self, name: &str) -> (Vec<String>, String) {
        match self.layers.get(name) {
            Some((Value::List(items), source)) => (items.clone(), source.to_owned()),
            _ => Default::default(),
        }
    }

    fn proxies(&mut self) -> Vec<ipnet::IpNet> {
        let (proxies, source) = self.list("trusted_proxies");
        let parsed = proxies.iter().filter_map(|text| {
            let single = text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
            let network = text.parse().or(single);
            if network.is_err() {
                let problem =
                    format!("trusted_proxies: `{text}` is not an address or network (from {source})");
                self.problems.push(problem);
            }
            network.ok()
        });
        parsed.collect()
    }

    fn plugins(&mut self) -> plugins::Policy {
        let (texts, source) = self.list("plugins.trusted_keys");
        let keys = texts.iter().filter_map(|text| {
            let key = plugins::Key::parse(text);
            if let Err(error) = &key {
                self.problems.push(format!("plugins.trusted_keys: `{text}`: {error} (from {source})"));
            }
            key.ok()
        });
        let keys = keys.collect();
        plugins::Policy {
            trust: plugins::Trust { keys, allow_unsigned: self.flag("plugins.allow_unsigned") },
            directory: self.text("plugins.directory").map(|(text, _)| text.into()),
            ..plugins::Policy::default()
        }
    }

    fn users(&mut self) -> kubeorch_core::users::Options {
        let builtin = self.flag("auth.builtin.enabled");
        if !builtin {
            // Contract 1.16: other providers are not there, so nobody could ever sign in.
            self.problems
                .push("auth.builtin.enabled is false, and there is no other way to sign in".to_owned());
        }
        kubeorch_core::users::Options {
            builtin,
            signup: self.flag("auth.builtin.signup_enabled"),
            allowed_domains: self.list("auth.builtin.allowed_domains").0,
            refresh_days: self.number("token_refresh_max_age_days", 0, MAX_REFRESH_DAYS),
        }
    }

    fn origins(&mut self) -> Vec<String> {
        let (origins, source) = self.list("cors_allowed_origins");
        for origin in &origins {
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            if origin != "*" && host.is_none_or(|host| host.is_empty() || host.contains('/')) {
                self.problems.push(format!(
                    "cors_allowed_origins: `{origin}` is not an origin like https://ui.example.com (from {source})"
                ));
            }
        }
        origins
    }
}

/// An address to listen on; a port alone, `:3000`, means this machine only.
pub(crate) fn address(text: &str) -> Result<SocketAddr, std::net::AddrParseError> {
    match text.strip_prefix(':').or_else(|| text.strip_prefix("localhost:")) {
        Some(port) => format!("127.0.0.1:{port}").parse(),
        None => text.parse(),
    }
}

/// The word for a log format in a file or the environment.
pub(super) fn word(format: LogFormat) -> &'static str {
    match format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    }
}

/// The word for a durability in a file or the environment.
pub(super) fn durability_word(durability: Durability) -> &'static str {
    match durability {
        Durability::Safe => "safe",
        Durability::Fast => "fast",
    }
}

/// `$XDG_DATA_HOME/kubeorch`, else `~/.local/share/kubeorch` (XDG Base Directory Specification: relative
/// values of the variable are ignored).
pub(crate) fn default_data_dir() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let data = xdg.or_else(|| std::env::home_dir().map(|home| home.join(".local").join("share")))?;
    Some(data.join("kubeorch"))
}
