//! Properties and tables of examples, one file per subject.

mod examples;
