//! What a batch says of itself beside its calls.
//! Never holds calls: those are columns, and the codec's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who sends: OpenTelemetry resource attributes (`service.name`, `service.instance.id`, ...).
pub type Resource = BTreeMap<String, String>;

/// A batch's identity and what the collector should know beside its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchMeta {
    /// UUIDv7, made once: a batch that is sent again keeps it, and is stored once.
    pub batch_id: Uuid,
    /// Counts up from 0 within one process, so that a gap can be seen.
    pub sequence: u64,
    /// Who sends.
    #[serde(default)]
    pub resource: Resource,
    /// Records dropped since the last batch, by reason; what the history does not show.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
    /// The calls are all that there were, each under a template that its sender has capped: what
    /// they add up to needs no table of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub calls_are_all: bool,
    /// Told once per process, with its first batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// Told about once a minute, also by a service that makes no calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Heartbeat>,
}

/// What a service is made of. Its name, version, environment and instance are in the resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Startup {
    /// When egret started.
    pub started_unix_ns: u64,
    /// The clients that were wrapped until the message was sent.
    #[serde(default)]
    pub wrapped: Vec<Wrapped>,
    /// The vendors that the configuration names, by host: the first 500 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetRule>,
    /// How many there are in all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_targets: u64,
    /// The templates that the configuration gives: the first 500 of them, at most 64 KiB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteRule>,
    /// How many there are in all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_routes: u64,
}

fn is_false(is: &bool) -> bool {
    !is
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A vendor's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRule {
    /// `api.example.com`, or `*.example.com`.
    pub host: String,
    /// What calls to it are recorded as.
    pub target: String,
}

/// A configured template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRule {
    /// `api.example.com`, or `*.example.com`.
    pub host: String,
    /// Absent for every method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// As `/v1/charges/{id}`.
    pub template: String,
}

/// A client that egret sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapped {
    /// What was wrapped, as `reqwest`.
    pub client: String,
    /// Where, as `src/main.rs:12`.
    pub location: String,
}

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Heartbeat {
    /// When it was taken.
    pub unix_ns: u64,
    /// Resident memory of the process; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Processor time that the process has used; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
}

impl BatchMeta {
    /// A batch of `resource` with a fresh id and nothing dropped.
    #[must_use]
    pub fn new(resource: Resource, sequence: u64) -> Self {
        Self {
            batch_id: Uuid::now_v7(),
            sequence,
            resource,
            dropped: BTreeMap::new(),
            calls_are_all: false,
            startup: None,
            heartbeat: None,
        }
    }
}
