//! Which value counts, what is refused, and what is shown.

use std::path::PathBuf;

use clap::Parser;
use kubeorch_core::retention::Policy;
use kubeorch_core::store::redb;

use super::{EncryptionKey, Layers, Settings, encryption_key};
use crate::cli::args::{Cli, Command, Serve};
use crate::cli::exit;

fn serve(flags: &[&str]) -> Serve {
    let args = ["kubeorch", "serve"].iter().chain(flags);
    match Cli::try_parse_from(args).unwrap().command {
        Command::Serve(serve) => serve,
        _ => unreachable!("the first word is serve"),
    }
}

/// Layers from flags, environment (`NAME=value`) and a file.
fn layers(flags: &[&str], environment: &[&str], file: Option<&str>) -> Layers {
    let dir = tempfile::tempdir().unwrap();
    let mut args = serve(flags);
    args.config = file.map(|text| {
        let path = dir.path().join("kubeorch.toml");
        std::fs::write(&path, text).unwrap();
        path
    });
    let pairs = environment.iter().filter_map(|pair| pair.split_once('='));
    Layers::read(&args, pairs.map(|(name, value)| (format!("KUBEORCH_{name}"), value.to_owned()))).unwrap()
}

fn problems(flags: &[&str], environment: &[&str], file: Option<&str>) -> String {
    let failure = Settings::new(&layers(flags, environment, file)).err().expect("a wrong configuration");
    assert_eq!(failure.code, exit::USAGE);
    failure.message
}

#[test]
fn flags_win_over_environment_over_file_over_default() {
    let listen = |flags: &[&str], environment: &[&str], file: Option<&str>| {
        let layers = layers(flags, &[environment, &["DATA_DIR=/d"]].concat(), file);
        Settings::new(&layers).ok().unwrap().listen.to_string()
    };
    let file = Some("listen = '127.0.0.1:3'\n");
    assert_eq!(listen(&["--listen", "127.0.0.1:1"], &["LISTEN=127.0.0.1:2"], file), "127.0.0.1:1");
    assert_eq!(listen(&[], &["LISTEN=127.0.0.1:2"], file), "127.0.0.1:2");
    assert_eq!(listen(&[], &[], file), "127.0.0.1:3");
    assert_eq!(listen(&[], &[], None), "127.0.0.1:3000");
    assert_eq!(listen(&[], &["PORT=8080"], None), "127.0.0.1:8080");
    assert_eq!(listen(&["--listen", "[::1]:1"], &["PORT=8080"], None), "[::1]:1");
    assert_eq!(listen(&["--listen", ":99"], &[], None), "127.0.0.1:99");
}

#[test]
fn every_key_can_be_set_in_the_environment_and_in_the_file() {
    let file = "listen = '0.0.0.0:1'\ndata_dir = '/d'\nsimulator = true\ndev = true\ndrift = false\nlog_level = 'debug'\n\
                log_format = 'json'\nencryption_key = '0123456789abcdef'\ncors_allowed_origins = ['https://a.test']\n\
                rate_limit_rps = 0\nrate_limit_burst = 7\ndrain_seconds = 3\nport = 9\n\
                trusted_proxies = ['10.0.0.0/8']\nauth.builtin.enabled = true\nauth.builtin.signup_enabled = false\n\
                plugins.trusted_keys = ['RWQBAgMEBQYHCAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f']\n\
                plugins.allow_unsigned = true\nplugins.directory = '/p'\n\
                auth.builtin.allowed_domains = ['a.test']\ntoken_refresh_max_age_days = 1\n\
                store.durability = 'fast'\nstore.reserve = '1GiB'\n\
                retention.versions = 1\nretention.version_days = 2\nretention.runs = 3\nretention.run_days = 4\n\
                retention.log_days = 5\nretention.log_bytes = 6\nretention.events = 7\nretention.event_days = 8\n\
                retention.event_bytes = '9KiB'\nretention.deleted_days = 10\n";
    let environment: Vec<String> = file
        .lines()
        .map(|line| {
            let (name, value) = line.split_once(" = ").unwrap();
            format!(
                "{}={}",
                name.to_uppercase().replace('.', "_"),
                value.trim_matches(['[', ']']).trim_matches('\'')
            )
        })
        .collect();
    let environment: Vec<&str> = environment.iter().map(String::as_str).collect();
    for layers in [layers(&[], &[], Some(file)), layers(&[], &environment, None)] {
        let settings = Settings::new(&layers).ok().unwrap();
        assert_eq!(settings.listen.to_string(), "0.0.0.0:1");
        assert_eq!(settings.data_dir, PathBuf::from("/d"));
        assert!(settings.simulator && settings.dev && !settings.drift);
        assert_eq!(settings.log_level, "debug");
        assert_eq!(settings.cors_allowed_origins, ["https://a.test"]);
        assert_eq!((settings.rate_limit_rps, settings.rate_limit_burst), (0, 7));
        assert_eq!(settings.drain.as_secs(), 3);
        let trust = &settings.plugins.trust;
        assert_eq!((trust.keys.len(), trust.allow_unsigned), (1, true));
        assert_eq!(settings.plugins.directory.as_deref(), Some("/p".as_ref()));
        assert_eq!(settings.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
        let users = kubeorch_core::users::Options {
            builtin: true,
            signup: false,
            allowed_domains: vec!["a.test".into()],
            refresh_days: 1,
        };
        assert_eq!(settings.users, users);
        let policy = Policy {
            versions: 1,
            version_days: 2,
            runs: 3,
            run_days: 4,
            log_days: 5,
            log_bytes: 6,
            events: 7,
            event_days: 8,
            event_bytes: 9 << 10,
            deleted_days: 10,
        };
        assert_eq!(settings.retention, policy);
        assert_eq!(
            (settings.store.durability, settings.store.reserve_bytes),
            (redb::Durability::Fast, 1 << 30)
        );
        assert!(matches!(settings.encryption_key, EncryptionKey::Given(_)));
        let printed = layers.print();
        assert!(!printed.contains("0123456789abcdef"), "{printed}");
        assert_eq!(printed.lines().filter(|line| line.ends_with("# default")).count(), 0, "{printed}");
    }
}

#[test]
fn the_defaults_are_those_of_the_library() {
    let settings = Settings::new(&layers(&[], &["DATA_DIR=/d"], None)).ok().unwrap();
    assert_eq!(settings.retention, Policy::default());
    let store = redb::Options::default();
    assert_eq!(settings.store.durability, store.durability);
    assert_eq!(settings.store.reserve_bytes, store.reserve_bytes);
    let flags = ["--store-durability", "fast", "--store-reserve", "2MiB"];
    let settings = Settings::new(&layers(&flags, &["DATA_DIR=/d"], None)).ok().unwrap();
    assert_eq!((settings.store.durability, settings.store.reserve_bytes), (redb::Durability::Fast, 2 << 20));
}

#[test]
fn all_problems_are_told_at_once_and_never_a_secret() {
    let message = problems(
        &["--listen", "nowhere", "--log-level", "a=b=c", "--store-reserve", "lots"],
        &[
            "RATE_LIMIT_RPS=many",
            "TRUSTED_PROXIES=here",
            "AUTH_BUILTIN_ENABLED=false",
            "ENCRYPTION_KEY=hunter2",
            "DEV=maybe",
            "STORE_DURABILITY=brave",
            "RETENTION_EVENT_BYTES=much",
            "RETENTION_RUN_DAYS=99999",
        ],
        Some("lisen = 1\ncors_allowed_origins = ['x']\n[auth]\nfoo = 1\n"),
    );
    for part in [
        "KUBEORCH_RATE_LIMIT_RPS must be a whole number",
        "KUBEORCH_DEV must be true or false",
        "KUBEORCH_RETENTION_EVENT_BYTES must be a size like 256MiB",
        "retention.run_days must be between 0 and 36500 (from KUBEORCH_RETENTION_RUN_DAYS)",
        "there is no key lisen",
        "there is no key auth.foo",
        "listen must be an address",
        "log_level:",
        "--store-reserve must be a size like 256MiB",
        "store.durability must be safe or fast (from KUBEORCH_STORE_DURABILITY)",
        "encryption_key must have at least 16 characters (from KUBEORCH_ENCRYPTION_KEY)",
        "`x` is not an origin",
        "`here` is not an address or network (from KUBEORCH_TRUSTED_PROXIES)",
        "auth.builtin.enabled is false",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(!message.contains("hunter2") && !message.contains("many"), "{message}");
}

#[test]
fn what_is_not_used_is_said() {
    let layers = layers(&[], &["MONGO_URI=x", "TYPO=1"], Some("jwt_secret = 'x'\n"));
    assert_eq!(layers.warnings.len(), 3, "{:?}", layers.warnings);
    assert!(layers.warnings[0].starts_with("KUBEORCH_MONGO_URI is not used: "));
    assert_eq!(layers.warnings[1], "KUBEORCH_TYPO is not a setting of this server");
}

#[test]
fn the_key_file_is_made_once_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let key = || encryption_key(EncryptionKey::File, dir.path()).map(|key| key.expose().to_owned());
    let first = key().ok().unwrap();
    assert_eq!(first.len(), 64);
    assert_eq!(key().ok().unwrap(), first);
    let path = dir.path().join("key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::write(dir.path().join("kubeorch.redb"), "").unwrap();
    assert!(key().unwrap_err().message.contains("and no encryption key"), "no new key for an old store");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(key().unwrap_err().message.contains("it is not a file"));
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::write(&path, "damaged").unwrap();
    let failure = key().unwrap_err();
    assert_eq!(failure.code, exit::STORE);
    assert!(!failure.message.contains("damaged"), "{}", failure.message);
}
