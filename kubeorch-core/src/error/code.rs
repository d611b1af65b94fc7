//! A stable error code and what always holds for it.

/// The class of an error; a face maps it to a status or an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The request or its data is wrong; repeating it unchanged fails again.
    Invalid,
    /// Nobody is signed in, or the credentials are no longer good.
    Unauthenticated,
    /// A known caller lacks a permission on an object it may know of.
    Forbidden,
    /// There is no such object, or the caller may not know of it.
    NotFound,
    /// The object changed meanwhile, or exists already.
    Conflict,
    /// A stated size limit was passed.
    TooLarge,
    /// Too many requests; try again later.
    Limited,
    /// A cluster, the store or another part cannot be reached now.
    Unavailable,
    /// The disk is full.
    Full,
    /// Somebody asked for the operation to stop.
    Cancelled,
    /// A fault of this program.
    Internal,
}

/// A stable code: its name never changes its meaning once released.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `<thing>.<what>`, for instance `workflow.not_found`.
    pub name: &'static str,
    /// The class that every error of this code belongs to.
    pub kind: Kind,
    /// Whether repeating the same request may succeed.
    pub retry: bool,
    /// The next step for the person who sees it; an error may carry a more exact one.
    pub hint: &'static str,
    /// Markdown: what it means, likely causes, how to fix.
    pub page: &'static str,
}

impl Code {
    /// Finds a code by its name.
    pub fn find(name: &str) -> Option<&'static Self> {
        super::codes::ALL.iter().copied().find(|code| code.name == name)
    }
}
