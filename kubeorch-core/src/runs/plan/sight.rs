//! What is in the cluster of what a plan is about, seen with as few calls as there are kinds.
//!
//! One list a kind shows everything that carries the workflow's label. What is wanted and not among it may be somebody else's: the names
//! of a kind and namespace are listed where many are wanted, else each is read. An account that may not list is served by reads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::planner::{PARALLEL, Planner};
use crate::kube::{self, Head, Scope};
use crate::manifest::{Key, Kind, Object};
use crate::runs::Error;
use crate::runs::prepare::{Prepared, WORKFLOW_LABEL};

/// So many wanted objects of one kind and namespace are looked for by a list of names instead of reads.
const MANY: usize = 8;

/// Group, kind, namespace, name: what makes an object the same object.
pub(super) type Place = (String, String, Option<String>, String);

pub(super) fn place(key: &Key) -> Place {
    (key.kind.group().to_owned(), key.kind.kind.clone(), key.namespace.clone(), key.name.clone())
}

/// Group and kind.
pub(super) type Family = (String, String);

pub(super) fn family(kind: &Kind) -> Family {
    (kind.group().to_owned(), kind.kind.clone())
}

/// What of an object was seen.
pub(super) enum Seen {
    Whole(Box<Object>),
    /// Without its content.
    Head(Head),
}

/// The cluster as a plan sees it.
pub(super) struct Sight {
    seen: HashMap<Place, Seen>,
    /// Places of everything that carries the workflow's label.
    pub(super) labelled: Vec<Place>,
    unserved: HashSet<Family>,
}

impl Sight {
    /// Whether the cluster serves a kind that the graph wants.
    pub(super) fn serves(&self, kind: &Kind) -> bool {
        !self.unserved.contains(&family(kind))
    }

    pub(super) fn find(&self, key: &Key) -> Option<&Seen> {
        self.seen.get(&place(key))
    }

    /// An object that was seen whole.
    pub(super) fn whole(&self, place: &Place) -> Option<&Object> {
        match self.seen.get(place)? {
            Seen::Whole(object) => Some(object),
            Seen::Head(_) => None,
        }
    }
}

impl Planner<'_> {
    /// Looks; `missing` are namespaces that hold nothing because they are not there.
    pub(super) async fn look(&self, prepared: &Prepared, missing: &BTreeSet<String>) -> Result<Sight, Error> {
        let mut wanted: HashMap<Place, Key> = HashMap::new();
        let mut kinds: BTreeMap<Family, Kind> = BTreeMap::new();
        for object in prepared.nodes.iter().flat_map(|node| node.objects.iter()) {
            kinds.entry(family(&object.kind())).or_insert_with(|| object.kind());
            wanted.insert(place(&object.key()), object.key());
        }
        let unserved = self.unserved(&kinds).await?;
        if self.options.prune {
            let types = self.types.list();
            let rendered = types.iter().flat_map(|info| &info.kinds).map(|info| &info.kind);
            for kind in rendered.chain(self.inventory.iter().map(|tracked| &tracked.key.kind)) {
                kinds.entry(family(kind)).or_insert_with(|| kind.clone());
            }
        }
        kinds.retain(|family, _| !unserved.contains(family));
        let mut sight = Sight { seen: HashMap::new(), labelled: Vec::new(), unserved };
        let lists: Vec<_> = kinds.into_values().map(|kind| self.labelled(kind, &wanted)).collect();
        let lists: Vec<Vec<Object>> = stream::iter(lists).buffered(PARALLEL).try_collect().await?;
        for object in lists.into_iter().flatten() {
            let at = place(&object.key());
            sight.labelled.push(at.clone());
            sight.seen.insert(at, Seen::Whole(Box::new(object)));
        }
        self.others(&wanted, missing, &mut sight).await?;
        Ok(sight)
    }

    async fn unserved(&self, kinds: &BTreeMap<Family, Kind>) -> Result<HashSet<Family>, Error> {
        let mut unserved = HashSet::new();
        for (family, kind) in kinds {
            if self.cluster.namespaced(kind).await?.is_none() {
                unserved.insert(family.clone());
            }
        }
        Ok(unserved)
    }

    /// Everything of a kind that carries the workflow's label; where that may not be listed, what is in the namespaces
    /// that the workflow is known to use.
    async fn labelled(&self, kind: Kind, wanted: &HashMap<Place, Key>) -> Result<Vec<Object>, Error> {
        let labels = format!("{WORKFLOW_LABEL}={}", self.workflow);
        let scope = |namespace| Scope { kind: kind.clone(), namespace, labels: labels.clone() };
        match self.cluster.list(&scope(None)).await {
            Err(kube::Error::Denied(_)) => {}
            Err(error) => return Err(error.into()),
            Ok(objects) => return Ok(objects),
        }
        let tracked = self.inventory.iter().map(|tracked| &tracked.key);
        let namespaces: BTreeSet<String> = wanted
            .values()
            .chain(tracked)
            .filter(|key| family(&key.kind) == family(&kind))
            .filter_map(|key| key.namespace.clone())
            .collect();
        let mut objects = Vec::new();
        for namespace in namespaces {
            match self.cluster.list(&scope(Some(namespace))).await {
                // What is wanted is read one by one, then.
                Err(kube::Error::Denied(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(found) => objects.extend(found),
            }
        }
        Ok(objects)
    }

    /// Looks for what is wanted and does not carry the label.
    async fn others(
        &self,
        wanted: &HashMap<Place, Key>,
        missing: &BTreeSet<String>,
        sight: &mut Sight,
    ) -> Result<(), Error> {
        let mut groups: BTreeMap<(Family, Option<&str>), Vec<&Key>> = BTreeMap::new();
        for (at, key) in wanted {
            let nowhere = key.namespace.as_ref().is_some_and(|namespace| missing.contains(namespace));
            if !nowhere && !sight.seen.contains_key(at) && sight.serves(&key.kind) {
                groups.entry((family(&key.kind), key.namespace.as_deref())).or_default().push(key);
            }
        }
        let mut alone = Vec::new();
        let mut many = Vec::new();
        for keys in groups.into_values() {
            if keys.len() > MANY { many.push(keys) } else { alone.extend(keys) }
        }
        let many: Vec<_> = many.into_iter().map(|keys| self.heads(keys)).collect();
        let many: Vec<_> = stream::iter(many).buffered(PARALLEL).try_collect().await?;
        for (heads, unread) in many {
            alone.extend(unread);
            for head in heads {
                let at = place(&head.key);
                if wanted.contains_key(&at) {
                    sight.seen.insert(at, Seen::Head(head));
                }
            }
        }
        let reads =
            alone.into_iter().map(|key| async move { Ok::<_, Error>((key, self.cluster.get(key).await?)) });
        // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
        let reads: Vec<_> = stream::iter(reads.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await?;
        for (key, object) in reads {
            if let Some(object) = object {
                sight.seen.insert(place(key), Seen::Whole(Box::new(object)));
            }
        }
        Ok(())
    }

    /// The names of the kind and namespace of these, or these back where that may not be listed.
    async fn heads<'k>(&self, keys: Vec<&'k Key>) -> Result<(Vec<Head>, Vec<&'k Key>), Error> {
        let Some(first) = keys.first() else { return Ok((Vec::new(), keys)) };
        let scope =
            Scope { kind: first.kind.clone(), namespace: first.namespace.clone(), labels: String::new() };
        match self.cluster.heads(&scope).await {
            Ok(heads) => Ok((heads, Vec::new())),
            Err(kube::Error::Denied(_)) => Ok((Vec::new(), keys)),
            Err(error) => Err(error.into()),
        }
    }
}
