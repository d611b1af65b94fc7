//! Export and import: the same on every backend, and nothing but a whole export is taken.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::layer::{BY_NAME, Ship, ship};
use super::{clock, db, dbs};
use crate::graph::Hash;
use crate::store::export::Exported;
use crate::store::import::Error as Refused;
use crate::store::{Batch, Db, Error, Key, Memory, Schema, Seq, Table, Write};

fn schema() -> Schema {
    Schema::default().with::<Ship>()
}

/// Records, a lease, counters, guards, streams with and without events, texts that need care.
async fn busy(db: &Db) {
    for batch in 0..7_u32 {
        db.write(|tx| {
            for id in batch * 100..batch * 100 + 100 {
                let port = if id % 7 == 0 { String::new() } else { format!("Kiel \u{1f6a2}\n\0{}", id % 5) };
                tx.insert(&ship(id, &format!("ship \"{id}\""), &port, i64::from(id)))?;
                let payload = serde_json::json!({ "id": id, "text": "a\nb" });
                tx.event(format!("ship:{}", id % 9), "launched", &payload)?;
                tx.next(&("ships", id % 3))?;
            }
            tx.guard(&"dock")
        })
        .await
        .unwrap();
    }
    db.write(|tx| tx.event("quiet\0", "made", &1)).await.unwrap();
    db.write(|tx| tx.event("ship:1", "sunk", &1.5e300)).await.unwrap();
    db.lease("scheduler", "a", Duration::from_secs(9)).await.unwrap().unwrap();
}

async fn trim(db: &Db, upto: u64) {
    db.store().commit(Batch { trim: Seq(upto), ..Batch::default() }).await.unwrap();
}

fn export(db: &Db) -> (String, Exported) {
    let mut out = Vec::new();
    let done = db.export(&schema(), &mut out).unwrap();
    (String::from_utf8(out).unwrap(), done)
}

fn body(text: &str) -> &str {
    text.split_once('\n').unwrap().1
}

/// The lines again, with an end that fits them.
fn sealed(lines: &[&str], rows: u64, events: u64) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let sum = Hash::from(<[u8; 32]>::from(Sha256::digest(text.as_bytes())));
    format!("{text}{{\"rows\":{rows},\"events\":{events},\"sha256\":\"{sum}\"}}\n")
}

async fn import(db: &Db, text: &str) -> Result<(), Refused> {
    db.import(&schema(), text.as_bytes()).await.map(|_| ())
}

#[tokio::test]
async fn a_store_survives_the_way_through_text() {
    for trimmed in [0, 300, 701, 702] {
        for (from, _from) in dbs() {
            busy(&from).await;
            trim(&from, trimmed).await;
            let (text, done) = export(&from);
            assert_eq!((done.rows, done.events, done.seq), (700 + 1 + 3 + 1, 702 - trimmed, Seq(702)));
            for (to, _to) in dbs() {
                let read = to.import(&schema(), text.as_bytes()).await.unwrap();
                assert_eq!(
                    (read.rows, read.events, read.seq, read.rewritten),
                    (done.rows, done.events, done.seq, 0)
                );
                assert_eq!(to.verify(&schema()).unwrap(), []);
                let (again, _) = export(&to);
                // The checksum at the end covers the header.
                let strip = |text: &str| body(text).rsplit_once(",\"sha256\"").unwrap().0.to_owned();
                assert_eq!(strip(&again), strip(&text));
                assert_eq!(to.read(|r| r.find(BY_NAME, &"ship \"8\"")).unwrap().unwrap().id, 8);
                assert!(!to.claim(&schema()).await.unwrap(), "it can be worked with");
                // It goes on where the other stood.
                let next = to.write(|tx| {
                    tx.event("quiet\0", "made", &2)?;
                    tx.next(&("ships", 2_u32))
                });
                assert_eq!(next.await.unwrap(), (234, Seq(703)));
                let newest = to.read(|r| r.stream("quiet\0", 1, 9)).unwrap();
                assert_eq!(newest.iter().map(|event| event.stream_seq).collect::<Vec<_>>(), [2]);
            }
        }
    }
}

#[tokio::test]
async fn what_is_cut_is_found_at_every_line() {
    let from = db();
    for id in 0..3 {
        from.write(|tx| {
            tx.insert(&ship(id, &id.to_string(), "", 0))?;
            tx.event("fleet", "grown", &id)
        })
        .await
        .unwrap();
    }
    let (text, _) = export(&from);
    let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for (lines, end) in ends.iter().enumerate() {
        for (cut, whole) in [(*end, lines + 1), (end - 1, lines), (end.saturating_sub(5), lines)] {
            let to = db();
            let done = import(&to, &text[..cut]).await;
            if cut == text.len() {
                done.unwrap();
            } else {
                assert!(
                    matches!(done, Err(Refused::Cut { line }) if line == whole as u64),
                    "{cut}: {done:?}"
                );
                let claimed = to.claim(&schema()).await;
                assert!(matches!(claimed, Err(Error::Damaged { .. })), "half an import is no store");
                assert!(matches!(import(&to, &text).await, Err(Refused::NotEmpty)));
                assert!(to.export(&schema(), &mut Vec::new()).is_err(), "nor is it passed on");
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_line() {
    let header = r#"{"kubeorch_export":1,"release":"0.1.0","seq":1,"trimmed":0,"created":0}"#;
    let one = r#"{"table":"ships","key":"AAAAAQ","schema":3,"value":{"id":1,"name":"Ada","port":null,"launched":1}}"#;
    let two = r#"{"table":"ships","key":"AAAAAg","schema":3,"value":{"id":2,"name":"Bea","port":null,"launched":1}}"#;
    let event = r#"{"event":1,"stream":"fleet","number":1,"at":5,"kind":"grown","payload":{}}"#;
    import(&db(), &sealed(&[header, one, two, event], 2, 1)).await.unwrap();
    let twin = one.replace("AAAAAQ", "AAAAAg").replace("\"id\":1", "\"id\":2");
    let cases: [(&str, &[&str], &str); 16] = [
        ("no export", &["{}"], "line 1: it does not begin an export: missing field"),
        ("no JSON", &[header, "dear diary"], "line 2: expected value"),
        ("newer form", &[&header.replace(":1,\"rel", ":2,\"rel")], "line 1 was written by a newer"),
        ("newer record", &[header, &one.replace(":3,", ":4,")], "line 2 was written by a newer"),
        ("foreign table", &[header, &one.replace("ships", "boats")], "line 2: no type of this release has"),
        ("other key", &[header, &one.replace("AAAAAQ", "AAAAAw")], "line 2: the record has another key"),
        ("no key", &[header, &one.replace("AAAAAQ", "%")], "line 2: its key is no base64url"),
        ("twice", &[header, one, one], "line 3: it is out of order, or there twice"),
        ("out of order", &[header, two, one], "line 3: it is out of order"),
        ("torn", &[header, &one.replace(",\"launched\":1", "")], "line 2: a record of ships cannot be read"),
        (
            "illegal",
            &[header, &one.replace("\"launched\":1", "\"launched\":-1")],
            "line 2: it was launched too early",
        ),
        ("unknown member", &[header, &event.replace("at", "au")], "line 2: unknown field `au`"),
        (
            "gap",
            &[header, &event.replace("\"event\":1", "\"event\":2")],
            "line 3: up to here: event 2 does not",
        ),
        (
            "stream gap",
            &[header, &event.replace("number\":1", "number\":2")],
            "line 3: up to here: event 1 does not",
        ),
        ("no event", &[header, one, two], "the export was changed after it was written: its log ends at 0"),
        (
            "two of a name",
            &[header, one, &twin, event],
            "the export holds 1 faults, the first in ships.by_name",
        ),
    ];
    for (name, lines, wanted) in cases {
        let events = lines.iter().filter(|line| line.contains("\"event\"")).count() as u64;
        let rows = lines.iter().filter(|line| line.contains("ships")).count() as u64;
        let refused = import(&db(), &sealed(lines, rows, events)).await.unwrap_err().to_string();
        assert!(refused.starts_with(wanted), "{name}: {refused}");
    }
    let whole = sealed(&[header, one, two, event], 2, 1);
    for (changed, wanted) in [
        (whole.replace("Ada", "Eva"), "the export was changed after it was written: its checksum differs"),
        (
            sealed(&[header, one, event], 2, 1),
            "the export was changed after it was written: it has lost rows",
        ),
        (format!("{whole}\n"), "line 5: something follows the end"),
    ] {
        let refused = import(&db(), &changed).await.unwrap_err().to_string();
        assert!(refused.starts_with(wanted), "{refused}");
    }
}

#[tokio::test]
async fn older_records_are_rewritten_on_the_way() {
    let header = r#"{"kubeorch_export":1,"release":"0.0.9","seq":0,"trimmed":0,"created":0}"#;
    let old = r#"{"table":"ships","key":"AAAAAQ","schema":1,"value":{"id":1,"name":"Ada"}}"#;
    let to = db();
    let done = to.import(&schema(), sealed(&[header, old], 1, 0).as_bytes()).await.unwrap();
    assert_eq!((done.rewritten, done.release.as_str()), (1, "0.0.9"));
    assert_eq!(to.read(|r| r.find(BY_NAME, &"Ada")).unwrap(), Some(ship(1, "Ada", "", 1900)));
    let again = to.rewrite(&schema(), |_| ControlFlow::Continue(())).await.unwrap();
    assert!(matches!(again, crate::store::Rewritten::All(done) if done.seen == 0));
}

#[tokio::test]
async fn what_would_be_lost_is_not_exported() {
    let unknown = Write { table: Table("boats"), key: vec![1], value: Some(vec![2]) };
    let torn = Write { table: Table("ships"), key: 1_u32.to_bytes(), value: Some(b"\x03{".to_vec()) };
    let short = Write { table: Table("_counters"), key: vec![1], value: Some(vec![2]) };
    for write in [unknown, torn, short] {
        let db = Db::new(Arc::new(Memory::new(clock())), clock());
        db.store().commit(Batch { writes: vec![write], ..Batch::default() }).await.unwrap();
        let refused = db.export(&schema(), &mut Vec::new());
        assert!(
            matches!(refused, Err(crate::store::export::Error::Store(Error::Damaged { .. }))),
            "{refused:?}"
        );
    }
}
