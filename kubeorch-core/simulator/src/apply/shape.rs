//! How one part of an object merges.

/// The merge behaviour of a value. What a shape doesn't name follows its JSON type: objects are
/// granular, lists are atomic (as lists without `x-kubernetes-list-type` are).
#[derive(Debug)]
pub(crate) enum Shape {
    /// Follows its JSON type; named children have shapes of their own.
    Fields(&'static [(&'static str, &'static Shape)]),
    /// Replaced as a whole.
    Atomic,
    /// A list whose items are known by keys, in the order given.
    Keyed(&'static [Key], &'static Shape),
    /// A list of scalars that is a set.
    Set,
}

/// A key of a keyed list and the default the API gives it.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) default: Option<&'static str>,
}

impl Shape {
    /// Everything follows its JSON type.
    pub(crate) const PLAIN: Shape = Shape::Fields(&[]);

    /// The shape of a named child.
    pub(crate) fn child(&self, name: &str) -> &'static Shape {
        static PLAIN: Shape = Shape::PLAIN;
        match self {
            Self::Fields(children) => {
                children.iter().find(|(known, _)| *known == name).map_or(&PLAIN, |(_, shape)| shape)
            }
            _ => &PLAIN,
        }
    }
}
