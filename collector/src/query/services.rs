//! Which services there are: who of them lives, in which versions, with which clients, and what of
//! them was not seen.
//! It never corrects a time: a skew is told, for people to know how far a clock is off.

use std::collections::{BTreeMap, BTreeSet};

use egret::batch::{RouteRule, Startup, TargetRule, Wrapped};
use serde::Serialize;
use utoipa::ToSchema;

use super::QueryError;
use crate::model::{Instance, SECOND_NS, Sighting, TimeRange, median_ns, timestamp};
use crate::store::{History, SummaryFilter};

/// Who said nothing for so long is not alive: three times the interval of heartbeats.
const ALIVE_NS: u64 = 180 * SECOND_NS;

/// What services are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServicesQuery {
    /// Of what was not seen.
    pub(crate) range: TimeRange,
    /// Most services, or instances of one, that are told one by one.
    pub(crate) limit: usize,
    pub(crate) now_ns: u64,
}

/// All services.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Services {
    /// By name; no more than asked for.
    pub(crate) services: Vec<ServiceRow>,
    /// How many services there are beside these, later by name.
    pub(crate) others: usize,
}

/// A service as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceRow {
    /// `service.name`; empty for senders that do not tell it.
    pub(crate) service: String,
    pub(crate) environments: BTreeSet<String>,
    /// `service.version` of the instances that are alive; of all when none is.
    pub(crate) versions: BTreeSet<String>,
    /// Clients that are wrapped, each once.
    pub(crate) wrapped: BTreeSet<String>,
    /// Senders that do not tell an id are one, where no other instance of their environment does.
    pub(crate) instances: usize,
    /// Seen within the last three minutes.
    pub(crate) instances_alive: usize,
    /// Receipt of the first and the last batch that is remembered, RFC 3339.
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    /// Median of receipt minus sending, of all instances: how far their clocks are behind, and how
    /// long batches take. Absent when nobody told a time.
    pub(crate) clock_skew_ms: Option<f64>,
    /// Calls that were dropped before they reached the collector, by reason, in the range.
    pub(crate) not_seen: BTreeMap<String, u64>,
}

/// One service and its instances.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Service {
    #[serde(flatten)]
    pub(crate) service: ServiceRow,
    /// The last seen first; no more than asked for.
    pub(crate) seen: Vec<InstanceRow>,
}

/// An instance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceRow {
    /// `service.instance.id`; empty for senders that do not tell it.
    pub(crate) instance: String,
    pub(crate) environment: String,
    pub(crate) version: String,
    pub(crate) sdk: String,
    pub(crate) is_alive: bool,
    /// RFC 3339; absent when it was not told.
    pub(crate) started: Option<String>,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    pub(crate) rss_bytes: Option<u64>,
    pub(crate) cpu_ns: Option<u64>,
    pub(crate) clock_skew_ms: Option<f64>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) wrapped: Vec<Wrapped>,
    /// Vendors and templates of its settings: the first of them, and how many there are.
    #[schema(value_type = Vec<Object>)]
    pub(crate) targets: Vec<TargetRule>,
    pub(crate) n_targets: u64,
    #[schema(value_type = Vec<Object>)]
    pub(crate) routes: Vec<RouteRule>,
    pub(crate) n_routes: u64,
}

type Seen = (Instance, Sighting);

pub(super) fn all(history: &dyn History, query: &ServicesQuery) -> Result<Services, QueryError> {
    let mut services = BTreeMap::<String, Vec<Seen>>::new();
    for seen in history.instances(None)? {
        services.entry(seen.0.service.clone()).or_default().push(seen);
    }
    let filter = SummaryFilter::touching(query.range.from_ns, query.range.to_ns);
    let mut drops = history.drops_of_services(&filter)?;
    // Who dropped something was here, even if it is not remembered otherwise.
    for service in drops.keys() {
        services.entry(service.clone()).or_default();
    }
    let row = |(service, seen): (String, Vec<Seen>)| {
        let not_seen = drops.remove(&service).unwrap_or_default();
        service_row(service, &seen, not_seen, query.now_ns)
    };
    let others = services.len().saturating_sub(query.limit);
    let services = services.into_iter().take(query.limit).map(row).collect();
    Ok(Services { services, others })
}

pub(super) fn one(
    history: &dyn History,
    name: &str,
    query: &ServicesQuery,
) -> Result<Option<Service>, QueryError> {
    let seen = history.instances(Some(name))?;
    let mut filter = SummaryFilter::touching(query.range.from_ns, query.range.to_ns);
    filter.series.service = Some(name.to_owned());
    let not_seen = history.drops(&filter)?;
    if seen.is_empty() && not_seen.is_empty() {
        return Ok(None);
    }
    let service = service_row(name.to_owned(), &seen, not_seen, query.now_ns);
    let named = named(&seen);
    let rows = seen.into_iter().filter(|(instance, _)| is_instance(instance, &named));
    let rows = rows.take(query.limit);
    let rows = rows.map(|(instance, seen)| instance_row(instance, seen, query.now_ns));
    Ok(Some(Service { service, seen: rows.collect() }))
}

fn service_row(
    service: String,
    all: &[Seen],
    not_seen: BTreeMap<String, u64>,
    now_ns: u64,
) -> ServiceRow {
    let alive: Vec<&Seen> = all.iter().filter(|(_, seen)| is_alive(seen, now_ns)).collect();
    let present: Vec<&Seen> = if alive.is_empty() { all.iter().collect() } else { alive.clone() };
    let named = named(all);
    let startups = present.iter().filter_map(|(_, seen)| seen.startup.as_ref());
    let wrapped = startups.flat_map(|startup| &startup.wrapped);
    let versions = present.iter().map(|(_, seen)| seen.version.clone());
    let skews: Vec<i64> =
        present.iter().filter_map(|(_, seen)| median_ns(&seen.skews_ns)).collect();
    let moment = |ns: Option<u64>| ns.map_or(String::new(), |ns| timestamp(ns).to_string());
    ServiceRow {
        service,
        environments: all.iter().map(|(instance, _)| instance.environment.clone()).collect(),
        versions: versions.filter(|version| !version.is_empty()).collect(),
        wrapped: wrapped.map(|wrapped| wrapped.client.clone()).collect(),
        instances: all.iter().filter(|seen| is_instance(&seen.0, &named)).count(),
        instances_alive: alive.iter().filter(|seen| is_instance(&seen.0, &named)).count(),
        first_seen: moment(all.iter().map(|(_, seen)| seen.first_seen_ns).min()),
        last_seen: moment(all.iter().map(|(_, seen)| seen.last_seen_ns).max()),
        clock_skew_ms: median_ns(&skews).map(milliseconds),
        not_seen,
    }
}

fn instance_row(instance: Instance, seen: Sighting, now_ns: u64) -> InstanceRow {
    let is_alive = is_alive(&seen, now_ns);
    let started = seen.startup.as_ref().map(|startup| startup.started_unix_ns);
    let startup: Startup = seen.startup.unwrap_or_default();
    let heartbeat = seen.heartbeat.unwrap_or_default();
    InstanceRow {
        instance: instance.id,
        environment: instance.environment,
        version: seen.version,
        sdk: seen.sdk,
        is_alive,
        started: started.map(|ns| timestamp(ns).to_string()),
        first_seen: timestamp(seen.first_seen_ns).to_string(),
        last_seen: timestamp(seen.last_seen_ns).to_string(),
        rss_bytes: heartbeat.rss_bytes,
        cpu_ns: heartbeat.cpu_ns,
        clock_skew_ms: median_ns(&seen.skews_ns).map(milliseconds),
        wrapped: startup.wrapped,
        targets: startup.targets,
        n_targets: startup.n_targets,
        routes: startup.routes,
        n_routes: startup.n_routes,
    }
}

/// The environments in which instances tell their ids.
fn named(all: &[Seen]) -> BTreeSet<String> {
    let named = all.iter().filter(|(instance, _)| !instance.id.is_empty());
    named.map(|(instance, _)| instance.environment.clone()).collect()
}

/// Whether it counts. What one of them sends without its id makes no second one of it: the hub's
/// logs have none.
fn is_instance(instance: &Instance, named: &BTreeSet<String>) -> bool {
    !instance.id.is_empty() || !named.contains(&instance.environment)
}

fn is_alive(seen: &Sighting, now_ns: u64) -> bool {
    now_ns.saturating_sub(seen.last_seen_ns) <= ALIVE_NS
}

fn milliseconds(ns: i64) -> f64 {
    ns as f64 / 1e6
}
