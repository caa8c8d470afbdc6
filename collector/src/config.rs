//! What flags, environment and file say becomes valid settings, in this one place.
//! It never stops at the first mistake: all of them are reported, each with what would be valid.

mod cli;
mod sources;
#[cfg(test)]
mod tests;
mod token_cli;

pub use cli::{Cli, Command, ExportFlags, QueueCommand, QueueFlags, ServeFlags};
pub use token_cli::{NewToken, TokenCommand, TokenScope};

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::hits::{HitSettings, specs};
use crate::ingest::{HubClients, IngestLimits, Tokens};
use crate::queue::{Bounds, Durability, QuarantineBounds};
use crate::store::{Retention, SeriesLimits};
use sources::{Given, Sources};

/// The longest that anything may take or wait, a year: clocks can still add it.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// The longest that anything is kept, a century.
const LONGEST_DAYS: u32 = 36_500;

/// Valid settings. [`Settings::load`] makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `host:port`.
    pub(crate) listen: String,
    /// `None` for a temporary directory that goes when the collector ends.
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) tokens: Tokens,
    pub(crate) hub_clients: HubClients,
    pub(crate) limits: IngestLimits,
    /// Connections that are open at once.
    pub(crate) max_connections: usize,
    pub(crate) queue: Bounds,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) retention: Retention,
    pub(crate) fleet_metrics: bool,
    pub(crate) series: SeriesLimits,
    pub(crate) hits: HitSettings,
}

/// Everything that is wrong with the settings, one mistake a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(Vec<String>);

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:4750".to_owned(),
            data_dir: Some("./egret-data".into()),
            tokens: Tokens::default(),
            hub_clients: HubClients::default(),
            limits: IngestLimits {
                n_batch_bytes: 4 << 20,
                n_decoded_bytes: 32 << 20,
                n_records: 100_000,
                n_record_bytes: 256 << 10,
            },
            max_connections: 10_000,
            queue: Bounds {
                n_batches: 100_000,
                n_bytes: 1 << 30,
                min_free_bytes: 256 << 20,
                durability: Durability::Full,
                n_ahead_bytes: 32 << 20,
                quarantine: QuarantineBounds { n_files: 10_000, n_bytes: 1 << 30 },
            },
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            retention: Retention {
                calls_days: 15,
                minutes_days: 32,
                history_days: 396,
                batches_days: 2,
            },
            fleet_metrics: false,
            series: SeriesLimits::default(),
            hits: HitSettings::default(),
        }
    }
}

impl Settings {
    /// A flag wins over the environment, the environment over the file, the file over the default.
    /// `env` looks a variable up.
    ///
    /// # Errors
    /// All mistakes at once: bad values, unknown keys of the file, files that cannot be read.
    pub fn load(
        flags: &ServeFlags,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut mistakes = Vec::new();
        let mut sources = Sources::gather(flags, env, &mut mistakes);
        let mut settings = Self::default();
        settings.read(&mut sources, &mut mistakes);
        sources.report_unknown(&mut mistakes);
        if mistakes.is_empty() { Ok(settings) } else { Err(ConfigError(mistakes)) }
    }

    fn read(&mut self, sources: &mut Sources, mistakes: &mut Vec<String>) {
        let mut reading = Reading { sources, mistakes };
        let address = "an address with a port, such as 127.0.0.1:4750 or localhost:4750";
        reading.set("listen", address, &mut self.listen, |text| {
            let (host, port) = text.rsplit_once(':')?;
            let is_valid = !host.is_empty() && port.parse::<u16>().is_ok();
            is_valid.then(|| text.to_owned())
        });
        reading.set("data_dir", "a directory", &mut self.data_dir, |text| {
            Some(Some(PathBuf::from(text)))
        });
        reading.number("max_batch_bytes", 1, &mut self.limits.n_batch_bytes);
        reading.number("max_decoded_bytes", 1, &mut self.limits.n_decoded_bytes);
        reading.number("max_records", 1, &mut self.limits.n_records);
        reading.number("max_record_bytes", 1, &mut self.limits.n_record_bytes);
        reading.number("max_connections", 1, &mut self.max_connections);
        reading.number("quarantine_files", 1, &mut self.queue.quarantine.n_files);
        reading.number("quarantine_bytes", 1, &mut self.queue.quarantine.n_bytes);
        reading.number("queue_batches", 1, &mut self.queue.n_batches);
        reading.number("queue_bytes", 1, &mut self.queue.n_bytes);
        reading.within("retention_days", 0..=LONGEST_DAYS, &mut self.retention.calls_days);
        reading.within(
            "retention_minutes_days",
            1..=LONGEST_DAYS,
            &mut self.retention.minutes_days,
        );
        reading.within(
            "retention_history_days",
            1..=LONGEST_DAYS,
            &mut self.retention.history_days,
        );
        reading.number("max_series", 1, &mut self.series.live);
        reading.number("max_new_series", 1, &mut self.series.new_per_minute);
        reading.number("min_free_bytes", 0, &mut self.queue.min_free_bytes);
        reading.set(
            "durability",
            "full or normal",
            &mut self.queue.durability,
            |text| match text {
                "full" => Some(Durability::Full),
                "normal" => Some(Durability::Normal),
                _ => None,
            },
        );
        let yes_or_no = |text: &str| text.parse().ok();
        reading.set("fleet_metrics", "true or false", &mut self.fleet_metrics, yes_or_no);
        reading.seconds("header_timeout_seconds", &mut self.header_timeout);
        reading.seconds("body_timeout_seconds", &mut self.body_timeout);
        reading.hits(&mut self.hits);
        reading.tokens(&mut self.tokens);
        reading.hub_clients(&mut self.hub_clients);
    }
}

struct Reading<'s> {
    sources: &'s mut Sources,
    mistakes: &'s mut Vec<String>,
}

impl Reading<'_> {
    /// Sets a value when one is given and `parse` takes it; `valid` says what it takes.
    fn set<T>(
        &mut self,
        key: &'static str,
        valid: &str,
        value: &mut T,
        parse: impl FnOnce(&str) -> Option<T>,
    ) {
        let Some(Given { origin, text }) = self.sources.take(key) else {
            return;
        };
        match parse(&text) {
            Some(parsed) => *value = parsed,
            None => self.mistakes.push(format!("{origin} is {text:?}, but must be {valid}")),
        }
    }

    fn number<T>(&mut self, key: &'static str, least: T, value: &mut T)
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let valid = format!("a whole number, {least} or more");
        self.set(key, &valid, value, |text| text.parse().ok().filter(|number| *number >= least));
    }

    fn within<T>(&mut self, key: &'static str, range: RangeInclusive<T>, value: &mut T)
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let valid = format!("a whole number from {} to {}", range.start(), range.end());
        self.set(key, &valid, value, |text| text.parse().ok().filter(|n| range.contains(n)));
    }

    fn seconds(&mut self, key: &'static str, value: &mut Duration) {
        let mut seconds = value.as_secs();
        self.within(key, 1..=LONGEST.as_secs(), &mut seconds);
        *value = Duration::from_secs(seconds);
    }

    /// Handlers of hits. What is disabled by its name must be right all the same.
    fn hits(&mut self, hits: &mut HitSettings) {
        self.seconds("hits_interval_seconds", &mut hits.interval);
        self.number("hits_log_bytes", 1, &mut hits.log_bytes);
        if let Some(Given { origin, text }) = self.sources.take("hits") {
            match specs(&text) {
                Ok(handlers) => hits.handlers = handlers,
                Err(wrong) => {
                    self.mistakes.extend(wrong.iter().map(|wrong| format!("{origin}: {wrong}")));
                }
            }
        }
        if let Some(Given { text, .. }) = self.sources.take("hits_disabled") {
            let disabled: Vec<&str> = text.split(',').map(str::trim).collect();
            hits.handlers.retain(|handler| !disabled.contains(&handler.name.as_str()));
        }
    }

    /// Tokens from the list and from the file add up. Neither is ever repeated in a message.
    fn tokens(&mut self, tokens: &mut Tokens) {
        if let Some(Given { origin, text }) = self.sources.take("tokens") {
            self.add_tokens(&origin, text.split(','), tokens);
        }
        let Some(Given { origin, text: path }) = self.sources.take("token_file") else {
            return;
        };
        match std::fs::read_to_string(Path::new(&path)) {
            Ok(lines) => self.add_tokens(&format!("{path} ({origin})"), lines.lines(), tokens),
            Err(error) => self.mistakes.push(format!(
                "{origin} is {path:?}, but must be a file with one token a line: {error}"
            )),
        }
    }

    /// No client is ever repeated in a message: its id is its token.
    fn hub_clients(&mut self, clients: &mut HubClients) {
        let Some(Given { origin, text }) = self.sources.take("hub_clients") else {
            return;
        };
        let texts = text.split(',').map(str::trim).enumerate();
        for (n, text) in texts.filter(|(_, text)| !text.is_empty()) {
            if let Err(error) = clients.add(text) {
                self.mistakes.push(format!("{origin}: client {} is not valid: {error}", n + 1));
            }
        }
    }

    fn add_tokens<'t>(
        &mut self,
        origin: &str,
        texts: impl Iterator<Item = &'t str>,
        tokens: &mut Tokens,
    ) {
        let trimmed = texts.map(str::trim).enumerate();
        for (n, text) in trimmed.filter(|(_, text)| !text.is_empty()) {
            if let Err(error) = tokens.add(text) {
                self.mistakes.push(format!("{origin}: token {} is not valid: {error}", n + 1));
            }
        }
    }
}
