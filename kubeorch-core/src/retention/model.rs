//! How much is kept, and what a sweep removed.

use serde::{Deserialize, Serialize};

use super::Error;

/// How much is kept. What is over any limit of its kind goes; zero is no limit.
///
/// Kept whatever the limits: tagged and named versions, a workflow's newest one, those of its newest run, its
/// newest completed run and its active run; these runs themselves; and every event since the oldest active run
/// began. Only [`Policy::deleted_days`] takes those too, but for what still runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Versions of a workflow, by number from the newest. 1,000: more than people look through, and unchanged
    /// content is shared.
    pub versions: u64,
    /// Days that a version is kept. No limit: a quiet workflow must not lose its history to the calendar.
    pub version_days: u64,
    /// Runs of a workflow. 500: some months of deploying a few times a day.
    pub runs: u64,
    /// Days that a run is kept after its end. 90: a quarter, what audits commonly ask for.
    pub run_days: u64,
    /// Days that the log lines of a run are kept after its end. 30: the run itself tells the rest.
    pub log_days: u64,
    /// Bytes of log lines that an ended run keeps, the newest. 1 MiB: what follows repeats what came before.
    pub log_bytes: u64,
    /// Events of the whole store. 1,000,000: a client that was away for longer gets the state anew.
    pub events: u64,
    /// Days that an event is kept. 7: a client that resumes and a daily incremental backup, with a long weekend.
    pub event_days: u64,
    /// Bytes of all events. 1 GiB: the log must not become the larger part of the file.
    pub event_bytes: u64,
    /// Days after which a deleted workflow loses all its versions and runs. 30: time to notice a mistake and
    /// take a backup.
    pub deleted_days: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            versions: 1_000,
            version_days: 0,
            runs: 500,
            run_days: 90,
            log_days: 30,
            log_bytes: 1 << 20,
            events: 1_000_000,
            event_days: 7,
            event_bytes: 1 << 30,
            deleted_days: 30,
        }
    }
}

impl Policy {
    /// The longest age, in days: a hundred years. Who wants more sets no limit.
    pub const MAX_DAYS: u64 = 36_500;

    /// Keeps everything for ever.
    pub fn forever() -> Self {
        Self {
            versions: 0,
            version_days: 0,
            runs: 0,
            run_days: 0,
            log_days: 0,
            log_bytes: 0,
            events: 0,
            event_days: 0,
            event_bytes: 0,
            deleted_days: 0,
        }
    }

    /// Refuses ages over [`Policy::MAX_DAYS`].
    pub fn check(&self) -> Result<(), Error> {
        let ages = [
            ("version_days", self.version_days),
            ("run_days", self.run_days),
            ("log_days", self.log_days),
            ("event_days", self.event_days),
            ("deleted_days", self.deleted_days),
        ];
        match ages.into_iter().find(|(_, days)| *days > Self::MAX_DAYS) {
            Some((name, days)) => {
                let most = Self::MAX_DAYS;
                Err(Error::Policy(format!("retention: {name} is {days}, at most {most}; 0 is no limit")))
            }
            None => Ok(()),
        }
    }
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Versions.
    pub versions: u64,
    /// Runs, with their nodes.
    pub runs: u64,
    /// Log lines, those of removed runs among them.
    pub log_lines: u64,
    /// Events.
    pub events: u64,
}

impl Report {
    /// Whether there was nothing to remove.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
