//! What the graph must know of a node type: its groups, its place in the order, its link rules.

use std::collections::BTreeMap;

/// Rank of a type that is not known: after every core type (the catalogue's own default is the same).
pub const DEFAULT_RANK: i32 = 50;

/// One node type, reduced to what the graph needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeInfo {
    /// What `type` of a node holds.
    pub name: String,
    /// Groups that link rules may name as `trait:<name>`.
    pub traits: Vec<String>,
    /// Place in the apply order; smaller comes first.
    pub rank: i32,
    /// Which pairs have a meaning; each pair is declared by one of its ends.
    pub links: Vec<Rule>,
}

/// A meaning that an edge between two types has, whatever its direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// What the link does, for instance `selects`.
    pub role: String,
    /// Type names, or `trait:<name>`.
    pub peers: Vec<String>,
}

/// An end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Where the edge leaves from.
    Source,
    /// Where it arrives at.
    Target,
}

/// The meaning of a pair of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<'t> {
    /// The role of the rule that matched.
    pub role: &'t str,
    /// The end whose type declares the rule.
    pub declared_by: End,
}

/// All node types of an installation. The last one of a name wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Types(BTreeMap<String, TypeInfo>);

impl Types {
    /// A type by name.
    pub fn info(&self, name: &str) -> Option<&TypeInfo> {
        self.0.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A type's place in the order; [`DEFAULT_RANK`] when it is not known.
    pub fn rank(&self, name: &str) -> i32 {
        self.info(name).map_or(DEFAULT_RANK, |info| info.rank)
    }

    /// What an edge from one type to another means, `None` when neither end declares the pair.
    ///
    /// A rule that names the peer's type beats one that names a trait, an earlier rule a later one. When
    /// both ends declare the pair, the type whose name sorts first wins, so that turning the edge round
    /// changes nothing; only between nodes of one type does the direction tell the ends apart, and the
    /// source is taken as the declaring end.
    pub fn relate(&self, source: &str, target: &str) -> Option<Relation<'_>> {
        let (source, target) = (self.info(source)?, self.info(target)?);
        let found = [(End::Source, source, target), (End::Target, target, source)]
            .into_iter()
            .filter_map(|(end, declarer, peer)| {
                let (by_trait, role) = declarer.rule_for(peer)?;
                Some(((by_trait, &declarer.name), Relation { role, declared_by: end }))
            })
            .min_by_key(|(preference, _)| *preference);
        found.map(|(_, relation)| relation)
    }
}

impl TypeInfo {
    /// The role of the best rule for a peer, and whether it matched by a trait only.
    fn rule_for(&self, peer: &Self) -> Option<(bool, &str)> {
        let matches = self.links.iter().filter_map(|rule| {
            let named = rule.peers.contains(&peer.name);
            let grouped = || {
                let groups = rule.peers.iter().filter_map(|name| name.strip_prefix("trait:"));
                groups.into_iter().any(|group| peer.traits.iter().any(|own| own == group))
            };
            (named || grouped()).then_some((!named, rule.role.as_str()))
        });
        matches.min_by_key(|(by_trait, _)| *by_trait)
    }
}

impl FromIterator<TypeInfo> for Types {
    fn from_iter<I: IntoIterator<Item = TypeInfo>>(types: I) -> Self {
        Self(types.into_iter().map(|info| (info.name.clone(), info)).collect())
    }
}
