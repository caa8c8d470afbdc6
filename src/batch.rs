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
}

impl BatchMeta {
    /// A batch of `resource` with a fresh id and nothing dropped.
    #[must_use]
    pub fn new(resource: Resource, sequence: u64) -> Self {
        Self { batch_id: Uuid::now_v7(), sequence, resource, dropped: BTreeMap::new() }
    }
}
