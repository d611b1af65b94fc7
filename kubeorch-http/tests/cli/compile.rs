//! Plugins are compiled in a child of the binary, under limits, and once per data directory.

use std::time::Duration;

use kubeorch_core::plugin::{CacheOptions, ChildCompiler, Compiler, Error, Host, Limits};

use crate::harness::Place;

fn child() -> ChildCompiler {
    ChildCompiler::program(env!("CARGO_BIN_EXE_kubeorch"))
}

async fn load(child: ChildCompiler, place: &Place) -> (Host, Result<(), Error>) {
    let cache = CacheOptions::new(place.path("code"));
    let host = Host::with_compiler(Limits::default(), Compiler::Child(child), Some(cache)).unwrap();
    let plugin = kubeorch_plugins::all()[0];
    let loaded = host.load(plugin.name, plugin.component).await.map(drop);
    (host, loaded)
}

#[tokio::test]
async fn the_binary_compiles_as_its_own_child_and_its_code_runs() {
    let place = Place::new();
    for (compiled, cached) in [(1, 0), (0, 1)] {
        let (host, loaded) = load(child(), &place).await;
        loaded.unwrap();
        let counts = host.compilations();
        assert_eq!((counts.compiled, counts.cached), (compiled, cached));
    }
}

/// The limits are the system's: the core plugin takes more than these, in any build.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_compilation_ends_at_its_limits() {
    let place = Place::new();
    let plugin = kubeorch_plugins::all()[0].name;
    for (child, limit) in [
        (child().memory(1 << 20), "memory"),
        (child().memory(40 << 20), "memory"),
        (child().wall(Duration::from_millis(1)), "time"),
    ] {
        let (_, loaded) = load(child, &place).await;
        let expected = format!("plugin {plugin} passed its {limit} limit in compile");
        assert_eq!(loaded.unwrap_err().to_string(), expected);
    }
}

/// What passes every bound on what a component consists of, and still takes a compiler many seconds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_bomb_ends_at_the_limit_of_processor_time() {
    let child = child().cpu(Duration::from_secs(1));
    let host = Host::with_compiler(Limits::default(), Compiler::Child(child), None).unwrap();
    let loaded = host.load("bomb", bomb(200)).await.map(drop);
    assert_eq!(loaded.unwrap_err().to_string(), "plugin bomb passed its cpu limit in compile");
}

/// A component with so many functions of 35 KiB, each a long sum of products.
fn bomb(functions: usize) -> Vec<u8> {
    let body: Vec<u8> = [&[0, 0x20, 0][..], &[0x20, 0, 0x6c, 0x20, 0, 0x6a].repeat(6_000), &[0x0b]].concat();
    let bodies = sized(&body).repeat(functions);
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 1, 0x7f, 1, 0x7f]),
        section(3, &[leb(functions), vec![0; functions]].concat()),
        section(10, &[leb(functions), bodies].concat()),
    ];
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module.concat())].concat()
}

fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![id], sized(bytes)].concat()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len()), bytes.to_vec()].concat()
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push(u8::try_from(number & 127).unwrap() | 128);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

#[test]
fn a_server_compiles_its_plugins_at_its_first_start_only() {
    let place = Place::new();
    let all = kubeorch_plugins::node_types().count();
    for (compiled, cached) in [(all, 0), (0, all)] {
        let counts = format!("compiled={compiled} cached={cached} damaged=0");
        let data = place.path("data");
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
        let mut running = place.start(&args);
        let seen = running.wait_for("plugins are loaded");
        assert!(seen.contains(&counts), "{seen}");
        running.line();
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
    }
}
