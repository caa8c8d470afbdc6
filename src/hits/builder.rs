//! From a catalog of handlers to running ones.
//! Never stops at the first problem: all of them come back at once.

use std::sync::Arc;
use std::time::Duration;

use super::board::{Board, Schedule};
use super::counts::Bounds;
use super::pending::PendingBounds;
use super::rounds::Rounds;
use super::tally::Tally;
use super::{BoxedHandler, HitHandler, Hits};
use crate::clock::{Tick, unix_now_ns};

/// The variable, and its alias, in the order in which they count.
const INTERVAL_NAMES: [&str; 2] =
    ["EGRET_HITS_INTERVAL_SECONDS", "DOWNLOAD_COUNT_DUMP_JOB_INTERVAL_SECONDS"];
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
/// A day; whoever waits longer loses a day at a crash.
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);
const LONGEST_NAME: usize = 64;

/// Why hit handlers could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HitsError {
    /// The catalog or a setting is not valid.
    #[error("hit handlers: {}", .problems.join("; "))]
    #[non_exhaustive]
    Invalid {
        /// One fragment for each problem: what it is about, what it was, what would be valid.
        problems: Vec<String>,
    },
    /// The operating system gave no thread.
    #[error("cannot start the thread of the hit handler {handler}")]
    #[non_exhaustive]
    Thread {
        /// The handler that has no thread.
        handler: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Builds [`Hits`]. What code sets goes before what the environment says.
#[must_use = "handlers run once `start` is called"]
pub struct HitsBuilder {
    interval: Option<Duration>,
    /// The name and the value of the variable that says the interval.
    said: Option<(&'static str, String)>,
    max_keys: usize,
    max_key_bytes: u64,
    max_pending: usize,
    catalog: Vec<(String, BoxedHandler)>,
}

impl HitsBuilder {
    pub(super) fn new() -> Self {
        Self {
            interval: None,
            said: None,
            max_keys: 100_000,
            max_key_bytes: 32 << 20,
            max_pending: 60,
            catalog: Vec::new(),
        }
    }

    /// Reads `EGRET_HITS_INTERVAL_SECONDS`, else its alias
    /// `DOWNLOAD_COUNT_DUMP_JOB_INTERVAL_SECONDS`, unless code sets the interval: whole seconds
    /// from 1 to 86400.
    pub fn env(self) -> Self {
        self.variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into()))
    }

    /// As [`HitsBuilder::env`], from any lookup.
    pub fn variables(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let said = |name| Some((name, lookup(name).filter(|value| !value.trim().is_empty())?));
        self.said = INTERVAL_NAMES.into_iter().find_map(said);
        self
    }

    /// Time between two snapshots, from 1 ms to a day; the first is taken after one interval.
    /// Defaults to 60 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Distinct hits in a snapshot; more are counted under `{overflow}`. Hits with a status of 400
    /// and up get at most half of it, so that requests for what does not exist leave room for
    /// what does. Defaults to 100,000.
    pub fn max_keys(mut self, n: usize) -> Self {
        self.max_keys = n;
        self
    }

    /// Bytes of the distinct hits in a snapshot, with the same two rules as
    /// [`HitsBuilder::max_keys`]. All snapshots that one handler has yet to try stay below it
    /// together, so egret never holds more than this, twice for each handler and once besides.
    /// Defaults to 32 MiB.
    pub fn max_key_bytes(mut self, n: u64) -> Self {
        self.max_key_bytes = n;
        self
    }

    /// Snapshots that may wait for a handler, besides the one that it tried; beyond it the oldest
    /// two become one. Defaults to 60.
    pub fn max_pending(mut self, n: usize) -> Self {
        self.max_pending = n;
        self
    }

    /// Adds a handler to the catalog, under a name of its own: at most 64 characters out of
    /// `A-Z a-z 0-9 _ - .`. Every handler is given every hit.
    pub fn handler(mut self, name: impl Into<String>, handler: impl HitHandler) -> Self {
        self.catalog.push((name.into(), Box::new(handler)));
        self
    }

    /// Starts one thread for each handler, named `egret-hits-` and the handler's name.
    ///
    /// # Errors
    /// When the catalog or a setting is not valid (all problems come back at once), or the
    /// operating system gives no thread.
    pub fn start(self) -> Result<Hits, HitsError> {
        let mut problems = self.catalog_problems();
        let interval = self.checked_interval(&mut problems);
        let limits = [
            ("max_keys", self.max_keys == 0),
            ("max_key_bytes", self.max_key_bytes == 0),
            ("max_pending", self.max_pending == 0),
        ];
        let zeros = limits.iter().filter(|(_, is_zero)| *is_zero);
        problems.extend(zeros.map(|(name, _)| format!("{name}: 0 is not a number from 1")));
        if !problems.is_empty() {
            return Err(HitsError::Invalid { problems });
        }
        let table = Bounds { keys: self.max_keys, key_bytes: self.max_key_bytes };
        let names = self.catalog.iter().map(|(name, _)| name.clone());
        let board = Board::new(names, PendingBounds { snapshots: self.max_pending, table });
        let schedule = Schedule::new(interval, Tick::now());
        let rounds = Arc::new(Rounds::new(board, schedule, Tally::new(table, unix_now_ns())));
        // From here on an early return drops the handle, and with it the threads that run already.
        let hits = Hits::of(Arc::clone(&rounds));
        for (lane, (name, handler)) in self.catalog.into_iter().enumerate() {
            let started = rounds.start(lane, &name, handler);
            started.map_err(|source| HitsError::Thread { handler: name, source })?;
        }
        Ok(hits)
    }

    fn catalog_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.catalog.is_empty() {
            problems.push("there is no handler; add one with `handler(name, handler)`".to_owned());
        }
        for (place, (name, _)) in self.catalog.iter().enumerate() {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(is_plain) {
                problems.push(format!(
                    "{name:?} is not a handler's name; accepted are 1 to {LONGEST_NAME} \
                     characters out of A-Z a-z 0-9 _ - ."
                ));
            }
            if self.catalog[..place].iter().any(|(earlier, _)| earlier == name) {
                problems.push(format!("two handlers are named {name:?}; names must differ"));
            }
        }
        problems
    }

    fn checked_interval(&self, problems: &mut Vec<String>) -> Duration {
        if let Some(interval) = self.interval {
            if !(Duration::from_millis(1)..=LONGEST_INTERVAL).contains(&interval) {
                problems.push(format!("interval: {interval:?} is not from 1 ms to a day"));
            }
            return interval;
        }
        let Some((name, value)) = &self.said else {
            return DEFAULT_INTERVAL;
        };
        match value.trim().parse::<u64>() {
            Ok(seconds) if (1..=LONGEST_INTERVAL.as_secs()).contains(&seconds) => {
                Duration::from_secs(seconds)
            }
            _ => {
                let value = crate::redact::text(value);
                let most = LONGEST_INTERVAL.as_secs();
                problems.push(format!(
                    "{name}: {value:?} is not a whole number of seconds from 1 to {most}"
                ));
                DEFAULT_INTERVAL
            }
        }
    }
}

impl std::fmt::Debug for HitsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.catalog.iter().map(|(name, _)| name).collect();
        f.debug_struct("HitsBuilder").field("handlers", &names).finish_non_exhaustive()
    }
}
