//! Every kind of fault is found, and named by its place.

use super::layer::{Ship, fleet, ship, sound};
use super::{clock, db, dbs};
use crate::store::memory::Memory;
use crate::store::verify::{Faults, MAX_FAULTS};
use crate::store::{Batch, Db, Error, Key, Query, Reader, Schema, Seq, Table, Write};

async fn set(db: &Db, table: Table, key: Vec<u8>, value: Option<&[u8]>) {
    let writes = vec![Write { table, key, value: value.map(<[u8]>::to_vec) }];
    db.store().commit(Batch { writes, ..Batch::default() }).await.unwrap();
}

fn places(db: &Db, schema: &Schema) -> Vec<String> {
    let mut places: Vec<_> = db.verify(schema).unwrap().into_iter().map(|fault| fault.place).collect();
    places.dedup();
    places
}

#[tokio::test]
async fn wrong_rows_are_found() {
    type Case = (&'static str, Table, Vec<u8>, Option<&'static [u8]>, &'static [&'static str]);
    let (ships, by_name, by_port) = (Table("ships"), Table("ships.by_name"), Table("ships.by_port"));
    let old = b"\x03{\"id\":2,\"name\":\"Bea\",\"port\":null,\"launched\":-1}";
    let other = b"\x03{\"id\":1,\"name\":\"Bea\",\"port\":\"Kiel\",\"launched\":2010}";
    let cases: [Case; 12] = [
        ("stray entry", by_name, "Zoe".to_bytes(), Some(&[0, 0, 0, 1]), &["ships.by_name"]),
        ("entry of nobody", by_port, "Oslo".to_bytes(), Some(&[0, 0, 0, 99]), &["ships.by_port"]),
        ("lost entry", by_name, "Ada".to_bytes(), None, &["ships.by_name"]),
        ("stolen entry", by_name, "Ada".to_bytes(), Some(&[0, 0, 0, 2]), &["ships.by_name"]),
        ("lost record", ships, 2_u32.to_bytes(), None, &["ships.by_name", "ships.by_port"]),
        ("torn record", ships, 2_u32.to_bytes(), Some(b"\x03{"), &["ships"]),
        ("newer record", ships, 2_u32.to_bytes(), Some(b"\x09{}"), &["ships"]),
        ("another key", ships, 2_u32.to_bytes(), Some(other), &["ships", "ships.by_port"]),
        ("impossible state", ships, 2_u32.to_bytes(), Some(old), &["ships", "ships.by_port"]),
        ("unknown table", Table("boats"), b"k".to_vec(), Some(b"v"), &["boats"]),
        ("short counter", Table("_counters"), b"k".to_vec(), Some(b"1"), &["_counters"]),
        ("zero guard", Table("_guards"), b"k".to_vec(), Some(&[0; 8]), &["_guards"]),
    ];
    for (name, table, key, value, wanted) in cases {
        let db = fleet().await;
        sound(&db);
        set(&db, table, key, value).await;
        assert_eq!(places(&db, &Schema::default().with::<Ship>()), wanted, "{name}");
    }
}

#[tokio::test]
async fn an_emptied_table_is_no_fault() {
    for (db, _folder) in dbs() {
        set(&db, Table("boats"), b"k".to_vec(), Some(b"v")).await;
        assert_eq!(places(&db, &Schema::default()), ["boats"]);
        set(&db, Table("boats"), b"k".to_vec(), None).await;
        assert_eq!(places(&db, &Schema::default()), [""; 0]);
    }
}

#[tokio::test]
async fn records_can_be_checked_against_each_other() {
    fn in_kiel(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
        reader.each(&Query::<Ship>::all(), |ship| {
            if ship.port.as_deref() != Some("Kiel") {
                faults.add("ships", ship.name);
            }
            Ok::<_, Error>(!faults.full())
        })
    }
    let db = fleet().await;
    let schema = Schema::default().with::<Ship>().also(in_kiel);
    let names: Vec<_> = db.verify(&schema).unwrap().into_iter().map(|fault| fault.what).collect();
    assert_eq!(names, ["Cleo", "Dora"]);
    // A record that does not read ends such a check, and the rest is still told.
    set(&db, Table("ships"), 1_u32.to_bytes(), Some(b"\x03{")).await;
    assert_eq!(places(&db, &schema), ["ships", "records"]);
}

#[tokio::test]
async fn a_broken_store_is_told_in_bounds() {
    let db = db();
    let rows =
        (0..5_000_u32).map(|id| Write { table: Table("ships"), key: id.to_bytes(), value: Some(vec![]) });
    db.store().commit(Batch { writes: rows.collect(), ..Batch::default() }).await.unwrap();
    assert_eq!(db.verify(&Schema::default().with::<Ship>()).unwrap().len(), MAX_FAULTS);
}

#[tokio::test]
async fn trimmed_logs_are_sound() {
    for (db, _folder) in dbs() {
        for (number, stream) in ["a", "b", "a", "c", "a", "b"].into_iter().enumerate() {
            db.write(|tx| tx.event(stream, "made", &number)).await.unwrap();
        }
        for upto in 0..=6 {
            db.store().commit(Batch { trim: Seq(upto), ..Batch::default() }).await.unwrap();
            assert_eq!(db.verify(&Schema::default()).unwrap(), [], "trimmed to {upto}");
        }
        db.write(|tx| tx.event("a", "made", &7)).await.unwrap();
        db.write(|tx| tx.insert(&ship(1, "Ada", "", 0))).await.unwrap();
        sound(&db);
    }
}

#[tokio::test]
async fn a_log_with_holes_is_found() {
    type Case = (&'static [(&'static str, u64)], &'static [&'static str]);
    let cases: [Case; 5] = [
        (&[("a", 1), ("b", 1), ("a", 2)], &[]),
        (&[("a", 1), ("a", 3)], &["event 2: what comes before 3 in its stream is missing"]),
        (&[("a", 2)], &["event 1: what comes before 2 in its stream is missing"]),
        (&[("a", 1), ("a", 1)], &["event 2: what comes before 1 in its stream is missing"]),
        (&[("a", 1), ("b", 2), ("b", 3)], &["event 2: what comes before 2 in its stream is missing"]),
    ];
    for (log, wanted) in cases {
        let store = Memory::new(clock());
        store.forge(log);
        let db = Db::new(std::sync::Arc::new(store), clock());
        let found: Vec<_> = db.verify(&Schema::default()).unwrap().into_iter().map(|it| it.what).collect();
        assert_eq!(found, wanted, "{log:?}");
    }
}
