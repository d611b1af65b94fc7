//! What asks its host without end: to write its log, to read the tree of an import.

use super::{Attack, Ends};
use crate::plugin::World;
use crate::plugin::wasm::Budget;
use crate::plugin::wasm::tests::world::Part;

/// Small, with more time than its calls can take: the count must be what stops it.
pub(super) fn budget(usual: Budget) -> Budget {
    Budget { memory: 8 << 20, output: 64 << 10, host_calls: CALLS, deadline: super::SLACK, ..usual }
}

/// Calls to the host in one call of a guest.
pub(super) const CALLS: u32 = 2_000;

pub(super) fn all() -> Vec<Attack> {
    let logs = [World::Step, World::FixTemplate, World::ImportAnalyzer].map(|world| {
        let name = match world {
            World::Step => "a step that logs without end",
            World::FixTemplate => "a fix that logs without end",
            _ => "an analyzer that logs without end",
        };
        attack(name, world, &again("(call $log)"), "a line", Ends::Limit("host calls"))
    });
    logs.into_iter().chain(lines()).chain(trees()).collect()
}

fn attack(name: &'static str, world: World, call: &str, text: &str, ends: Ends) -> Attack {
    let part = Part { call: call.into(), text: text.into(), ..Part::of(world) };
    Attack { name, bytes: part.bytes(), ends }
}

fn again(call: &str) -> String {
    format!("(loop $again {call} (br $again)) (unreachable)")
}

/// Lines of another sort than one that is too many.
fn lines() -> Vec<Attack> {
    use Ends::{Failed, Limit};
    let all = "(drop (memory.grow (i32.const 60)))
        (loop $again (call $write (i32.const 3) (i32.const 0) (i32.const 0x3c0000)) (br $again)) (unreachable)";
    let one = |at: &str, size: &str| {
        format!("(call $write (i32.const 3) (i32.const {at}) (i32.const {size})) (unreachable)")
    };
    let step = |name, call: &str, ends| attack(name, World::Step, call, "", ends);
    vec![
        step("lines of all its memory", all, Limit("output")),
        step(
            "lines of kilobytes",
            &again("(call $write (i32.const 3) (i32.const 0) (i32.const 0xf000))"),
            Limit("host calls"),
        ),
        step("a line past its memory", &one("0x10000", "1"), Failed("string pointer/length out of bounds")),
        step("a line of a length that wraps round", &one("16", "-8"), Failed("string pointer/length out of")),
        step(
            "a line that is not UTF-8",
            &format!("(i32.store8 (i32.const 64) (i32.const 255)) {}", one("64", "1")),
            Failed("invalid utf-8"),
        ),
        step(
            "a line of a level that is not there",
            "(call $write (i32.const 9) (i32.const 0) (i32.const 0)) (unreachable)",
            Failed("unexpected discriminant: 9"),
        ),
    ]
}

fn trees() -> Vec<Attack> {
    use Ends::Limit;
    let tree = |name, call: &str, text: &str, ends| attack(name, World::ImportAnalyzer, call, text, ends);
    let read = again("(drop (call $read (local.get $tree)))");
    let list = again("(drop (call $entries (local.get $tree)))");
    let long = again(
        "(call $read_ (local.get $tree) (i32.const 0) (i32.const 0xf000) (i64.const 0) (i32.const 1) (i32.const 512))",
    );
    let all = format!(
        "(drop (memory.grow (i32.const 60))) {}",
        again(
            "(call $read_ (local.get $tree) (i32.const 0) (i32.const 0x3c0000) (i64.const 0) (i32.const 1) (i32.const 512))"
        )
    );
    let far = again(
        "(call $read_ (local.get $tree) (i32.const 0x100) (i32.const @TEXT_SIZE@) (i64.const -1) (i32.const -1) (i32.const 512))",
    );
    vec![
        tree("reads of what is not there", &read, "none", Limit("host calls")),
        tree("reads of a folder", &read, "b", Limit("host calls")),
        tree("reads of an empty file", &read, "empty.txt", Limit("host calls")),
        tree("reads of a path out of the tree", &read, "../a.txt", Limit("host calls")),
        tree("reads of a path of kilobytes", &long, "", Limit("host calls")),
        tree("reads of a path of megabytes", &all, "", Limit("output")),
        tree("reads past the end of a file", &far, "a.txt", Limit("host calls")),
        tree("reads of the same file", &read, "a.txt", Limit("tree bytes")),
        tree("lists of nothing", &list, "none/**", Limit("host calls")),
        tree("lists of a pattern that is none", &list, "[", Limit("host calls")),
        tree("lists of all there is", &list, "**", Limit("tree bytes")),
    ]
}
