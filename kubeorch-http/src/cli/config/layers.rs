//! Where values come from, and which one counts.

use std::collections::BTreeMap;
use std::path::Path;

use super::keys::{KEYS, Key, Kind, UNUSED, variable};
use super::size;
use crate::cli::args::Serve;
use crate::cli::failure::Failure;
use crate::cli::file::{Source, read};

/// A value of a key.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Bool`].
    Bool(bool),
    /// See [`Kind::Number`].
    Number(u64),
    /// See [`Kind::Size`].
    Size(u64),
    /// See [`Kind::List`].
    List(Vec<String>),
}

/// All values with where they come from, and everything that is wrong with the rest.
#[derive(Default)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, (Value, String)>,
    pub(super) problems: Vec<String>,
    /// What was given and is not used, with the reason.
    pub(crate) warnings: Vec<String>,
}

impl Layers {
    /// Reads all layers, the strongest first. Only a file that cannot be read ends it early.
    pub(crate) fn read(
        args: &Serve,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let mut layers = Self::default();
        layers.flags(args);
        layers.below_flags(args.config.as_deref(), environment)?;
        Ok(layers)
    }

    /// The same without flags: what a server with this file and environment goes by.
    pub(crate) fn of_file(
        config: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let mut layers = Self::default();
        layers.below_flags(config, environment)?;
        Ok(layers)
    }

    fn below_flags(
        &mut self,
        config: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), Failure> {
        self.environment(environment);
        if let Some(path) = config {
            let source = Source::new(path);
            self.file(&source.to_string(), &read(&source)?);
        }
        self.defaults();
        Ok(())
    }

    fn flags(&mut self, args: &Serve) {
        let text = |value: &Option<String>| value.clone().map(Value::Text);
        let path =
            args.data_dir.as_deref().map(|path: &Path| Value::Text(path.to_string_lossy().into_owned()));
        let format = args.log_format.map(|format| Value::Text(super::settings::word(format).to_owned()));
        let durability =
            args.store_durability.map(|it| Value::Text(super::settings::durability_word(it).to_owned()));
        let reserve = args.store_reserve.as_deref().and_then(|text| {
            let size = size::parse(text).map(Value::Size);
            if size.is_none() {
                self.problems.push(format!("--store-reserve must be {}", Kind::Size.words()));
            }
            size
        });
        let flags = [
            ("listen", text(&args.listen)),
            ("data_dir", path),
            ("simulator", args.simulator.then_some(Value::Bool(true))),
            ("dev", args.dev.then_some(Value::Bool(true))),
            ("drift", args.no_drift.then_some(Value::Bool(false))),
            ("log_level", text(&args.log_level)),
            ("log_format", format),
            ("store.durability", durability),
            ("store.reserve", reserve),
        ];
        for (name, value) in flags {
            if let Some(value) = value {
                let no = if name == "drift" { "no-" } else { "" };
                self.set(name, value, format!("--{no}{}", name.replace(['_', '.'], "-")));
            }
        }
    }

    pub(super) fn environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in environment {
            let Some(rest) = name.strip_prefix("KUBEORCH_").filter(|rest| *rest != "CONFIG") else {
                continue;
            };
            if let Some(key) = KEYS.iter().find(|key| key.variable() == name) {
                match parse(key.kind, &text) {
                    Some(value) => self.set(key.name, value, name),
                    // The text may be a secret in the wrong variable.
                    None => self.problems.push(format!("{name} must be {}", key.kind.words())),
                }
            } else if let Some((_, reason)) = UNUSED.iter().find(|(unused, _)| variable(unused) == name) {
                self.warnings.push(format!("{name} is not used: {reason}"));
            } else {
                self.warnings.push(format!("KUBEORCH_{rest} is not a setting of this server"));
            }
        }
    }

    pub(super) fn file(&mut self, source: &str, text: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                self.problems.push(format!("{source}: {}", error.message()));
                return;
            }
        };
        let mut flat = Vec::new();
        flatten("", table, &mut flat);
        for (name, value) in flat {
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                if let Some((_, reason)) = UNUSED.iter().find(|(unused, _)| *unused == name) {
                    self.warnings.push(format!("{source}: {name} is not used: {reason}"));
                } else {
                    self.problems.push(format!("{source}: there is no key {name}"));
                }
                continue;
            };
            match convert(key.kind, value) {
                Some(value) => self.set(key.name, value, source.to_owned()),
                None => self.problems.push(format!("{source}: {name} must be {}", key.kind.words())),
            }
        }
    }

    pub(super) fn defaults(&mut self) {
        for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
            if let Some(value) = parse(key.kind, key.default) {
                self.set(key.name, value, "default".to_owned());
            }
        }
    }

    /// The first to set a key wins.
    fn set(&mut self, name: &'static str, value: Value, source: String) {
        self.values.entry(name).or_insert((value, source));
    }

    pub(super) fn get(&self, name: &str) -> Option<(&Value, &str)> {
        self.values.get(name).map(|(value, source)| (value, source.as_str()))
    }

    /// The configuration in force as TOML, each line with where its value comes from.
    pub(crate) fn print(&self) -> String {
        let mut text = String::new();
        for key in KEYS {
            let line = match self.get(key.name) {
                None => format!("# {} is not set", key.name),
                Some((value, source)) => format!("{} = {}  # {source}", key.name, show(key, value)),
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bool => "true or false",
            Self::Number => "a whole number",
            Self::Size => "a size like 256MiB",
            Self::List => "a list of texts",
        }
    }
}

fn parse(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text => Some(Value::Text(text.to_owned())),
        Kind::Bool => match text {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" | "" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Number => text.trim().parse().ok().map(Value::Number),
        Kind::Size => size::parse(text).map(Value::Size),
        Kind::List => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::List(items.map(str::to_owned).collect()))
        }
    }
}

fn convert(kind: Kind, value: toml::Value) -> Option<Value> {
    match (kind, value) {
        (Kind::Text, toml::Value::String(text)) => Some(Value::Text(text)),
        (Kind::Bool, toml::Value::Boolean(value)) => Some(Value::Bool(value)),
        (Kind::Number, toml::Value::Integer(value)) => u64::try_from(value).ok().map(Value::Number),
        (Kind::Size, toml::Value::Integer(value)) => u64::try_from(value).ok().map(Value::Size),
        (Kind::Size, toml::Value::String(text)) => size::parse(&text).map(Value::Size),
        (Kind::List, toml::Value::Array(items)) => {
            let texts = items.into_iter().map(|item| match item {
                toml::Value::String(text) => Some(text),
                _ => None,
            });
            texts.collect::<Option<_>>().map(Value::List)
        }
        _ => None,
    }
}

fn flatten(prefix: &str, table: toml::Table, out: &mut Vec<(String, toml::Value)>) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(table) => flatten(&name, table, out),
            value => out.push((name, value)),
        }
    }
}

/// A value as TOML. A JSON string is a basic string of TOML too.
fn show(key: &Key, value: &Value) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match value {
        _ if key.secret => quoted("********"),
        Value::Text(text) => quoted(text),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Size(value) => quoted(&size::show(*value)),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The variables of this process that are text.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
