//! The policy: deny by default, one function.

use super::{Actor, Role};
use crate::id::UserId;

/// What somebody wants to do with a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See it.
    Read,
    /// Make one.
    Create,
    /// Change or remove it.
    Write,
    /// Run it, or deploy to it.
    Use,
}

/// What a grant on a shared object allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// See it.
    Viewer,
    /// See and use it.
    Editor,
    /// See, use and describe it.
    Admin,
}

/// What the action is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Something that belongs to one account.
    Owned(UserId),
    /// Something of another account that was shared with the caller.
    Shared(Access),
    /// A new thing that will belong to the caller.
    Own,
    /// What every signed-in user may see: templates, the built-in cluster.
    Common,
    /// What everybody may do without signing in: register, log in.
    Public,
    /// Server-wide settings and other accounts.
    Server,
}

/// Why not. A face answers `Hidden` like an unknown id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in.
    #[error("sign in first")]
    Anonymous,
    /// The caller may not even know that it exists.
    #[error("not found")]
    Hidden,
    /// The caller knows it and lacks the permission.
    #[error("permission missing")]
    Forbidden,
}

/// Decides. Everything not listed is denied.
pub fn allow(actor: &Actor, action: Action, subject: Subject) -> Result<(), Denied> {
    let (id, role) = match actor {
        Actor::System => return Ok(()),
        Actor::Anonymous => {
            return if subject == Subject::Public { Ok(()) } else { Err(Denied::Anonymous) };
        }
        Actor::User { id, role } => (*id, *role),
    };
    match (subject, action) {
        (Subject::Public | Subject::Own, _)
        | (Subject::Common, Action::Read | Action::Use)
        | (Subject::Shared(_), Action::Read)
        | (Subject::Shared(Access::Editor | Access::Admin), Action::Use) => Ok(()),
        (Subject::Owned(owner), _) if owner == id => Ok(()),
        (Subject::Server, _) if role == Role::Admin => Ok(()),
        (Subject::Owned(_), _) => Err(Denied::Hidden),
        _ => Err(Denied::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Raw;

    #[test]
    fn the_whole_matrix() {
        let id = UserId::from(Raw::derived(&["ana"]));
        let other = UserId::from(Raw::derived(&["ben"]));
        let user = Actor::User { id, role: Role::User };
        let admin = Actor::User { id, role: Role::Admin };
        let actions = [Action::Read, Action::Create, Action::Write, Action::Use];
        let (yes, hidden, no, sign_in) =
            (Ok(()), Err(Denied::Hidden), Err(Denied::Forbidden), Err(Denied::Anonymous));
        // One row a subject: the answers for read, create, write, use.
        for (actor, subject, expected) in [
            (user, Subject::Owned(id), [yes; 4]),
            (user, Subject::Owned(other), [hidden; 4]),
            // An admin has no extra rights on other users' items (contract 1.4).
            (admin, Subject::Owned(other), [hidden; 4]),
            (user, Subject::Own, [yes; 4]),
            (user, Subject::Common, [yes, no, no, yes]),
            (user, Subject::Server, [no; 4]),
            (admin, Subject::Server, [yes; 4]),
            (user, Subject::Shared(Access::Viewer), [yes, no, no, no]),
            (user, Subject::Shared(Access::Editor), [yes, no, no, yes]),
            (user, Subject::Shared(Access::Admin), [yes, no, no, yes]),
            (Actor::Anonymous, Subject::Public, [yes; 4]),
            (Actor::Anonymous, Subject::Common, [sign_in; 4]),
            (Actor::Anonymous, Subject::Owned(id), [sign_in; 4]),
            (Actor::System, Subject::Owned(other), [yes; 4]),
        ] {
            for (action, expected) in actions.into_iter().zip(expected) {
                assert_eq!(allow(&actor, action, subject), expected, "{actor:?} {action:?} {subject:?}");
            }
        }
    }
}
