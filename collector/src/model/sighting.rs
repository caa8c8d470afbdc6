//! What batches say of the instance that sent them: that it lives, what it is, how its clock goes.
//! It never rewrites a time that was received: a skew is measured beside it.

use egret::batch::{BatchMeta, Heartbeat, Startup};
use uuid::Uuid;

use super::Source;

/// Latest measurements of the clock that are kept of one instance.
const MAX_SKEWS: usize = 31;

/// One process of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Instance {
    pub(crate) service: String,
    pub(crate) environment: String,
    /// `service.instance.id`; empty when not told: then all of them are one.
    pub(crate) id: String,
}

/// What is known of an instance. Sightings add up in any order, and twice is as good as once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// `service.version`; empty when not told.
    pub(crate) version: String,
    /// `telemetry.sdk.name`, `.language` and `.version`, with spaces between them.
    pub(crate) sdk: String,
    /// Receipt of the first and the last batch, unix nanoseconds.
    pub(crate) first_seen_ns: u64,
    pub(crate) last_seen_ns: u64,
    /// The latest one.
    pub(crate) heartbeat: Option<Heartbeat>,
    /// The latest one.
    pub(crate) startup: Option<Startup>,
    /// Receipt minus sending, nanoseconds, the latest last.
    pub(crate) skews_ns: Vec<i64>,
}

impl Instance {
    /// Who sent a batch.
    pub(crate) fn of(meta: &BatchMeta) -> Self {
        let Source { service, environment } = Source::of(&meta.resource);
        let id = meta.resource.get("service.instance.id").cloned().unwrap_or_default();
        Self { service, environment, id }
    }
}

impl Sighting {
    /// What a batch says that was received now.
    pub(crate) fn of(meta: &BatchMeta, received_ns: u64) -> Self {
        let text = |key: &str| meta.resource.get(key).map_or("", String::as_str);
        let sdk =
            ["name", "language", "version"].map(|part| text(&format!("telemetry.sdk.{part}")));
        let told: Vec<&str> = sdk.into_iter().filter(|part| !part.is_empty()).collect();
        let skew = |sent_ns: u64| {
            i64::try_from(i128::from(received_ns) - i128::from(sent_ns)).unwrap_or(i64::MAX)
        };
        Self {
            version: text("service.version").to_owned(),
            sdk: told.join(" "),
            first_seen_ns: received_ns,
            last_seen_ns: received_ns,
            heartbeat: meta.heartbeat.clone(),
            startup: meta.startup.clone(),
            skews_ns: sent_ns(meta).map(skew).into_iter().collect(),
        }
    }

    /// Adds a later one.
    pub(crate) fn add(&mut self, later: Self) {
        // What a later batch does not say holds.
        for (text, later) in [(&mut self.version, later.version), (&mut self.sdk, later.sdk)] {
            if !later.is_empty() {
                *text = later;
            }
        }
        self.first_seen_ns = self.first_seen_ns.min(later.first_seen_ns);
        self.last_seen_ns = self.last_seen_ns.max(later.last_seen_ns);
        if let Some(heartbeat) = later.heartbeat {
            let is_newer = |old: &Heartbeat| heartbeat.unix_ns >= old.unix_ns;
            if self.heartbeat.as_ref().is_none_or(is_newer) {
                self.heartbeat = Some(heartbeat);
            }
        }
        if let Some(startup) = later.startup {
            let is_newer = |old: &Startup| startup.started_unix_ns >= old.started_unix_ns;
            if self.startup.as_ref().is_none_or(is_newer) {
                self.startup = Some(startup);
            }
        }
        self.skews_ns.extend(later.skews_ns);
        self.skews_ns.drain(..self.skews_ns.len().saturating_sub(MAX_SKEWS));
    }
}

/// The middle one of the measurements: retries and spools only ever make some of them longer.
pub(crate) fn median_ns(skews_ns: &[i64]) -> Option<i64> {
    let mut sorted = skews_ns.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// When its sender closed a batch: a heartbeat says it, and a native batch's id was made then.
fn sent_ns(meta: &BatchMeta) -> Option<u64> {
    if let Some(heartbeat) = &meta.heartbeat {
        return Some(heartbeat.unix_ns);
    }
    // Without an instance it may be our own id, made at the door.
    let is_told = meta.resource.contains_key("service.instance.id");
    let told = is_told.then(|| unix_ns(meta.batch_id)).flatten();
    told.filter(|ns| *ns > 0)
}

fn unix_ns(id: Uuid) -> Option<u64> {
    let is_v7 = id.get_version_num() == 7;
    let (seconds, nanos) = is_v7.then(|| id.get_timestamp()).flatten()?.to_unix();
    seconds.checked_mul(super::SECOND_NS)?.checked_add(u64::from(nanos))
}
