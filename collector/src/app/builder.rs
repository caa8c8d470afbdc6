//! Sets up an embedded collector.
//! It never fails before `start`: a bad value is kept until then.

use std::path::PathBuf;
use std::time::Duration;

use super::{Collector, StartError};
use crate::config::{LONGEST, Settings};
use crate::hits::specs;
use crate::queue::Durability;

/// An embedded collector that is being set up.
#[derive(Debug, Clone)]
pub struct Builder {
    settings: Settings,
    tokens: Vec<String>,
    hub_clients: Vec<String>,
    hits: Option<String>,
}

impl Default for Builder {
    fn default() -> Self {
        let settings =
            Settings { listen: "127.0.0.1:0".to_owned(), data_dir: None, ..Settings::default() };
        Self { settings, tokens: Vec::new(), hub_clients: Vec::new(), hits: None }
    }
}

impl Builder {
    /// The address to listen on. Defaults to `127.0.0.1:0`, any free port of this machine alone;
    /// an address that other machines reach needs a token.
    #[must_use]
    pub fn listen(mut self, listen: impl Into<String>) -> Self {
        self.settings.listen = listen.into();
        self
    }

    /// The directory of the data. Defaults to a temporary one that is removed at the end.
    #[must_use]
    pub fn data_dir(mut self, data_dir: impl Into<PathBuf>) -> Self {
        self.settings.data_dir = Some(data_dir.into());
        self
    }

    /// Adds a token that lets in. Defaults to none, which lets everyone in.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.tokens.push(token.into());
        self
    }

    /// Adds a service that reports by the hub protocol of Apitally's SDKs under this client id, a
    /// UUID. Defaults to none, which turns the protocol off.
    #[must_use]
    pub fn hub_client(mut self, client_id: &str, service: &str) -> Self {
        self.hub_clients.push(format!("{client_id}={service}"));
        self
    }

    /// The handlers of hits, as an inline table of TOML:
    /// `{ downloads = { handler = "count_to_sqlite", path = "hits.db" } }`. Defaults to none.
    #[must_use]
    pub fn hits(mut self, handlers: impl Into<String>) -> Self {
        self.hits = Some(handlers.into());
        self
    }

    /// How often handlers of hits run that do not say it themselves. Defaults to 60 seconds; more
    /// than a year counts as a year, as for the timeouts.
    #[must_use]
    pub fn hits_interval(mut self, interval: Duration) -> Self {
        self.settings.hits.interval = interval.min(LONGEST);
        self
    }

    /// The largest batch as received. Defaults to 4 MiB.
    #[must_use]
    pub fn max_batch_bytes(mut self, n_bytes: usize) -> Self {
        self.settings.limits.n_batch_bytes = n_bytes;
        self
    }

    /// The largest batch when decompressed. Defaults to 32 MiB.
    #[must_use]
    pub fn max_decoded_bytes(mut self, n_bytes: usize) -> Self {
        self.settings.limits.n_decoded_bytes = n_bytes;
        self
    }

    /// The most records of one batch. Defaults to 100,000.
    #[must_use]
    pub fn max_records(mut self, n_records: usize) -> Self {
        self.settings.limits.n_records = n_records;
        self
    }

    /// The largest record. Defaults to 256 KiB.
    #[must_use]
    pub fn max_record_bytes(mut self, n_bytes: usize) -> Self {
        self.settings.limits.n_record_bytes = n_bytes;
        self
    }

    /// The most connections at once. Defaults to 10,000.
    #[must_use]
    pub fn max_connections(mut self, n: usize) -> Self {
        self.settings.max_connections = n;
        self
    }

    /// The most batches that wait to be stored. Defaults to 100,000.
    #[must_use]
    pub fn queue_batches(mut self, n_batches: usize) -> Self {
        self.settings.queue.n_batches = n_batches;
        self
    }

    /// The most bytes that wait to be stored, on the disk. Defaults to 1 GiB.
    #[must_use]
    pub fn queue_bytes(mut self, n_bytes: u64) -> Self {
        self.settings.queue.n_bytes = n_bytes;
        self
    }

    /// The room on the disk below which no batch is taken; 0 for no such mark. Defaults to 256 MiB.
    #[must_use]
    pub fn min_free_bytes(mut self, n_bytes: u64) -> Self {
        self.settings.queue.min_free_bytes = n_bytes;
        self
    }

    /// Makes acknowledged batches survive the end of this process, not the fall of the machine:
    /// nothing waits for the disk. Defaults to both being survived.
    #[must_use]
    pub fn normal_durability(mut self) -> Self {
        self.settings.queue.durability = Durability::Normal;
        self
    }

    /// The time within which the head of a request must arrive, and for which a connection may be
    /// idle. Defaults to 30 seconds.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.settings.header_timeout = timeout.min(LONGEST);
        self
    }

    /// The time within which a whole body must arrive. Defaults to 30 seconds.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.settings.body_timeout = timeout.min(LONGEST);
        self
    }

    /// The days for which calls are kept. Defaults to 15.
    #[must_use]
    pub fn retention_days(mut self, n_days: u32) -> Self {
        self.settings.retention.calls_days = n_days;
        self
    }

    /// Shows the durations of the fleet's calls at `/metrics` too. Defaults to the collector's own
    /// numbers alone.
    #[must_use]
    pub fn fleet_metrics(mut self) -> Self {
        self.settings.fleet_metrics = true;
        self
    }

    /// The days for which counts and durations are kept by the minute; older ones are kept by the
    /// half-hour. Defaults to 32.
    #[must_use]
    pub fn retention_minutes_days(mut self, n_days: u32) -> Self {
        self.settings.retention.minutes_days = n_days;
        self
    }

    /// The days for which counts and durations are kept at all. Defaults to 396.
    #[must_use]
    pub fn retention_history_days(mut self, n_days: u32) -> Self {
        self.settings.retention.history_days = n_days;
        self
    }

    /// The series (host, method, template, status and so on) that a service may have within two
    /// days; calls beyond are counted as `{overflow}`. Defaults to 100,000.
    #[must_use]
    pub fn max_series(mut self, n_series: u64) -> Self {
        self.settings.series.live = n_series;
        self
    }

    /// The new series that a service may have in a minute; calls beyond are counted as
    /// `{overflow}`. Defaults to 10,000.
    #[must_use]
    pub fn max_new_series(mut self, n_series: u64) -> Self {
        self.settings.series.new_per_minute = n_series;
        self
    }

    /// Starts it on the present Tokio runtime, of whatever kind.
    ///
    /// # Errors
    /// When the address, a token or the directory cannot be used.
    pub async fn start(mut self) -> Result<Collector, StartError> {
        for token in &self.tokens {
            let added = self.settings.tokens.add(token);
            added.map_err(|_| StartError::Token)?;
        }
        for client in &self.hub_clients {
            let added = self.settings.hub_clients.add(client);
            added.map_err(|_| StartError::HubClient)?;
        }
        if let Some(text) = &self.hits {
            let handlers = specs(text).map_err(|wrong| StartError::Hits(wrong.join("; ")))?;
            self.settings.hits.handlers = handlers;
        }
        Collector::start(self.settings).await
    }
}
