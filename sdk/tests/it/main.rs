//! What the SDK promises to plugins that are built already.

mod wit;
