//! What people and programs see: the terminal, tables, live progress, JSON and YAML.
//!
//! Boundary: [`terminal`] alone writes to stdout and stderr; everything else here makes text.

mod format;
mod progress;
mod style;
mod table;
mod terminal;

pub(crate) use format::{Format, document};
pub(crate) use progress::{Progress, Row, seconds};
pub(crate) use style::{Tone, paint, tone};
pub(crate) use table::Table;
pub(crate) use terminal::{Color, Terminal};
