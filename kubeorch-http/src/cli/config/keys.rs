//! Every key: its name, what it holds, its default.

/// One thing that can be set.
pub(super) struct Key {
    /// Path in the TOML file; the environment variable is this in capitals with `_` for `.`, behind `KUBEORCH_`.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Masked wherever it is shown.
    pub(super) secret: bool,
    /// The value when nobody sets it, in the form of the environment; empty means not set.
    pub(super) default: &'static str,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// `true` or `false`; the environment may also say `1` and `0`.
    Bool,
    /// A whole number that is not negative.
    Number,
    /// Bytes, as a number or with a unit: `256MiB`.
    Size,
    /// Texts; separated by commas in the environment.
    List,
}

const fn key(name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { name, kind, secret: false, default }
}

/// All keys, in the order in which they are printed. Names follow contract 1.16 where that has them.
pub(super) const KEYS: &[Key] = &[
    key("listen", Kind::Text, "127.0.0.1:3000"),
    key("port", Kind::Number, ""),
    key("data_dir", Kind::Text, ""),
    key("simulator", Kind::Bool, "false"),
    key("dev", Kind::Bool, "false"),
    key("drift", Kind::Bool, "true"),
    key("log_level", Kind::Text, "info"),
    key("log_format", Kind::Text, "text"),
    Key { name: "encryption_key", kind: Kind::Text, secret: true, default: "" },
    key("cors_allowed_origins", Kind::List, "http://localhost:3001"),
    key("rate_limit_rps", Kind::Number, "10"),
    key("rate_limit_burst", Kind::Number, "20"),
    key("trusted_proxies", Kind::List, ""),
    key("auth.builtin.enabled", Kind::Bool, "true"),
    key("auth.builtin.signup_enabled", Kind::Bool, "true"),
    key("auth.builtin.allowed_domains", Kind::List, ""),
    key("token_refresh_max_age_days", Kind::Number, "7"),
    key("drain_seconds", Kind::Number, "10"),
    key("plugins.trusted_keys", Kind::List, ""),
    key("plugins.allow_unsigned", Kind::Bool, "false"),
    key("plugins.directory", Kind::Text, ""),
    key("store.durability", Kind::Text, "safe"),
    key("store.reserve", Kind::Size, "256MiB"),
    key("retention.versions", Kind::Number, "1000"),
    key("retention.version_days", Kind::Number, "0"),
    key("retention.runs", Kind::Number, "500"),
    key("retention.run_days", Kind::Number, "90"),
    key("retention.log_days", Kind::Number, "30"),
    key("retention.log_bytes", Kind::Size, "1MiB"),
    key("retention.events", Kind::Number, "1000000"),
    key("retention.event_days", Kind::Number, "7"),
    key("retention.event_bytes", Kind::Size, "1GiB"),
    key("retention.deleted_days", Kind::Number, "30"),
];

/// Keys of contract 1.16 that this server has no use for, with the reason that people are told.
pub(super) const UNUSED: &[(&str, &str)] = &[
    ("gin_mode", "use `dev` instead"),
    ("mongo_uri", "the store is a file in `data_dir`"),
    ("jwt_secret", "the signing key is made at the first start and kept in the store"),
    ("invite_code", "the code is kept in the store; an admin changes it in the settings"),
    ("regenerate_invite_after_signup", "an admin changes it in the settings"),
    ("templates_dir", "node types come from plugins"),
];

impl Key {
    /// `KUBEORCH_LISTEN`
    pub(super) fn variable(&self) -> String {
        variable(self.name)
    }
}

/// The environment variable of a name.
pub(super) fn variable(name: &str) -> String {
    format!("KUBEORCH_{}", name.replace('.', "_").to_ascii_uppercase())
}
