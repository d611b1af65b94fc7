//! What must not be loaded.

use std::sync::Arc;

use serde_json::json;

use super::bytes::{edited, fill, listing, module, nested_types, section, starting, times, wat};
use super::{Attack, Ends, Guest, catalog};

pub(super) fn all() -> Vec<Attack> {
    let rows = [
        no_components(),
        forbidden(),
        out_of_bounds(),
        composed(),
        more_than_the_engine_has(),
        at_start(),
        catalogs(),
    ];
    rows.into_iter().flatten().map(|(name, bytes, ends)| Attack { name, bytes, ends }).collect()
}

type Row = (&'static str, Arc<[u8]>, Ends);

fn no_components() -> Vec<Row> {
    use Ends::Refused;
    let good = Guest::default().bytes();
    let cut = |size: usize| Arc::from(&good[..size]);
    let tail: Vec<u8> = good.iter().copied().chain([0, 255, 1]).collect();
    vec![
        ("nothing", Arc::from([]), Refused("it is empty")),
        ("a script", Arc::from(*b"#!/bin/sh\nrm -rf /"), Refused("it is not WebAssembly")),
        ("machine code", Arc::from(*b"\x7fELF\x02\x01\x01\0"), Refused("it is not WebAssembly")),
        ("a core module", wat("(module)"), Refused("it is a core module, not a component")),
        ("a header", Arc::from(*b"\0asm\x0d\0\x01\0"), Refused("it exports none of kubeorch:node-types")),
        ("another layer", Arc::from(*b"\0asm\x0e\0\x02\0"), Refused("unknown binary version")),
        ("half a header", Arc::from(*b"\0asm\x0d\0"), Refused("unexpected end")),
        ("a third", cut(good.len() / 3), Refused("unexpected end")),
        ("all but a byte", cut(good.len() - 1), Refused("unexpected end")),
        ("more than all", tail.into(), Refused("unexpected end")),
        (
            "a section longer than the file",
            Arc::from(*b"\0asm\x0d\0\x01\0\x01\xff\xff\xff\x7f"),
            Refused("unexpected end"),
        ),
        (
            "a section that is not there",
            section(99, &[1, 2, 3]),
            Refused("failed to parse WebAssembly module: malformed section id: 99"),
        ),
        ("a custom section without a name", section(0, &[200, 1]), Refused("unexpected end")),
        ("a name that is not UTF-8", section(0, &[2, 0xff, 0xfe]), Refused("malformed UTF-8")),
    ]
}

fn forbidden() -> Vec<Row> {
    use Ends::Refused;
    let importing = |import: &str| edited("(component\n", &format!("(component {import}\n"));
    let threads = "(memory 1 1 shared)";
    vec![
        ("a function from outside", importing("(import \"exec\" (func))"), Refused("it imports exec, and")),
        (
            "files",
            importing(
                "(import \"wasi:filesystem/types@0.2.0\" (instance (export \"d\" (type (sub resource)))
                (export \"open\" (func))))",
            ),
            Refused("it imports wasi:filesystem/types@0.2.0#d, wasi:filesystem/types@0.2.0#open, and"),
        ),
        (
            "a core module from outside",
            importing("(import \"m\" (core module))"),
            Refused("it imports m, and"),
        ),
        (
            "a component from outside",
            importing("(import \"c\" (component))"),
            Refused("failed to parse WebAssembly module: root-level component imports"),
        ),
        (
            "another interface",
            wat("(component (instance (export \"a\")))"),
            Refused("it exports a, this host runs kubeorch:node-types/node-types@0.1.0"),
        ),
        ("another type", wat(&of_another_type()), Refused("list-types has another type")),
        ("threads", module(threads), Refused("failed to parse WebAssembly module: threads must be enabled")),
        (
            "64-bit memory",
            module("(memory i64 1)"),
            Refused("failed to parse WebAssembly module: memory64 must be enabled"),
        ),
        (
            "several memories",
            module("(memory 1) (memory 1)"),
            Refused("failed to parse WebAssembly module: multiple memories"),
        ),
        (
            "tail calls",
            module("(func $f return_call $f)"),
            Refused("failed to compile: wasm[0]::function[0]::f: WebAssembly translation error"),
        ),
        (
            "exceptions",
            module("(tag)"),
            Refused("failed to parse WebAssembly module: exceptions proposal not enabled"),
        ),
        (
            "garbage collection",
            module("(type (struct))"),
            Refused("failed to parse WebAssembly module: cannot define struct types"),
        ),
        (
            "pages of a byte",
            module("(memory 1 (pagesize 1))"),
            Refused("failed to parse WebAssembly module: the custom page sizes proposal"),
        ),
        (
            "vectors that differ by machine",
            module("(func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))"),
            Refused("failed to compile: wasm[0]::function[0]: WebAssembly translation error"),
        ),
    ]
}

fn of_another_type() -> String {
    let names = ["list-types", "facts", "validate", "render", "status"];
    let exports = names.map(|name| format!("(export \"{name}\" (func $f))")).concat();
    format!(
        "(component (core module $m (func (export \"f\"))) (core instance $m (instantiate $m))
           (func $f (canon lift (core func $m \"f\"))) (instance $i {exports})
           (export \"kubeorch:node-types/node-types@0.1.0\" (instance $i)))"
    )
}

fn out_of_bounds() -> Vec<Row> {
    use Ends::Refused;
    vec![
        (
            "a giant function",
            module(&format!("(func {})", "nop ".repeat(262_144))),
            Refused("function 0 of its code"),
        ),
        (
            "a function of many locals",
            module(&format!("(func (local {}))", "i32 ".repeat(10_001))),
            Refused("function 0 of its code sections has 10001 locals"),
        ),
        (
            "many functions",
            module(&"(func)".repeat(50_001)),
            Refused("it has 50001 functions, at most 50000"),
        ),
        ("many types", module(&times(10_001, "(type (func))")), Refused("it has 10001 types, at most 10000")),
        (
            "many globals",
            module(&times(10_001, "(global i32 (i32.const 0))")),
            Refused("it has 10001 globals"),
        ),
        (
            "many exports",
            module(&format!("(func $f) {}", times(1_001, "(export \"e#\" (func $f))"))),
            Refused("it has 1001 exports"),
        ),
        (
            "many imports",
            module(&times(1_001, "(import \"m\" \"i#\" (func))")),
            Refused("it has 1001 imports"),
        ),
        (
            "much data",
            module(&format!("(memory 1) {}", times(10_001, "(data \"\")"))),
            Refused("it has 10001 data segments"),
        ),
        ("many elements", module(&times(10_001, "(elem func)")), Refused("it has 10001 element segments")),
        ("many tables", module(&times(65, "(table 0 funcref)")), Refused("it has 65 tables, at most 64")),
        (
            "many custom sections",
            wat(&format!("(component {})", times(257, "(@custom \"c#\" \"\")"))),
            Refused("it has 257 custom sections"),
        ),
        (
            "many modules",
            wat(&format!("(component {})", times(64, "(core module)"))),
            Refused("it has 65 modules and components"),
        ),
        (
            "many instances",
            wat(&format!("(component (core module $m) {})", times(257, "(core instance (instantiate $m))"))),
            Refused("it has 257 instances"),
        ),
        (
            "components in components",
            wat(&format!("{}{}", "(component ".repeat(17), ")".repeat(17))),
            Refused("it nests components deeper than 16"),
        ),
        // Their reader recurses for each level; these would take the whole process with them.
        ("types in types", nested_types(1_000_000), Refused("it has 1000001 types nested in types")),
        (
            "types in types, as deep as allowed",
            nested_types(255),
            Refused("it exports none of kubeorch:node-types"),
        ),
        (
            "a list of lists",
            wat(&format!("(component (type $t0 (list u8)) {})", lists(200))),
            Refused("failed to parse WebAssembly module: type nesting is too deep"),
        ),
        (
            "a tuple of tuples",
            wat(&format!("(component (type $t0 (tuple u8 u8)) {})", doubled(64))),
            Refused("failed to parse WebAssembly module: effective type size exceeds the limit"),
        ),
        (
            "a giant record",
            wat(&format!("(component (type (record {})))", times(10_001, "(field \"f#\" u8)"))),
            Refused("failed to parse WebAssembly module: record field size is out of bounds"),
        ),
    ]
}

/// What wasmtime would have to copy between memories for. It panics over its own code, caught as a fault of the host.
fn composed() -> Vec<Row> {
    let ends = || Ends::Refused("it is composed of components that call each other");
    let lifting = |name: &str| {
        format!(
            r#"(core module $m (memory (export "m") 1) (func (export "f") (param i32 i32))
              (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func {name} (param "t" string)
              (canon lift (core func $i "f") (memory $i "m") (realloc (func $i "r"))))"#
        )
    };
    let lifts = lifting("$f");
    let lowers = r#"(core module $n (memory (export "m") 1)) (core instance $n (instantiate $n))
        (core func (canon lower (func $f) (memory $n "m")))"#;
    let two = format!(
        r#"(component
          (component $giver {lifts} (export "f" (func $f)))
          (component $taker (import "f" (func $f (param "t" string))) {lowers})
          (instance $giver (instantiate $giver))
          (instance (instantiate $taker (with "f" (func $giver "f")))))"#
    );
    let outer = format!(
        r#"(component
          (component $giver {lifts} (export "f" (func $f)))
          (instance $giver (instantiate $giver)) (alias export $giver "f" (func $f)) {lowers})"#
    );
    let renamed = format!(
        r#"(component {} (instance $x (export "f" (func $g))) (export $y "x" (instance $x))
          (alias export $y "f" (func $f)) {lowers})"#,
        lifting("$g")
    );
    vec![
        ("components that call each other", wat(&two), ends()),
        ("a component that calls what is inside it", wat(&outer), ends()),
        ("a component that calls itself", wat(&format!("(component {lifts} {lowers})")), ends()),
        ("a component that calls itself by another name", wat(&renamed), ends()),
    ]
}

fn lists(depth: usize) -> String {
    (1..=depth).map(|at| format!("(type $t{at} (list $t{}))", at - 1)).collect()
}

fn doubled(depth: usize) -> String {
    (1..=depth).map(|at| format!("(type $t{at} (tuple $t{0} $t{0}))", at - 1)).collect()
}

fn more_than_the_engine_has() -> Vec<Row> {
    use Ends::{Passed, Refused};
    let memories = times(2, "(core module $m# (memory 1)) (core instance (instantiate $m#))");
    let tables = times(9, "(core module $m# (table 1 funcref)) (core instance (instantiate $m#))");
    let instances = times(17, "(core instance (instantiate $m))");
    vec![
        (
            "two memories",
            wat(&format!("(component {memories})")),
            Refused("The component transitively contains 2 Wasm linear memories"),
        ),
        (
            "nine tables",
            wat(&format!("(component {tables})")),
            Refused("The component transitively contains 9 tables"),
        ),
        (
            "seventeen instances",
            wat(&format!("(component (core module $m) {instances})")),
            Refused("The component transitively contains 17 core module instances"),
        ),
        (
            "a page more memory than there is",
            edited("(memory (export \"memory\") 1)", "(memory (export \"memory\") 65)"),
            Passed("memory", "list-types"),
        ),
        (
            "all memory of an address",
            edited("(memory (export \"memory\") 1)", "(memory (export \"memory\") 65536)"),
            Refused("module memory does not fit"),
        ),
        (
            "a table of millions",
            edited("(table 1 funcref)", "(table 9000000 funcref)"),
            Refused("module table does not fit"),
        ),
        (
            "data outside its memory",
            edited(
                "(data (i32.const 64) \"no.good\")",
                "(data (i32.const 64) \"no.good\") (data (i32.const 70000) \"x\")",
            ),
            Refused("wasm trap: out of bounds memory access"),
        ),
        (
            "elements outside their table",
            edited("(table 1 funcref)", "(table 1 funcref) (elem (i32.const 7) $recurse)"),
            Refused("wasm trap: undefined element"),
        ),
    ]
}

fn at_start() -> Vec<Row> {
    use Ends::{Broke, Passed, Refused};
    vec![
        ("a start that never ends", starting("(loop $again (br $again))"), Passed("time", "list-types")),
        (
            "a start that takes all memory",
            starting(
                "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)",
            ),
            Passed("memory", "list-types"),
        ),
        (
            "a start that recurses",
            starting("(drop (call $recurse (i32.const 0)))"),
            Passed("stack", "list-types"),
        ),
        ("a start that traps", starting("(unreachable)"), Refused("wasm trap: wasm `unreachable`")),
        (
            "a list that never ends",
            listing("(loop $again (br $again)) (unreachable)"),
            Passed("time", "list-types"),
        ),
        ("a list that traps", listing("(unreachable)"), Broke("list-types", "wasm trap")),
        ("a list of megabytes", listing(&fill("", b' ', 2_000_000)), Passed("output", "list-types")),
    ]
}

fn catalogs() -> Vec<Row> {
    use Ends::Refused;
    let with = |parameters: serde_json::Value| {
        let mut catalog = catalog("test", &["thing"]);
        catalog["nodeTypes"][0]["parameters"] = parameters;
        Guest::with_catalog(catalog).bytes()
    };
    let deep = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({"not": inner}));
    let names: Vec<String> = (0..9).map(|at| format!("t{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    vec![
        ("no catalog", listing(&fill("", b' ', 10)), Refused("its answer breaks the contract: EOF")),
        (
            "a bottomless catalog",
            listing(&fill("", b'[', 60_000)),
            Refused("its answer breaks the contract: "),
        ),
        ("a bottomless schema", with(deep(200)), Refused("its answer breaks the contract: recursion limit")),
        (
            "a schema that is a number",
            with(json!({"type": "object", "properties": {"a": 7}})),
            Refused("\"thing\": parameter"),
        ),
        (
            "more node types than allowed",
            Guest::with_catalog(catalog("test", &names)).bytes(),
            Refused("9 node types"),
        ),
        (
            "a name that moves the cursor",
            Guest::with_catalog(catalog("\u{1b}[2J", &["thing"])).bytes(),
            Refused("plugin.id"),
        ),
    ]
}
