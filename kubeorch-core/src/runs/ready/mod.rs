//! Whether an object is what it was asked to be.
//!
//! A table of rules, one for each kind that Kubernetes brings, over objects as a cluster holds them; other kinds by their
//! conditions. An expression of the user's own takes the place of the rule. What clients see of a node comes from its
//! plugin; when a run may go on is decided here.
//!
//! Decided, where practice differs:
//!
//! * An **Ingress** is ready once it is there. Without a controller it never gets an address, and many controllers never
//!   write one.
//! * A **Service** of type `LoadBalancer` waits for its address: that is what was asked for.
//! * A **`PodDisruptionBudget`** is ready once its controller has seen it; whether enough pods are up is the matter of
//!   their workload.
//! * A **`Job`** is ready when it is complete. A pause or suspension that the graph itself asks for is no reason to wait; one
//!   that somebody else set is.
//! * A **claim** whose class waits for a first consumer is ready while it waits (see `observe`, which hears of it by an event).
//! * What is being deleted is not ready.

mod expression;
mod readiness;
mod rules;
mod survey;

pub(super) use expression::{Expression, check};
pub(super) use readiness::{Phase, Readiness};
pub(super) use rules::{assess, known};
