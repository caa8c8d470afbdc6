//! From what code and environment say to a configuration that holds.
//! Never stops at the first error: all of them come back at once, each with what would be valid.

mod check;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::allow::Allowed;
use crate::batch::Resource;
use crate::queue::QueueBounds;
use crate::record::words;
use crate::sample::Sampling;
use crate::template::Naming;

/// A configuration that holds. Made by [`Config::builder`] or [`Config::from_env`].
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) is_enabled: bool,
    pub(crate) is_inline: bool,
    pub(crate) batches_url: Url,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) resource: Resource,
    pub(crate) queue: QueueBounds,
    pub(crate) batching: Batching,
    pub(crate) sampling: Sampling,
    pub(crate) naming: Arc<Naming>,
    pub(crate) allowed: Arc<Allowed>,
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
        /// Templates by host.
        Routes = "EGRET_ROUTES",
        /// Vendors by host.
        Targets = "EGRET_TARGETS",
        /// Request headers to record.
        RequestHeaders = "EGRET_REQUEST_HEADERS",
        /// Response headers to record.
        ResponseHeaders = "EGRET_RESPONSE_HEADERS",
        /// Media types of bodies to record.
        BodyTypes = "EGRET_BODY_TYPES",
        /// Bytes to record of one body.
        BodyBytes = "EGRET_BODY_BYTES",
        /// Bytes of bodies on their way.
        BodyBudgetBytes = "EGRET_BODY_BUDGET_BYTES",
        /// Hosts that get a `traceparent`.
        TraceHosts = "EGRET_TRACE_HOSTS",
        /// Delivery without a thread.
        Inline = "EGRET_INLINE",
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

    /// The template of paths of a host: `.route("api.stripe.com", "/v1/charges/{id}")`. The host may
    /// be `*.example.com`; a parameter is `{name}`, with fixed text around it if need be
    /// (`{id}.json`), and `{*rest}` at the end stands for any number of segments. Of several that
    /// match, the most specific counts. Goes before the guess that is made from a path's looks, and
    /// behind a template that the call brings itself.
    #[must_use]
    pub fn route(self, host: &str, template: &str) -> Self {
        self.routes(format!("{host} {template}"))
    }

    /// Templates as text, a line each: `api.stripe.com /v1/charges/{id}`, or with a method in front,
    /// `POST api.stripe.com /v1/charges`. A semicolon ends a line too; lines with `#` in front are
    /// skipped. Adds to what was set before.
    #[must_use]
    pub fn routes(self, lines: impl Into<String>) -> Self {
        self.append(Setting::Routes, "\n", &lines.into())
    }

    /// The vendor's name of a host, `.target("api.stripe.com", "stripe")`, or of all hosts below a
    /// domain, `.target("*.amazonaws.com", "aws")`; the most specific counts. Defaults to none.
    #[must_use]
    pub fn target(self, host: &str, name: &str) -> Self {
        self.append(Setting::Targets, ",", &format!("{host}={name}"))
    }

    /// Request headers to record, as `x-request-id,idempotency-key`. Values that are or look like
    /// secrets are redacted. Defaults to none.
    #[must_use]
    pub fn request_headers(self, names: impl Into<String>) -> Self {
        self.set(Setting::RequestHeaders, names)
    }

    /// Response headers to record, as `x-request-id,retry-after`. Defaults to none.
    #[must_use]
    pub fn response_headers(self, names: impl Into<String>) -> Self {
        self.set(Setting::ResponseHeaders, names)
    }

    /// Media types of bodies to record, as `application/json,text/*`; the values of sensitive keys
    /// are masked. Bodies of requests that stream are not recorded. Defaults to none.
    #[must_use]
    pub fn body_types(self, media_types: impl Into<String>) -> Self {
        self.set(Setting::BodyTypes, media_types)
    }

    /// Bytes to record of one body, at most 16,000. Defaults to 4,096.
    #[must_use]
    pub fn body_bytes(self, n: u32) -> Self {
        self.set(Setting::BodyBytes, n.to_string())
    }

    /// Bytes that bodies on their way may hold together in this process; beyond, bodies are left
    /// out. Defaults to 8 MiB.
    #[must_use]
    pub fn body_budget_bytes(self, n: u64) -> Self {
        self.set(Setting::BodyBudgetBytes, n.to_string())
    }

    /// Hosts that get a `traceparent` header (W3C Trace Context), as `api.example.com,*.internal`.
    /// Defaults to none.
    #[must_use]
    pub fn trace_hosts(self, hosts: impl Into<String>) -> Self {
        self.set(Setting::TraceHosts, hosts)
    }

    /// Keeps no thread: calls wait in the queue, within its bounds, and are delivered by a flush or
    /// a shutdown, on a thread lent for that time. For programs that are soon over. Defaults to false.
    #[must_use]
    pub fn inline(self, is_inline: bool) -> Self {
        self.set(Setting::Inline, is_inline.to_string())
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

    fn set(mut self, name: Setting, value: impl Into<String>) -> Self {
        self.set.0[name as usize] = Some(value.into());
        self
    }

    fn append(mut self, name: Setting, separator: &str, value: &str) -> Self {
        let set = self.set.0[name as usize].get_or_insert_default();
        if !set.is_empty() {
            set.push_str(separator);
        }
        set.push_str(value);
        self
    }

    fn value(&self, name: Setting) -> Option<&str> {
        let place = name as usize;
        self.set.0[place].as_deref().or(self.environment.0[place].as_deref()).map(str::trim)
    }
}
