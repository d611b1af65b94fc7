//! What every backend must do, as checks that run on any of them.
//!
//! A backend's tests call [`all`] with a function that makes an empty store. A check panics when the
//! backend is wrong; it runs on a runtime with several workers.

use std::collections::BTreeSet;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::sync::Arc;

use super::{Batch, Error, Event, Expect, History, NewEvent, Seq, Store, Table, Write};

const T: Table = Table("conformance");
const OTHER: Table = Table("conformance.other");

type Shared = Arc<dyn Store>;

/// Runs every check, each on an empty store of its own.
pub async fn all(make: impl Fn() -> Shared) {
    ordered_ranges(make()).await;
    whole_or_nothing(make()).await;
    preconditions(make()).await;
    snapshots_stay(make()).await;
    streams_count_on_their_own(make()).await;
    a_refused_batch_harms_no_neighbour(make()).await;
    events_have_no_gap(make()).await;
    increments_lose_nothing(make()).await;
    too_large_is_refused(make()).await;
    trimmed_events_are_missed_and_numbers_go_on(make()).await;
    tables_are_told(make()).await;
    streams_are_told(make()).await;
    a_log_is_restored_where_it_continues(make).await;
}

fn put(table: Table, key: &[u8], value: &[u8]) -> Write {
    Write { table, key: key.to_vec(), value: Some(value.to_vec()) }
}

fn expect(key: &[u8], value: Option<&[u8]>) -> Expect {
    Expect { table: T, key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
}

fn event(stream: &str) -> NewEvent {
    NewEvent { stream: stream.to_owned(), kind: "made".to_owned(), payload: b"{}".to_vec() }
}

fn get(store: &Shared, key: &[u8]) -> Option<Vec<u8>> {
    store.snapshot().expect("a snapshot").get(T, key).expect("a read")
}

async fn commit(store: &Shared, batch: Batch) -> Seq {
    store.commit(batch).await.expect("a commit")
}

/// Keys come in byte order, within bounds, from either end, at most `limit`; a table that is not there is empty.
async fn ordered_ranges(store: Shared) {
    type Case = (Bound<&'static [u8]>, Bound<&'static [u8]>, bool, usize, &'static str);
    let keys: [&[u8]; 6] = [b"", b"a", b"a\0", b"ab", b"b", b"\xff\xff"];
    let writes = keys.iter().rev().map(|key| put(T, key, key)).chain([put(OTHER, b"a", b"x")]).collect();
    commit(&store, Batch { writes, ..Batch::default() }).await;
    // A digit of the result is a place in `keys`.
    let cases: &[Case] = &[
        (Unbounded, Unbounded, false, 99, "012345"),
        (Unbounded, Unbounded, true, 99, "543210"),
        (Unbounded, Unbounded, false, 2, "01"),
        (Unbounded, Unbounded, true, 2, "54"),
        (Unbounded, Unbounded, false, 0, ""),
        (Included(b"a"), Excluded(b"b"), false, 99, "123"),
        (Included(b"a"), Excluded(b"b"), true, 2, "32"),
        (Excluded(b"a"), Included(b"b"), false, 99, "234"),
        (Included(b"a"), Included(b"a"), false, 99, "1"),
        (Excluded(b"a"), Excluded(b"a"), false, 99, ""),
        (Included(b"b"), Excluded(b"a"), false, 99, ""),
        (Included(b"c"), Unbounded, false, 99, "5"),
        (Unbounded, Excluded(b""), true, 99, ""),
    ];
    let view = store.snapshot().expect("a snapshot");
    for &(from, to, reverse, limit, wanted) in cases {
        let rows = view.range(T, from, to, reverse, limit).expect("a range");
        let found: String = rows
            .iter()
            .map(|(key, _)| keys.iter().position(|it| it == key).expect("a key").to_string())
            .collect();
        assert_eq!(found, wanted, "{from:?} {to:?} reverse {reverse} limit {limit}");
        assert!(rows.iter().all(|(key, value)| key == value));
        if limit == 99 {
            assert_eq!(view.count(T, from, to).expect("a count"), wanted.len(), "{from:?} {to:?}");
        }
    }
    let nowhere = Table("conformance.nowhere");
    assert_eq!(view.range(nowhere, Unbounded, Unbounded, false, 9).expect("a range"), []);
    assert_eq!(view.count(nowhere, Unbounded, Unbounded).expect("a count"), 0);
    assert_eq!(view.get(nowhere, b"a").expect("a read"), None);
}

/// Of a batch that is refused nothing is there; in one that is taken the last write to a key wins.
async fn whole_or_nothing(store: Shared) {
    let refused = Batch {
        expect: vec![expect(b"a", None), expect(b"b", Some(b"never"))],
        writes: vec![put(T, b"a", b"1"), put(OTHER, b"a", b"1")],
        events: vec![event("s")],
        trim: Seq(9),
        ..Batch::default()
    };
    match store.commit(refused).await {
        Err(Error::Conflict { table, key }) => assert_eq!((table, key.as_slice()), (T.0, &b"b"[..])),
        other => panic!("{other:?}"),
    }
    assert_eq!(get(&store, b"a"), None);
    assert_eq!(store.snapshot().expect("a snapshot").seq(), Seq(0));
    assert_eq!(*store.head().borrow(), Seq(0));
    let gone = Write { value: None, ..put(T, b"b", b"") };
    let writes = vec![put(T, b"a", b"1"), put(T, b"b", b"1"), put(T, b"a", b"2"), gone];
    let seq =
        commit(&store, Batch { writes, events: vec![event("s"), event("s")], ..Batch::default() }).await;
    assert_eq!((seq, get(&store, b"a"), get(&store, b"b")), (Seq(2), Some(b"2".to_vec()), None));
    assert_eq!(*store.head().borrow(), Seq(2));
    assert_eq!(commit(&store, Batch::default()).await, Seq(2), "without events: the newest number");
}

/// A precondition compares the whole value, and tells absent from empty.
async fn preconditions(store: Shared) {
    commit(&store, Batch { writes: vec![put(T, b"k", b""), put(T, b"l", b"one")], ..Batch::default() }).await;
    for (key, value, good) in [
        (&b"k"[..], Some(&b""[..]), true),
        (b"k", None, false),
        (b"l", Some(b"one"), true),
        (b"l", Some(b"on"), false),
        (b"l", None, false),
        (b"m", None, true),
        (b"m", Some(b""), false),
    ] {
        let done = store.commit(Batch { expect: vec![expect(key, value)], ..Batch::default() }).await;
        assert_eq!(done.is_ok(), good, "{key:?} {value:?}: {done:?}");
    }
}

/// A view shows its moment, whatever is committed later.
async fn snapshots_stay(store: Shared) {
    commit(
        &store,
        Batch { writes: vec![put(T, b"k", b"old")], events: vec![event("s")], ..Batch::default() },
    )
    .await;
    let view = store.snapshot().expect("a snapshot");
    let change = Batch {
        writes: vec![put(T, b"k", b"new"), put(T, b"l", b"new")],
        events: vec![event("s"), event("t")],
        ..Batch::default()
    };
    commit(&store, change).await;
    assert_eq!(view.get(T, b"k").expect("a read"), Some(b"old".to_vec()));
    assert_eq!(view.count(T, Unbounded, Unbounded).expect("a count"), 1);
    assert_eq!(view.seq(), Seq(1));
    assert_eq!(view.events(Seq(0), 99).expect("events").len(), 1);
    assert_eq!(view.stream("s", 0, 99).expect("events").len(), 1);
    assert_eq!(get(&store, b"k"), Some(b"new".to_vec()));
}

/// Each stream counts from 1, and names that start alike are different streams.
async fn streams_count_on_their_own(store: Shared) {
    let names = ["run:1", "run:10", "", "run:1", "run:1\0", "run:1", "run:10"];
    for pair in names.chunks(2) {
        commit(&store, Batch { events: pair.iter().map(|name| event(name)).collect(), ..Batch::default() })
            .await;
    }
    let view = store.snapshot().expect("a snapshot");
    let all = view.events(Seq(0), 99).expect("events");
    assert_eq!(all.iter().map(|it| it.stream.as_str()).collect::<Vec<_>>(), names);
    assert_eq!(all.iter().map(|it| it.stream_seq).collect::<Vec<_>>(), [1, 1, 1, 2, 1, 3, 2]);
    assert_eq!(all.iter().map(|it| it.seq.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    for (stream, after, limit, wanted) in [
        ("run:1", 0, 99, &[1, 4, 6][..]),
        ("run:1", 1, 99, &[4, 6]),
        ("run:1", 1, 1, &[4]),
        ("run:1", u64::MAX, 1, &[]),
        ("run:", 0, 99, &[]),
        ("run:1\0", 0, 99, &[5]),
        ("", 0, 99, &[3]),
    ] {
        let found = view.stream(stream, after, limit).expect("events");
        assert_eq!(found.iter().map(|it| it.seq.0).collect::<Vec<_>>(), wanted, "{stream:?} {after}");
    }
    assert_eq!(view.events(Seq(5), 1).expect("events"), all[5..6]);
    assert_eq!(view.events(Seq(u64::MAX), 1).expect("events"), []);
}

/// Of batches that are committed together each is judged alone.
async fn a_refused_batch_harms_no_neighbour(store: Shared) {
    let commits = (0..200_u32).map(|number| {
        let key = number.to_be_bytes();
        let expect = if number % 3 == 0 { vec![expect(b"never", Some(b"there"))] } else { Vec::new() };
        store.commit(Batch {
            expect,
            writes: vec![put(T, &key, &key)],
            events: vec![event("s")],
            ..Batch::default()
        })
    });
    let done = futures::future::join_all(commits).await;
    for (number, done) in (0..200_u32).zip(&done) {
        let there = get(&store, &number.to_be_bytes()).is_some();
        assert_eq!((done.is_ok(), there), (number % 3 != 0, number % 3 != 0), "{number}: {done:?}");
    }
    assert_eq!(*store.head().borrow(), Seq(133));
}

/// 32 writers of shared and own streams: the log has every number once, and so has each stream.
async fn events_have_no_gap(store: Shared) {
    let writers = (0..32).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            for round in 0..8 {
                let own = format!("own:{writer}");
                let events = vec![event("shared"), event(&own)];
                let seq = commit(&store, Batch { events, ..Batch::default() }).await;
                let view = store.snapshot().expect("a snapshot");
                assert!(view.seq() >= seq, "an answered commit is visible");
                let last = view.events(Seq(seq.0 - 1), 1).expect("events").remove(0);
                assert_eq!((last.stream, last.stream_seq), (own, round + 1));
                mine.push(seq);
            }
            mine
        })
    });
    let mut answered = BTreeSet::new();
    for writer in futures::future::join_all(writers).await {
        answered.extend(writer.expect("a writer"));
    }
    assert_eq!(answered.len(), 256);
    let view = store.snapshot().expect("a snapshot");
    let all = view.events(Seq(0), 9999).expect("events");
    assert!(all.iter().map(|it| it.seq.0).eq(1..=512), "every number once, in order");
    assert!(view.stream("shared", 0, 9999).expect("events").iter().map(|it| it.stream_seq).eq(1..=256));
    assert_eq!(*store.head().borrow(), Seq(512));
}

/// Compare-and-set increments by 16 tasks all count.
async fn increments_lose_nothing(store: Shared) {
    let tasks = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..8 {
                loop {
                    let old = get(&store, b"n");
                    let next = old.as_deref().map_or(0, |bytes| bytes[0]) + 1;
                    let expect = vec![expect(b"n", old.as_deref())];
                    match store
                        .commit(Batch { expect, writes: vec![put(T, b"n", &[next])], ..Batch::default() })
                        .await
                    {
                        Ok(_) => break,
                        Err(Error::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        })
    });
    for task in futures::future::join_all(tasks).await {
        task.expect("a task");
    }
    assert_eq!(get(&store, b"n"), Some(vec![128]));
}

async fn too_large_is_refused(store: Shared) {
    let batch = Batch { writes: vec![put(T, b"k", &vec![0; Batch::MAX_BYTES])], ..Batch::default() };
    assert!(matches!(store.commit(batch).await, Err(Error::TooLarge { .. })));
    assert_eq!(get(&store, b"k"), None);
}

/// Trimming takes the oldest events, readers from before are told, and no number is given twice.
async fn trimmed_events_are_missed_and_numbers_go_on(store: Shared) {
    for stream in ["a", "b", "a", "c", "a"] {
        commit(&store, Batch { events: vec![event(stream)], ..Batch::default() }).await;
    }
    let before = store.snapshot().expect("a snapshot");
    // The event of the batch itself is newer than anything that it may trim.
    let trim = Batch { events: vec![event("c")], trim: Seq(4), ..Batch::default() };
    assert_eq!(commit(&store, trim).await, Seq(6));
    let seqs = |events: Vec<Event>| events.iter().map(|it| it.seq.0).collect::<Vec<_>>();
    let view = store.snapshot().expect("a snapshot");
    assert_eq!((view.trimmed(), view.seq()), (Seq(4), Seq(6)));
    assert_eq!(seqs(view.events(Seq(4), 9).expect("events")), [5, 6]);
    for after in 0..4 {
        let missed = view.events(Seq(after), 9);
        assert!(matches!(missed, Err(Error::Trimmed { upto: Seq(4) })), "{after}: {missed:?}");
    }
    for (stream, left) in [("a", &[5][..]), ("b", &[]), ("c", &[6])] {
        assert_eq!(seqs(view.stream(stream, 0, 9).expect("events")), left, "{stream}");
    }
    // What an older view still shows of the log is whole, or it says that it is not.
    match before.events(Seq(0), 9) {
        Ok(events) => assert_eq!(seqs(events), [1, 2, 3, 4, 5]),
        Err(error) => assert!(matches!(error, Error::Trimmed { .. }), "{error}"),
    }
    drop((before, view));
    let all = Batch { trim: Seq(99), ..Batch::default() };
    assert_eq!(commit(&store, all).await, Seq(6), "an empty log keeps its number");
    let next = Batch { events: vec![event("a"), event("b"), event("c")], ..Batch::default() };
    assert_eq!(commit(&store, next).await, Seq(9));
    let view = store.snapshot().expect("a snapshot");
    let last = view.events(Seq(6), 9).expect("events");
    assert_eq!(last.iter().map(|it| it.stream_seq).collect::<Vec<_>>(), [4, 2, 3]);
    commit(&store, Batch { trim: Seq(3), ..Batch::default() }).await;
    assert_eq!(store.snapshot().expect("a snapshot").trimmed(), Seq(6), "trimming never goes back");
}

async fn tables_are_told(store: Shared) {
    commit(&store, Batch { writes: vec![put(T, b"a", b""), put(OTHER, b"b", b"")], ..Batch::default() })
        .await;
    assert_eq!(store.snapshot().expect("a snapshot").tables().expect("tables"), [T.0, OTHER.0]);
    commit(&store, Batch { writes: vec![Write { value: None, ..put(T, b"a", b"") }], ..Batch::default() })
        .await;
    assert_eq!(store.snapshot().expect("a snapshot").tables().expect("tables"), [OTHER.0]);
}

/// Streams come in byte order with what they have counted, trimmed or not, as of the view.
async fn streams_are_told(store: Shared) {
    for stream in ["b", "a\0", "", "a", "b", "a"] {
        commit(&store, Batch { events: vec![event(stream)], ..Batch::default() }).await;
    }
    let before = store.snapshot().expect("a snapshot");
    commit(&store, Batch { events: vec![event("b"), event("c")], trim: Seq(5), ..Batch::default() }).await;
    let view = store.snapshot().expect("a snapshot");
    let all = [("", 1), ("a", 2), ("a\0", 1), ("b", 3), ("c", 1)];
    for (after, limit, wanted) in [
        (None, 9, &all[..]),
        (None, 2, &all[..2]),
        (Some(""), 9, &all[1..]),
        (Some("a"), 1, &all[2..3]),
        (Some("c"), 9, &[]),
    ] {
        let found = view.streams(after, limit).expect("streams");
        assert!(
            found.iter().map(|(name, count)| (name.as_str(), *count)).eq(wanted.iter().copied()),
            "{after:?} {found:?}"
        );
    }
    let found = before.streams(None, 9).expect("streams");
    let wanted = [("", 1), ("a", 2), ("a\0", 1), ("b", 2)];
    assert!(found.iter().map(|(name, count)| (name.as_str(), *count)).eq(wanted), "{found:?}");
}

/// A log that was exported goes on with its own numbers and times; what does not continue it is refused without a trace.
async fn a_log_is_restored_where_it_continues(make: impl Fn() -> Shared) {
    let old = |seq, stream: &str, stream_seq| {
        let NewEvent { stream, kind, payload } = event(stream);
        Event { seq: Seq(seq), stream_seq, at: -5, stream, kind, payload }
    };
    let part = |trimmed, streams: &[(&str, u64)], events: Vec<Event>| {
        let streams = streams.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let history = Some(History { trimmed: Seq(trimmed), streams, events });
        Batch { history, writes: vec![put(T, b"k", b"v")], ..Batch::default() }
    };
    let store = make();
    assert_eq!(commit(&store, part(7, &[("quiet", 4)], Vec::new())).await, Seq(7));
    assert_eq!(
        commit(&store, part(7, &[], vec![old(8, "a", 3), old(9, "a", 4), old(10, "b", 1)])).await,
        Seq(10)
    );
    assert_eq!(commit(&store, part(7, &[], vec![old(11, "quiet", 5)])).await, Seq(11));
    assert_eq!(*store.head().borrow(), Seq(11));
    for wrong in [
        part(7, &[], vec![old(13, "a", 5)]),
        part(7, &[], vec![old(12, "a", 6)]),
        part(7, &[], vec![old(12, "c", 0)]),
        part(7, &[], vec![old(12, "a", 5), old(12, "a", 6)]),
        part(7, &[("a", 9)], Vec::new()),
        part(6, &[], vec![old(12, "a", 5)]),
        part(0, &[], vec![old(12, "a", 5)]),
    ] {
        let wrong = Batch { writes: vec![put(OTHER, b"k", b"v")], ..wrong };
        let refused = store.commit(wrong).await;
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{refused:?}");
    }
    let next = Batch { events: vec![event("quiet"), event("a"), event("new")], ..Batch::default() };
    assert_eq!(commit(&store, next).await, Seq(14));
    let view = store.snapshot().expect("a snapshot");
    assert_eq!((view.trimmed(), view.tables().expect("tables")), (Seq(7), vec![T.0.to_owned()]));
    let all = view.events(Seq(7), 9).expect("events");
    assert_eq!(all.iter().map(|it| it.stream_seq).collect::<Vec<_>>(), [3, 4, 1, 5, 6, 5, 1]);
    assert!(all[..4].iter().all(|event| event.at == -5));
    assert_eq!(view.stream("quiet", 0, 9).expect("events").len(), 2);
    // A log without a trimmed part begins at 1, also in each stream.
    let store = make();
    let refused = store.commit(part(0, &[], vec![old(1, "a", 2)])).await;
    assert!(matches!(refused, Err(Error::Damaged { .. })), "{refused:?}");
    assert_eq!(commit(&store, part(0, &[], vec![old(1, "a", 1), old(2, "a", 2)])).await, Seq(2));
}
