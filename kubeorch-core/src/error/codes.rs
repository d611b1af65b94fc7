//! Every code of this library. A code without its page in `codes/` does not compile.

use super::{Code, Kind};

macro_rules! codes {
    ($($constant:ident = $name:literal, $kind:ident, $retry:literal, $hint:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`\n\n", include_str!(concat!("codes/", $name, ".md")))]
            pub const $constant: &Code = &Code {
                name: $name,
                kind: Kind::$kind,
                retry: $retry,
                hint: $hint,
                page: include_str!(concat!("codes/", $name, ".md")),
            };
        )*
        /// All codes, in the order of this file.
        pub const ALL: &[&Code] = &[$($constant),*];
    };
}

codes! {
    STORE_UNAVAILABLE = "store.unavailable", Unavailable, true, "Try again; if it stays, look at the server's log.";
    STORE_LOCKED = "store.locked", Unavailable, true, "Another process has this store open: stop it, or choose another data directory.";
    STORE_NEWER = "store.newer", Invalid, false, "The store was written by a newer release: upgrade, or choose another data directory.";
    STORE_DAMAGED = "store.damaged", Internal, false, "Restore a backup; keep the damaged file for analysis.";
    STORE_FULL = "store.full", Full, true, "Free some space on the disk of the data directory.";
    STORE_RESERVE = "store.reserve", Invalid, false, "Set `store.reserve` (`--store-reserve`) to a small part of the disk.";
    STORE_UNRELATED = "store.unrelated", Invalid, false, "Name a backup of this store, or take a full one; restore a full backup and its increments in order.";
    STORE_DESTINATION = "store.destination", Unavailable, true, "Free space there, or choose another place; the store itself is not affected.";
    STORE_READ_ONLY = "store.read_only", Unavailable, true, "Look at the disk of the data directory; the server writes again by itself once the disk does.";
    STORE_UNKNOWN = "store.outcome_unknown", Unavailable, true, "Read what you changed; if it is not there, send the change again.";
    STORE_TRIMMED = "store.trimmed", Invalid, false, "Read the current state and follow from there.";
    STORE_BUSY = "store.busy", Limited, true, "Too many writes are waiting; try again in a moment.";
    STORE_TAKEN = "store.taken", Conflict, false, "Choose another name.";
    STORE_LEASE_LOST = "store.lease_lost", Conflict, true, "Another worker took over; take up new work instead.";
    STORE_NOT_EMPTY = "store.not_empty", Conflict, false, "Import into a new, empty store.";
    STORE_EXPORT_INVALID = "store.export_invalid", Invalid, false, "Copy or write the export again, and import it into an empty store.";
    STORE_TOO_LARGE = "store.too_large", TooLarge, false, "Split the change into smaller ones.";
    PLUGIN_INVALID = "plugin.invalid", Invalid, false, "Build the component against the published interface.";
    PLUGIN_FAILED = "plugin.failed", Internal, false, "Report this to the plugin's author; other plugins are not affected.";
    PLUGIN_LIMIT = "plugin.limit", Invalid, false, "Make the node's data smaller, or raise the plugin limits.";
    PLUGIN_REJECTED = "plugin.rejected", Invalid, false, "Correct what the message names; the plugin refused the request.";
    PLUGIN_QUARANTINED = "plugin.quarantined", Unavailable, true, "Wait until the plugin is tried again, or install another version of it.";
    PLUGIN_NOT_LOADED = "plugin.not_loaded", NotFound, false, "Install a plugin with this id.";
    PLUGIN_BUSY = "plugin.busy", Limited, true, "Too many plugin calls are waiting; try again in a moment.";
    PLUGIN_HOST = "plugin.host", Unavailable, false, "See the log: the plugin host needs threads and address space from the system.";
    PLUGIN_NOT_FOUND = "plugin.not_found", NotFound, false, "List the plugins to see their ids.";
    PLUGIN_BUILT_IN = "plugin.built_in", Conflict, false, "Upgrade the program to upgrade what comes with it.";
    PLUGIN_EXISTS = "plugin.exists", Conflict, false, "Upgrade the plugin instead.";
    PLUGIN_NOT_NEWER = "plugin.not_newer", Conflict, false, "Raise the version, or allow the downgrade.";
    PLUGIN_NO_PREVIOUS = "plugin.no_previous", Conflict, false, "Install the version that you want.";
    PLUGIN_IN_USE = "plugin.in_use", Conflict, false, "Remove its nodes from the workflows that are named, or force the removal.";
    PLUGIN_UNTRUSTED = "plugin.untrusted", Invalid, false, "Add the signer's public key to `plugins.trusted_keys`.";
    PLUGIN_TOO_LARGE = "plugin.too_large", TooLarge, false, "Build the component for release and strip it.";
    PLUGIN_FULL = "plugin.full", Conflict, false, "Remove a plugin that nobody uses.";
    PLUGIN_SOURCE_REFUSED = "plugin.source_refused", Invalid, false, "Give a public https address, or fetch the component yourself and install its file.";
    PLUGIN_SOURCE_FAILED = "plugin.source_failed", Unavailable, true, "Correct the source, and try again.";
    CLUSTER_UNREACHABLE = "cluster.unreachable", Unavailable, true, "Check the address, the network and the certificate of the cluster.";
    CLUSTER_DENIED = "cluster.denied", Unavailable, false, "Check the cluster's credentials and their permissions.";
    CLUSTER_REJECTED = "cluster.rejected", Invalid, false, "Correct what the API server names and repeat.";
    CLUSTER_CONFLICT = "cluster.conflict", Conflict, true, "Another manager owns these fields; repeat with force to take them over.";
    CREDENTIALS_INVALID = "credentials.invalid", Invalid, false, "Correct the cluster credentials.";
    GRAPH_INVALID = "graph.invalid", Invalid, false, "Correct every finding and repeat; nothing was applied.";
    REQUEST_INVALID = "request.invalid", Invalid, false, "Correct the request; the message names the member.";
    NOT_SIGNED_IN = "auth.required", Unauthenticated, false, "Sign in and send the token as `Authorization: Bearer <token>`.";
    TOKEN_INVALID = "auth.token_invalid", Unauthenticated, false, "Sign in again.";
    CREDENTIALS_WRONG = "auth.wrong_credentials", Unauthenticated, false, "Check the address and the password.";
    AUTH_BUSY = "auth.busy", Limited, true, "Too many sign-ins at once; try again in a few seconds.";
    PERMISSION_MISSING = "auth.forbidden", Forbidden, false, "Ask an admin, or the owner of the object.";
    REGISTRATION_CLOSED = "auth.registration_closed", Forbidden, false, "Ask an admin for an account.";
    INVITE_REQUIRED = "auth.invite_required", Forbidden, false, "Ask an admin for the current invite code.";
    USER_EXISTS = "user.exists", Conflict, false, "Sign in instead, or use another address.";
    USER_NOT_FOUND = "user.not_found", NotFound, false, "Sign in again.";
    WORKFLOW_NOT_FOUND = "workflow.not_found", NotFound, false, "List your workflows to see their ids.";
    WORKFLOW_CONFLICT = "workflow.conflict", Conflict, true, "Read the workflow again, merge your change and save with the new revision.";
    WORKFLOW_NOT_PUBLISHED = "workflow.not_published", Invalid, false, "Publish the workflow first.";
    VERSION_NOT_FOUND = "version.not_found", NotFound, false, "List the versions of the workflow.";
    CLUSTER_NOT_FOUND = "cluster.not_found", NotFound, false, "List your clusters to see their names.";
    CLUSTER_EXISTS = "cluster.exists", Conflict, false, "Choose another name, or change the cluster that is there.";
    CLUSTER_FOREIGN = "cluster.object_foreign", Conflict, false, "Rename the node, or run with `adopt` to take the object over.";
    RUN_NOT_FOUND = "run.not_found", NotFound, false, "List the runs of the workflow.";
    RUN_ACTIVE = "run.active", Conflict, true, "Wait for the run that is named, or cancel it.";
    RUN_FAILED = "run.failed", Invalid, false, "Mend what the message names and run again.";
    RUN_ENDED = "run.ended", Conflict, false, "Start a new run.";
    RUN_NOT_WAITING = "run.not_waiting", Conflict, false, "Read the run: it says what it waits for.";
    RUN_PLAN_CHANGED = "run.plan_changed", Conflict, false, "Look at the plan of now and give its hash.";
    RUN_CONTENT_CHANGED = "run.content_changed", Conflict, false, "Start a new run: what was applied stays and is not applied again.";
    RUN_NOT_APPROVER = "run.not_approver", Forbidden, false, "Ask one of the accounts that the run names.";
    SHUTTING_DOWN = "server.shutting_down", Unavailable, true, "Try again in a moment.";
}
