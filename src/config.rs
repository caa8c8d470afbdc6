//! From what code and environment say to a configuration that holds.
//! Never stops at the first error: all of them come back at once, each with what would be valid.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::batch::Resource;
use crate::queue::QueueBounds;
use crate::record::words;
use crate::sample::Sampling;

/// A configuration that holds. Made by [`Config::builder`] or [`Config::from_env`].
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) is_enabled: bool,
    pub(crate) batches_url: Url,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) resource: Resource,
    pub(crate) queue: QueueBounds,
    pub(crate) batching: Batching,
    pub(crate) sampling: Sampling,
    pub(crate) spool_dir: Option<PathBuf>,
    pub(crate) spool_max_bytes: u64,
    pub(crate) spool_max_age: Duration,
}

/// When a batch is closed and how long it may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batching {
    /// Longest time from a batch's first record to its closing.
    pub(crate) flush_interval: Duration,
    /// Records that close a batch.
    pub(crate) records: usize,
    /// Bytes before compression that close a batch.
    pub(crate) bytes: usize,
    /// Bytes of encoded batches that may wait for the collector.
    pub(crate) pending_bytes: usize,
    /// Longest time that a batch may wait for the collector.
    pub(crate) expiry: Duration,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// One sentence per bad value: its name, what it was, what would be valid.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "egret configuration: {}", self.problems.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// Builds a [`Config`]. What code sets goes before what the environment says.
#[derive(Debug, Clone, Default)]
pub struct ConfigBuilder {
    set: Raw,
    environment: Raw,
    resource: Resource,
}

/// Values as they were said, by name. `None` is unsaid.
#[derive(Clone, Default)]
struct Raw([Option<String>; Setting::ALL.len()]);

/// Shows which names were said, never what: one of the values is the token.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = Setting::ALL.iter().filter(|name| self.0[**name as usize].is_some());
        f.debug_set().entries(said).finish()
    }
}

words! {
    /// The variables of the environment.
    Setting {
        /// Where the collector listens.
        CollectorUrl = "EGRET_COLLECTOR_URL",
        /// Its token.
        Token = "EGRET_TOKEN",
        /// `service.name`.
        ServiceName = "EGRET_SERVICE_NAME",
        /// `deployment.environment.name`.
        Environment = "EGRET_ENVIRONMENT",
        /// Bound of the queue.
        QueueRecords = "EGRET_QUEUE_RECORDS",
        /// Bound of the queue.
        QueueBytes = "EGRET_QUEUE_BYTES",
        /// Longest wait of a record.
        FlushIntervalMs = "EGRET_FLUSH_INTERVAL_MS",
        /// Bound of what waits for the collector.
        PendingBytes = "EGRET_PENDING_BYTES",
        /// Where batches wait on disk.
        SpoolDir = "EGRET_SPOOL_DIR",
        /// Bound of the spool.
        SpoolMaxBytes = "EGRET_SPOOL_MAX_BYTES",
        /// Bound of the spool.
        SpoolMaxAgeSeconds = "EGRET_SPOOL_MAX_AGE_SECONDS",
        /// Share of calls whose details are kept.
        SampleRate = "EGRET_SAMPLE_RATE",
        /// Shares of single hosts.
        SampleHosts = "EGRET_SAMPLE_HOSTS",
        /// Ceiling of kept calls.
        SampleMaxPerHostSecond = "EGRET_SAMPLE_MAX_PER_HOST_SECOND",
        /// What is slow.
        SlowMs = "EGRET_SLOW_MS",
        /// Off.
        Disabled = "EGRET_DISABLED",
    }
}

impl Config {
    /// The defaults, to be changed by code.
    #[must_use]
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// What the environment's `EGRET_*` variables say, on top of the defaults.
    ///
    /// # Errors
    /// When any of them is not valid; all that are come back at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder().env().build()
    }
}

impl Config {
    /// The resource, with an instance of its own for every process that asks.
    pub(crate) fn resource_of_this_process(&self) -> Resource {
        let mut resource = self.resource.clone();
        let instance = || uuid::Uuid::now_v7().to_string();
        resource.entry("service.instance.id".to_owned()).or_insert_with(instance);
        resource
    }
}

impl ConfigBuilder {
    /// Reads `EGRET_*` (and `OTEL_SERVICE_NAME`) for whatever code does not set.
    #[must_use]
    pub fn env(self) -> Self {
        self.variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into()))
    }

    /// As [`ConfigBuilder::env`], from any lookup.
    #[must_use]
    pub fn variables(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let said = |name| lookup(name).filter(|value| !value.trim().is_empty());
        for name in Setting::ALL {
            self.environment.0[*name as usize] = said(name.as_str());
        }
        let service = &mut self.environment.0[Setting::ServiceName as usize];
        *service = service.take().or_else(|| said("OTEL_SERVICE_NAME"));
        self
    }

    /// Where the collector listens. Defaults to `http://127.0.0.1:4750`.
    #[must_use]
    pub fn collector_url(self, url: impl Into<String>) -> Self {
        self.set(Setting::CollectorUrl, url)
    }

    /// The collector's ingest token. Defaults to none.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.set(Setting::Token, token)
    }

    /// The service's name. Defaults to `unknown_service:` and the executable's name.
    #[must_use]
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.set(Setting::ServiceName, name)
    }

    /// `deployment.environment.name`, as `prod`. Defaults to none.
    #[must_use]
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.set(Setting::Environment, name)
    }

    /// Records that may wait for the worker. Defaults to 262,144.
    #[must_use]
    pub fn queue_records(self, n: u32) -> Self {
        self.set(Setting::QueueRecords, n.to_string())
    }

    /// Bytes of records that may wait for the worker. Defaults to 64 MiB.
    #[must_use]
    pub fn queue_bytes(self, n: u64) -> Self {
        self.set(Setting::QueueBytes, n.to_string())
    }

    /// Longest time from a call's end to its sending. Defaults to 1 s.
    #[must_use]
    pub fn flush_interval(self, interval: Duration) -> Self {
        self.set(Setting::FlushIntervalMs, interval.as_millis().to_string())
    }

    /// Bytes of compressed batches that may wait for the collector, at least 4 MiB (two batches).
    /// Defaults to 16 MiB.
    #[must_use]
    pub fn pending_bytes(self, n: u64) -> Self {
        self.set(Setting::PendingBytes, n.to_string())
    }

    /// A directory in which batches wait while the collector cannot be reached, across restarts.
    /// Any number of processes may share it. Defaults to none: batches wait in memory.
    #[must_use]
    pub fn spool_dir(self, dir: impl AsRef<Path>) -> Self {
        self.set(Setting::SpoolDir, dir.as_ref().to_string_lossy())
    }

    /// Bytes of batches on disk, at least 4 MiB; beyond it the oldest go. Defaults to 256 MiB.
    #[must_use]
    pub fn spool_max_bytes(self, n: u64) -> Self {
        self.set(Setting::SpoolMaxBytes, n.to_string())
    }

    /// How long a batch may wait on disk, at least a minute. Defaults to a day.
    #[must_use]
    pub fn spool_max_age(self, age: Duration) -> Self {
        self.set(Setting::SpoolMaxAgeSeconds, age.as_secs().to_string())
    }

    /// Share of calls whose details are kept, from 0 to 1; errors and slow calls are always kept,
    /// and the history counts every call whatever this says. Defaults to 1.
    #[must_use]
    pub fn sample_rate(self, rate: f64) -> Self {
        self.set(Setting::SampleRate, rate.to_string())
    }

    /// Shares of single hosts, as `api.example.com=0.1,*.internal=0`; the first match counts.
    /// Defaults to none.
    #[must_use]
    pub fn sample_hosts(self, rules: impl Into<String>) -> Self {
        self.set(Setting::SampleHosts, rules)
    }

    /// Calls of one host whose details are kept within a second. Defaults to no ceiling.
    #[must_use]
    pub fn sample_max_per_host_second(self, n: u32) -> Self {
        self.set(Setting::SampleMaxPerHostSecond, n.to_string())
    }

    /// How long a slow call takes at least; its details are always kept. Defaults to 1 s.
    #[must_use]
    pub fn slow(self, duration: Duration) -> Self {
        self.set(Setting::SlowMs, duration.as_millis().to_string())
    }

    /// Makes every entry point do nothing and starts no thread. Defaults to false.
    #[must_use]
    pub fn disabled(self, is_disabled: bool) -> Self {
        self.set(Setting::Disabled, is_disabled.to_string())
    }

    /// One more attribute of the resource, as `service.version`.
    #[must_use]
    pub fn resource(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.resource.insert(name.into(), value.into());
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// When any value is not valid; all that are come back at once.
    pub fn build(self) -> Result<Config, ConfigError> {
        let mut check = Check { raw: &self, problems: Vec::new() };
        let is_enabled = !check.flag(Setting::Disabled);
        let batches_url = check.batches_url();
        let authorization = check.authorization();
        let resource = check.resource();
        let queue = QueueBounds {
            records: check.number(Setting::QueueRecords, 262_144, 1, (1 << 24) - 1) as u32,
            bytes: check.number(Setting::QueueBytes, 64 << 20, 64 << 10, 16 << 30),
        };
        let flush_interval_ms = check.number(Setting::FlushIntervalMs, 1_000, 10, 600_000);
        let pending_bytes = check.number(Setting::PendingBytes, 16 << 20, 4 << 20, 16 << 30);
        let batching = Batching {
            flush_interval: Duration::from_millis(flush_interval_ms),
            records: 8_192,
            bytes: 2 << 20,
            pending_bytes: usize::try_from(pending_bytes).unwrap_or(usize::MAX),
            expiry: Duration::from_secs(3_600),
        };
        let sampling = check.sampling();
        let spool_dir = check.raw.value(Setting::SpoolDir).map(PathBuf::from);
        let spool_max_bytes = check.number(Setting::SpoolMaxBytes, 256 << 20, 4 << 20, 1 << 40);
        let spool_max_age_s = check.number(Setting::SpoolMaxAgeSeconds, 86_400, 60, 31_536_000);
        match (batches_url, check.problems.is_empty()) {
            (Some(batches_url), true) => Ok(Config {
                is_enabled,
                batches_url,
                authorization,
                resource,
                queue,
                batching,
                sampling,
                spool_dir,
                spool_max_bytes,
                spool_max_age: Duration::from_secs(spool_max_age_s),
            }),
            _ => Err(ConfigError { problems: check.problems }),
        }
    }

    fn set(mut self, name: Setting, value: impl Into<String>) -> Self {
        self.set.0[name as usize] = Some(value.into());
        self
    }

    fn value(&self, name: Setting) -> Option<&str> {
        let place = name as usize;
        self.set.0[place].as_deref().or(self.environment.0[place].as_deref()).map(str::trim)
    }
}

/// Reads values one by one and collects what is wrong with them.
struct Check<'a> {
    raw: &'a ConfigBuilder,
    problems: Vec<String>,
}

impl Check<'_> {
    fn problem(&mut self, name: Setting, problem: &str) {
        self.problems.push(format!("{}: {problem}", name.as_str()));
    }

    fn number(&mut self, name: Setting, default: u64, least: u64, most: u64) -> u64 {
        let Some(value) = self.raw.value(name) else {
            return default;
        };
        match value.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let value = crate::redact::text(value);
                let problem = format!("{value:?} is not a whole number from {least} to {most}");
                self.problem(name, &problem);
                default
            }
        }
    }

    fn sampling(&mut self) -> Sampling {
        let rate = self.raw.value(Setting::SampleRate).unwrap_or("1");
        let rate = share(rate).unwrap_or_else(|| {
            self.problem(Setting::SampleRate, "accepted is a number from 0 to 1, as 0.05");
            1.0
        });
        let mut hosts = Vec::new();
        let rules = self.raw.value(Setting::SampleHosts).unwrap_or_default();
        for rule in rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            match rule.split_once('=').map(|(host, rate)| (host.trim(), share(rate))) {
                Some((host, Some(rate))) if !host.is_empty() => {
                    hosts.push((host.to_ascii_lowercase(), rate));
                }
                _ => {
                    let form = "accepted is HOST=SHARE,..., as api.example.com=0.1,*.internal=0";
                    self.problem(Setting::SampleHosts, form);
                }
            }
        }
        // More than a clock can count in a second is no ceiling.
        let most = u64::from(u32::MAX);
        let ceiling = self.number(Setting::SampleMaxPerHostSecond, most, 1, most) as u32;
        let slow_ms = self.number(Setting::SlowMs, 1_000, 0, 86_400_000);
        Sampling {
            rate,
            hosts,
            max_per_host_second: (ceiling < u32::MAX).then_some(ceiling),
            slow_ns: slow_ms * 1_000_000,
        }
    }

    fn flag(&mut self, name: Setting) -> bool {
        match self.raw.value(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("0" | "false" | "no" | "off") => false,
            Some("1" | "true" | "yes" | "on") => true,
            Some(_) => {
                self.problem(name, "accepted are 1, true, yes, on and 0, false, no, off");
                false
            }
        }
    }

    /// The collector's address with the path of the door. Its value is never repeated in an error:
    /// it may hold a password.
    fn batches_url(&mut self) -> Option<Url> {
        const FORM: &str = "accepted is http://HOST:PORT or https://HOST[:PORT], \
             optionally with a path";
        let value = self.raw.value(Setting::CollectorUrl).unwrap_or("http://127.0.0.1:4750");
        let problem = match Url::parse(value) {
            Err(error) => format!("not a URL ({error}); {FORM}"),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                format!("not an http or https URL; {FORM}")
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                format!("holds credentials; set EGRET_TOKEN instead; {FORM}")
            }
            Ok(url) if url.query().is_some() => format!("has a query, which would be lost; {FORM}"),
            Ok(mut url) => {
                url.set_fragment(None);
                // Who names the whole door means the same.
                let base = url.path().trim_end_matches('/').trim_end_matches("/v1/batches");
                let path = format!("{base}/v1/batches");
                url.set_path(&path);
                return Some(url);
            }
        };
        self.problem(Setting::CollectorUrl, &problem);
        None
    }

    fn authorization(&mut self) -> Option<HeaderValue> {
        let token = self.raw.value(Setting::Token)?;
        let is_plain = token.len() <= 1_024 && token.bytes().all(|b| b.is_ascii_graphic());
        let value = HeaderValue::from_str(&format!("Bearer {token}")).ok();
        if let Some(mut value) = value.filter(|_| is_plain) {
            // Keeps it out of debug output.
            value.set_sensitive(true);
            return Some(value);
        }
        self.problem(
            Setting::Token,
            "accepted are at most 1,024 characters of visible ASCII, without blanks",
        );
        None
    }

    fn resource(&mut self) -> Resource {
        let mut resource = self.raw.resource.clone();
        let executable = || {
            let path = std::env::current_exe().ok()?;
            Some(path.file_name()?.to_string_lossy().into_owned())
        };
        let mut put = |name: &str, value: String| {
            resource.entry(name.to_owned()).or_insert(value);
        };
        let service =
            self.raw.value(Setting::ServiceName).map(str::to_owned).unwrap_or_else(|| {
                format!("unknown_service:{}", executable().unwrap_or_else(|| "rust".to_owned()))
            });
        put("service.name", service);
        put("telemetry.sdk.name", "egret".to_owned());
        put("telemetry.sdk.language", "rust".to_owned());
        put("telemetry.sdk.version", env!("CARGO_PKG_VERSION").to_owned());
        if let Some(environment) = self.raw.value(Setting::Environment) {
            put("deployment.environment.name", environment.to_owned());
        }
        resource.values_mut().for_each(|value| *value = crate::redact::text(value).into_owned());
        resource
    }
}

fn share(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share))
}
