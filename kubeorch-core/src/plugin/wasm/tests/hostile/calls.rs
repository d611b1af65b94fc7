//! What is loaded and then does harm when it is called.

use std::sync::Arc;

use serde_json::json;

use super::bytes::{edited, fill};
use super::{Attack, Ends, Guest};

pub(super) fn all() -> Vec<Attack> {
    let rows = [endless(), greedy(), trapping(), lying(), answering()];
    rows.into_iter().flatten().map(|(name, bytes, ends)| Attack { name, bytes, ends }).collect()
}

type Row = (&'static str, Arc<[u8]>, Ends);

/// The usual plugin, called like this.
fn calling(body: &'static str) -> Arc<[u8]> {
    Guest::calling(body).bytes()
}

fn endless() -> Vec<Row> {
    let time = Ends::Limit("time");
    let spin = "(loop $again (br $again))";
    let realloc = "(export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)\n      (local $at i32)";
    let lift = "(realloc (func $guest \"cabi_realloc\"))";
    let post = "(func (export \"post\") (param i32) (loop $again (br $again))) (func $recurse";
    let text = Guest::default().text();
    let post = text.replacen("(func $recurse", post, 1);
    let post = post.replacen(lift, &format!("{lift} (post-return (func $guest \"post\"))"), 1);
    let busy = "(drop (memory.grow (i32.const 60))) (loop $again
        (memory.fill (i32.const 0x10000) (i32.const 1) (i32.const 0x300000)) (br $again)) (unreachable)";
    vec![
        ("a loop", calling("(loop $again (br $again)) (unreachable)"), time.clone()),
        (
            "a loop of calls",
            calling("(loop $again (drop (call $ok (i32.const 0) (i32.const 0))) (br $again)) (unreachable)"),
            time.clone(),
        ),
        (
            "a loop of jumps",
            calling("(loop $again (br_table $again $again (i32.const 5))) (unreachable)"),
            time.clone(),
        ),
        ("a loop of bulk writes", calling(busy), time.clone()),
        (
            "a loop of refused growth",
            calling("(loop $again (drop (memory.grow (i32.const 65536))) (br $again)) (unreachable)"),
            time.clone(),
        ),
        ("a loop in realloc", edited(realloc, &format!("{realloc} {spin}")), time.clone()),
        ("a loop after the answer", super::bytes::wat(&post), time),
    ]
}

fn greedy() -> Vec<Row> {
    use Ends::Limit;
    let grow = |size: &str| format!("(drop (table.grow 0 (ref.null func) (i32.const {size}))) (unreachable)");
    let table = |size: &str| {
        let call = Guest::calling("(local.get 9999)").text();
        super::bytes::wat(&call.replacen("(local.get 9999)", &grow(size), 1))
    };
    let frame = "(func $wide (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64)
        (i32.add (call $wide (i32.add (local.get 0) (i32.const 1))) (i32.const 1))) (func $recurse";
    let wide = Guest::calling("(call $wide (i32.const 0))").text().replacen("(func $recurse", frame, 1);
    let indirect = Guest::calling(
        "(call_indirect (param i32 i32) (result i32) (i32.const 0) (i32.const 0) (i32.const 0))",
    )
    .text()
    .replacen("(func $call (export", "(elem (i32.const 0) $call) (func $call (export", 1);
    vec![
        (
            "memory, page by page",
            calling(
                "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)",
            ),
            Limit("memory"),
        ),
        (
            "memory, a page too many",
            calling(
                "(if (i32.eq (memory.grow (i32.const 64)) (i32.const -1)) (then unreachable)) (unreachable)",
            ),
            Limit("memory"),
        ),
        (
            "memory, all of it",
            calling(
                "(if (i32.eq (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable)) (unreachable)",
            ),
            Limit("memory"),
        ),
        ("a table, an element too many", table("20000"), Limit("table")),
        ("a table, all of it", table("-1"), Limit("table")),
        ("recursion", calling("(call $recurse (i32.const 0))"), Limit("stack")),
        ("recursion in wide frames", super::bytes::wat(&wide), Limit("stack")),
        ("recursion through a table", super::bytes::wat(&indirect), Limit("stack")),
        (
            "an answer, a byte too many",
            calling("(drop (memory.grow (i32.const 4))) (call $ok (i32.const 0) (i32.const 65537))"),
            Limit("output"),
        ),
        (
            "an answer of megabytes",
            calling("(drop (memory.grow (i32.const 60))) (call $ok (i32.const 0) (i32.const 3900000))"),
            Limit("output"),
        ),
    ]
}

fn trapping() -> Vec<Row> {
    use Ends::Failed;
    vec![
        ("an abort", calling("(unreachable)"), Failed("wasm trap: wasm `unreachable` instruction executed")),
        (
            "a division by zero",
            calling("(i32.div_u (i32.const 1) (i32.const 0))"),
            Failed("wasm trap: integer divide by zero"),
        ),
        (
            "an overflow",
            calling("(i32.div_s (i32.const 0x80000000) (i32.const -1))"),
            Failed("wasm trap: integer overflow"),
        ),
        (
            "NaN as a number",
            calling("(i32.trunc_f64_s (f64.const nan))"),
            Failed("wasm trap: invalid conversion to integer"),
        ),
        (
            "a read past its memory",
            calling("(i32.load (i32.const -4))"),
            Failed("wasm trap: out of bounds memory access"),
        ),
        (
            "a read far past its memory",
            calling("(i32.load offset=0xffffffff (i32.const -1))"),
            Failed("wasm trap: out of bounds memory access"),
        ),
        (
            "a write across its end",
            calling("(i64.store (i32.const 65529) (i64.const 1)) (i32.const 16)"),
            Failed("wasm trap: out of bounds memory access"),
        ),
        (
            "a copy past its memory",
            calling("(memory.copy (i32.const 0) (i32.const 65000) (i32.const 65000)) (i32.const 16)"),
            Failed("wasm trap: out of bounds memory access"),
        ),
        ("a call of nothing", calling("(call_indirect (result i32) (i32.const 0))"), Failed("wasm trap: ")),
        (
            "a call past its table",
            calling("(call_indirect (result i32) (i32.const 99))"),
            Failed("wasm trap: "),
        ),
    ]
}

fn lying() -> Vec<Row> {
    use Ends::{Failed, Limit};
    let returning = "(local.get $at))";
    let failure = |code: &str, size: &str| {
        let call = Guest::calling("(call $failure)").text();
        let call =
            call.replacen("(data (i32.const 64) \"no.good\")", &format!("(data (i32.const 64) {code})"), 1);
        super::bytes::wat(&call.replacen(
            "(i32.store (i32.const 24) (i32.const 7))",
            &format!("(i32.store (i32.const 24) (i32.const {size}))"),
            1,
        ))
    };
    vec![
        ("a length past its memory", calling("(call $ok (i32.const 0) (i32.const -1))"), Failed("list pointer/length out of bounds of memory")),
        ("a pointer past its memory", calling("(call $ok (i32.const 65536) (i32.const 1))"), Failed("list pointer/length out of bounds of memory")),
        ("a sum that wraps round", calling("(call $ok (i32.const -16) (i32.const 32))"), Failed("list pointer/length out of bounds of memory")),
        ("a result past its memory", calling("(i32.const -4)"), Failed("pointer out of bounds of memory")),
        ("a result between two words", calling("(i32.const 17)"), Failed("return pointer not aligned")),
        ("a case that is not there", calling("(drop (call $ok (i32.const 0) (i32.const 0))) (i32.store8 (i32.const 16) (i32.const 7)) (i32.const 16)"), Failed("invalid expected discriminant")),
        ("room past its memory", edited(returning, "(drop (local.get $at)) (i32.const -8))"), Failed("realloc return: ")),
        ("a failure that is not UTF-8", failure("\"\\ff\\fe.good\"", "7"), Failed("invalid utf-8 sequence")),
        ("a failure past its memory", failure("\"no.good\"", "-1"), Failed("string pointer/length out of bounds")),
        ("a failure of all its memory", failure("\"no.good\"", "65000"), Failed("no.good")),
        ("a failure of control characters", failure("\"\\1b[2J\\07\\00\\0a\"", "7"), Failed(" [2J")),
        ("a failure of megabytes", edited("(func $call (export \"call\") (param i32 i32) (result i32)", "(func $call (export \"call\") (param i32 i32) (result i32)
            (drop (memory.grow (i32.const 60))) (drop (call $failure)) (i32.store (i32.const 32) (i32.const 3000000)) (return (i32.const 16))"), Limit("output")),
    ]
}

fn answering() -> Vec<Row> {
    use Ends::Failed;
    let broken = "its answer breaks the contract: ";
    let answer = |text: &str| Guest::answering(text).bytes();
    let filled = |text: &str, byte: u8, times: usize| {
        let guest = Guest { call: "(local.get 9999)", ..Guest::answering(text) };
        super::bytes::wat(&guest.text().replacen("(local.get 9999)", &fill(text, byte, times), 1))
    };
    let finding = json!({"severity": "error", "code": "a", "message": "b"});
    let object = json!({"object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}});
    let secret = json!({"object": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}});
    let bytes = {
        let text = Guest { answer: "XX".into(), ..Guest::default() }.text();
        super::bytes::wat(
            &text.replacen("\"XX\"", "\"\\22\\ff\\22\"", 1).replace("(i32.const 2)", "(i32.const 3)"),
        )
    };
    vec![
        ("nothing", answer(""), Failed(broken)),
        ("no JSON", answer("<html>"), Failed(broken)),
        ("half of it", answer(r#"{"objects":[{"obj"#), Failed(broken)),
        ("more than it", answer("{}{}"), Failed(broken)),
        ("bytes that are not UTF-8", bytes, Failed(broken)),
        ("half a character", answer(r#"{"notes":["\ud800"]}"#), Failed(broken)),
        ("NaN", answer(r#"{"objects":[{"object":{"a":NaN}}]}"#), Failed(broken)),
        ("infinity", answer(r#"{"objects":[{"object":{"a":1e999}}]}"#), Failed(broken)),
        ("another shape", answer("[]"), Failed(broken)),
        ("lists without end", filled("", b'[', 60_000), Failed(broken)),
        (
            "lists without end in an object",
            filled(r#"{"objects":[{"object":{"a":"#, b'[', 60_000),
            Failed(broken),
        ),
        ("zeros without end", filled(r#"{"a":1"#, b'0', 60_000), Failed(broken)),
        ("blanks without end", filled("", b' ', 60_000), Failed(broken)),
        (
            "too many objects",
            answer(&json!({"objects": vec![object; 17]}).to_string()),
            Failed("17 objects, at most 16"),
        ),
        (
            "too many findings",
            answer(&json!({"findings": vec![finding; 17]}).to_string()),
            Failed("17 findings, at most 16"),
        ),
        (
            "too many notes",
            answer(&json!({"notes": vec!["n"; 17]}).to_string()),
            Failed("17 notes, at most 16"),
        ),
        (
            "a note without end",
            answer(&json!({"notes": ["n".repeat(5000)]}).to_string()),
            Failed("a note is longer"),
        ),
        (
            "an object of another kind",
            answer(&json!({"objects": [secret]}).to_string()),
            Failed("it rendered v1/Secret"),
        ),
        (
            "an object without a name",
            answer(r#"{"objects":[{"object":{"apiVersion":"v1","kind":"ConfigMap"}}]}"#),
            Failed("an object lacks"),
        ),
    ]
}
