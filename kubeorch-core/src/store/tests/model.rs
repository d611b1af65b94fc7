//! Random work against a plain map.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::prelude::*;

use crate::store::key::{Desc, Key};
use crate::store::{Batch, Error, Expect, Store, Table, Write};
use crate::time::Time;

const T: Table = Table("model");
type Model = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
    /// Put only when the key holds what the flag says.
    PutIf(Vec<u8>, Vec<u8>, bool),
    Range(Bound<Vec<u8>>, Bound<Vec<u8>>, bool, usize),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0, 1, 0x61, 0xff]), 0..4)
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![Just(Bound::Unbounded), key().prop_map(Bound::Included), key().prop_map(Bound::Excluded)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (key(), key()).prop_map(|(key, value)| Step::Put(key, value)),
        key().prop_map(Step::Remove),
        (key(), key(), any::<bool>()).prop_map(|(key, value, there)| Step::PutIf(key, value, there)),
        (bound(), bound(), any::<bool>(), 0..9_usize)
            .prop_map(|(from, to, reverse, limit)| Step::Range(from, to, reverse, limit)),
    ]
}

fn inside(key: &[u8], from: &Bound<Vec<u8>>, to: &Bound<Vec<u8>>) -> bool {
    let above = match from {
        Bound::Included(from) => key >= from.as_slice(),
        Bound::Excluded(from) => key > from.as_slice(),
        Bound::Unbounded => true,
    };
    above
        && match to {
            Bound::Included(to) => key <= to.as_slice(),
            Bound::Excluded(to) => key < to.as_slice(),
            Bound::Unbounded => true,
        }
}

fn change(store: &dyn Store, model: &mut Model, key: Vec<u8>, value: Option<Vec<u8>>, old: Option<Expect>) {
    let good = old.as_ref().is_none_or(|old| model.get(&key) == old.value.as_ref());
    let expect = old.into_iter().collect();
    let writes = vec![Write { table: T, key: key.clone(), value: value.clone() }];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let done = runtime.block_on(store.commit(Batch { expect, writes, ..Batch::default() }));
    assert_eq!(good, done.is_ok(), "{done:?}");
    assert!(good || matches!(done, Err(Error::Conflict { .. })));
    if good {
        match value {
            Some(value) => model.insert(key, value),
            None => model.remove(&key),
        };
    }
}

fn apply(store: &dyn Store, model: &mut Model, step: Step) {
    match step {
        Step::Put(key, value) => change(store, model, key, Some(value), None),
        Step::Remove(key) => change(store, model, key, None, None),
        Step::PutIf(key, value, there) => {
            let old = there.then(|| model.get(&key).cloned().unwrap_or_default());
            let old = Expect { table: T, key: key.clone(), value: old };
            change(store, model, key, Some(value), Some(old));
        }
        Step::Range(from, to, reverse, limit) => {
            let view = store.snapshot().unwrap();
            let (low, high) = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
            let found = view.range(T, low, high, reverse, limit).unwrap();
            let mut wanted: Vec<_> = model
                .iter()
                .filter(|(key, _)| inside(key, &from, &to))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            assert_eq!(view.count(T, low, high).unwrap(), wanted.len());
            if reverse {
                wanted.reverse();
            }
            wanted.truncate(limit);
            assert_eq!(found, wanted);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_is_an_ordered_map(steps in prop::collection::vec(step(), 1..60)) {
        let (store, mut model) = (super::memory(), Model::new());
        for step in steps {
            apply(&*store, &mut model, step);
        }
    }

    #[test]
    fn keys_sort_like_their_values(a in any::<(String, i64, Option<u32>)>(), b in any::<(String, i64, Option<u32>)>()) {
        // Half of the pairs share their text, so that later parts decide.
        for b in [b.clone(), (a.0.clone(), b.1, b.2)] {
            prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
            prop_assert_eq!(Desc(a.clone()).to_bytes().cmp(&Desc(b.clone()).to_bytes()), b.cmp(&a));
        }
        let (x, y) = (Time::from_millis(a.1), Time::from_millis(b.1));
        prop_assert_eq!(x.to_bytes().cmp(&y.to_bytes()), x.cmp(&y));
    }

    #[test]
    fn texts_with_zeros_sort_too(a in "[\0\u{1}a\u{7f}]{0,4}", b in "[\0\u{1}a\u{7f}]{0,4}", c in any::<u8>(), d in any::<u8>()) {
        prop_assert_eq!((a.as_str(), c).to_bytes().cmp(&(b.as_str(), d).to_bytes()), (a, c).cmp(&(b, d)));
    }
}

#[cfg(feature = "redb")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redb_is_an_ordered_map_also_after_it_was_reopened(
        first in prop::collection::vec(step(), 1..40),
        second in prop::collection::vec(step(), 1..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Model::new();
        for steps in [first, second] {
            let store = super::files::open(folder.path()).unwrap();
            for step in steps {
            apply(&store, &mut model, step);
        }
        }
    }
}
