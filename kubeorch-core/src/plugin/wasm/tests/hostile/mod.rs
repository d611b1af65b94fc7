//! Components that are made to do harm. Each ends in the error that it deserves, in the time that it may take, and
//! leaves nothing behind: the next plugin answers, and the memory is back.

mod bytes;
mod calls;
mod floods;
mod loads;
mod memory;
mod mutations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Guest, catalog, fix, request};
use crate::plugin::fix::DiagnoseRequest;
use crate::plugin::source::Memory;
use crate::plugin::wasm::{Host, Limits, Plugin, Registry};
use crate::plugin::{Analyzers, Error, Fault, Fixes, NodeTypes, Steps, World, step};

/// What a busy machine may take on top of a limit, and for compiling unoptimised.
const SLACK: Duration = Duration::from_secs(5);

/// A component, what is done with it, and how it must end.
struct Attack {
    name: &'static str,
    bytes: Arc<[u8]>,
    ends: Ends,
}

/// How an attack must end.
#[derive(Debug, Clone, PartialEq)]
enum Ends {
    /// Not loaded, because of this; the beginning of the reason.
    Refused(&'static str),
    /// Not loaded, because it passed this limit in that export.
    Passed(&'static str, &'static str),
    /// Not loaded, because that export failed so.
    Broke(&'static str, &'static str),
    /// Loaded; the function that it is asked for passes this limit.
    Limit(&'static str),
    /// Loaded; the function that it is asked for fails so.
    Failed(&'static str),
}

fn limits() -> Limits {
    let usual = super::limits();
    Limits {
        node_types: 8,
        objects: 16,
        findings: 16,
        step: floods::budget(usual.step),
        analyzer: floods::budget(usual.analyzer),
        fix: floods::budget(usual.fix),
        detect: SLACK,
        // Less than what the calls that may be made could read or list.
        tree: 16 << 10,
        ..usual
    }
}

/// What hostile analyzers are lent.
fn tree() -> Memory {
    Memory::new([("a.txt", "a".repeat(1024)), ("b/c.txt", "c".into()), ("empty.txt", String::new())]).unwrap()
}

/// The id of a plugin of that world, and the function that it is asked for.
fn asked(world: World) -> (&'static str, &'static str) {
    match world {
        World::NodeTypes => ("test", "render"),
        World::Step => ("part", "run"),
        World::ImportAnalyzer => ("part", "detect"),
        World::FixTemplate => ("part", "diagnose"),
    }
}

/// A host with a healthy plugin on it.
struct Victim {
    host: Host,
    neighbour: Plugin,
    asked: u64,
}

impl Victim {
    async fn start() -> Self {
        let host = Host::new(limits()).unwrap();
        let good = Guest { catalog: catalog("good", &["good"]), ..Guest::answering(r#"{"notes":["fine"]}"#) };
        let neighbour = host.load("good.wasm", good.bytes()).await.unwrap();
        Self { host, neighbour, asked: 0 }
    }

    /// Loads and, if that is possible, calls it; says what was wrong with how it ended.
    async fn suffer(&mut self, attack: &Attack) -> Result<(), String> {
        let start = Instant::now();
        let (loaded, error) = self.attack(attack).await;
        let took = start.elapsed();
        let error = error.ok_or("nothing stopped it")?;
        let (plugin, export) = loaded.map_or(("hostile.wasm", ""), asked);
        matches(&error, &attack.ends, plugin, export)?;
        if took > limits().deadline + SLACK {
            return Err(format!("it took {took:?}"));
        }
        self.ask_neighbour().await
    }

    /// The world of what was loaded, and the error.
    async fn attack(&self, attack: &Attack) -> (Option<World>, Option<Error>) {
        let plugin = match self.host.load("hostile.wasm", Arc::clone(&attack.bytes)).await {
            Ok(plugin) => plugin,
            Err(error) => return (None, Some(error)),
        };
        let world = plugin.world();
        let registry = Registry::builder().host(self.host.clone()).loaded(plugin).try_build().await.unwrap();
        (Some(world), ask(&registry, world).await.err())
    }

    /// A question that the memo does not know.
    async fn ask_neighbour(&mut self) -> Result<(), String> {
        self.asked += 1;
        let mut ask = request(json!({"asked": self.asked}));
        ask.node.kind = "good".into();
        let registry = Registry::builder().host(self.host.clone()).loaded(self.neighbour.clone());
        let answer = registry.try_build().await.unwrap().render(&ask).await;
        match answer {
            Ok(rendered) if rendered.notes == ["fine"] => Ok(()),
            other => Err(format!("the neighbour answers {other:?}")),
        }
    }
}

async fn ask(registry: &Registry, world: World) -> Result<(), Error> {
    match world {
        World::NodeTypes => registry.render(&request(json!({}))).await.map(drop),
        World::Step => {
            let ask = step::Request { step: "part-step".into(), ..step::Request::default() };
            registry.run(&ask).await.map(drop)
        }
        World::ImportAnalyzer => registry.open("part", Arc::new(tree())).await?.detect().await.map(drop),
        World::FixTemplate => {
            registry.diagnose("part", &DiagnoseRequest { facts: fix::facts() }).await.map(drop)
        }
    }
}

fn matches(error: &Error, ends: &Ends, plugin: &str, export: &str) -> Result<(), String> {
    let expected = match ends {
        Ends::Refused(reason) => format!("plugin {plugin} cannot be loaded: {reason}"),
        Ends::Passed(limit, export) => format!("plugin {plugin} passed its {limit} limit in {export}"),
        Ends::Broke(export, reason) => format!("plugin {plugin} failed in {export}: {reason}"),
        Ends::Limit(limit) => format!("plugin {plugin} passed its {limit} limit in {export}"),
        Ends::Failed(reason) => format!("plugin {plugin} failed in {export}: {reason}"),
    };
    let text = error.to_string();
    let typed = match ends {
        Ends::Refused(_) => matches!(error, Error::Invalid { .. }),
        Ends::Passed(..) | Ends::Limit(_) => error.fault().is_some_and(Fault::is_limit),
        Ends::Broke(..) | Ends::Failed(_) => error.fault().is_some_and(|fault| !fault.is_limit()),
    };
    if typed && text.starts_with(&expected) { Ok(()) } else { Err(format!("{text}\n  and not {expected}")) }
}

fn all() -> Vec<Attack> {
    [loads::all(), calls::all(), floods::all()].into_iter().flatten().collect()
}

#[tokio::test]
async fn every_attack_ends_as_it_must() {
    let mut victim = Victim::start().await;
    let attacks = all();
    assert!(attacks.len() >= 40, "only {} attacks", attacks.len());
    let mut wrong = Vec::new();
    for attack in &attacks {
        if let Err(reason) = victim.suffer(attack).await {
            wrong.push(format!("{}: {reason}", attack.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_flood_of_lines_is_told_in_few() {
    let victim = Victim::start().await;
    let attack = floods::all().into_iter().next().unwrap();
    let error = victim.attack(&attack).await.1.unwrap();
    let log = &error.fault().unwrap().log;
    // 64 lines are written in a call, the rest is counted, the last 16 are repeated.
    let more = format!("and {} more lines", floods::CALLS - 64);
    assert_eq!((log.len(), log.last()), (17, Some(&more)), "{log:?}");
}
