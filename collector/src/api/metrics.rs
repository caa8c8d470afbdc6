//! `GET /metrics`: how the collector itself is, as Prometheus reads it.
//! It never reads a call: numbers are counted where they arise, or asked for when it is scraped.

mod fleet;
mod requests;

pub(super) use requests::{Metrics, Reason, count};

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::Api;
use super::document::OfQuestions;
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::SECOND_NS;
use crate::store::StoreSize;
use fleet::FleetDurations;

/// What the text is.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every name of the collector's own begins with it.
const PREFIX: &str = "egret_collector";

/// Numbers for Prometheus
///
/// OpenMetrics text. Counters count from the start of the collector. With `fleet_metrics`, the
/// durations of all calls too, as `http_client_request_duration_seconds`.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operation",
    responses(
        (status = 200, description = "The numbers.", body = String,
         content_type = "application/openmetrics-text"),
        OfQuestions,
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let queries = api.queries.clone();
    let size = tokio::task::spawn_blocking(move || queries.store_size()).await;
    let size = size.map_err(|error| Problem::internal(&error))?;
    let size = size.map_err(|error| Problem::internal(&error))?;
    let mut registry = Registry::default();
    let own = registry.sub_registry_with_prefix(PREFIX);
    api.metrics.register(own);
    register_state(own, &api, size);
    if let Some(fleet) = &api.fleet {
        registry.register_collector(Box::new(FleetDurations(Arc::clone(fleet))));
    }
    let mut out = String::new();
    text::encode(&mut out, &registry).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], out))
}

/// What is true at this moment.
fn register_state(own: &mut Registry, api: &Api, size: StoreSize) {
    let mut count = |name, help, n: u64| own.register(name, help, ConstCounter::new(n));
    let progress = *api.progress.borrow();
    count("batches_stored", "Batches that were stored", progress.done.n_batches);
    count("calls_stored", "Calls that were stored", progress.done.n_calls);
    count(
        "batches_quarantined",
        "Batches set aside: they cannot be stored",
        progress.done.n_quarantined,
    );

    let mut state = |name, help, n: u64| {
        own.register(name, help, ConstGauge::new(i64::try_from(n).unwrap_or(i64::MAX)));
    };
    let queue = api.queue.stats();
    state("queue_batches", "Batches that are safe and not stored yet", queue.n_batches as u64);
    state("queue_bytes", "Bytes of those batches", queue.n_bytes);
    let lag_bytes = queue.end.0.saturating_sub(progress.position.0);
    state("pipeline_lag_bytes", "Bytes of the queue that are not stored yet", lag_bytes);
    let failing = "1 while what waits cannot be stored";
    state("pipeline_failing", failing, u64::from(progress.is_failing));
    let read_only = "1 while no batch is taken, for want of room on the disk";
    state("read_only", read_only, u64::from(queue.low_disk.is_some()));

    let since_ns = progress.done.received_unix_ns.max(api.metrics.started_unix_ns());
    let lag_ns = if lag_bytes == 0 { 0 } else { unix_now_ns().saturating_sub(since_ns) };
    let seconds = |ns: u64| ns as f64 / SECOND_NS as f64;
    let lag = "How long before now the last stored batch had come, while others wait";
    own.register("pipeline_lag_seconds", lag, ConstGauge::new(seconds(lag_ns)));
    let started = ConstGauge::new(seconds(api.metrics.started_unix_ns()));
    own.register("start_time_seconds", "When the collector started, in unix seconds", started);

    let parts = Family::<[(&str, &str); 1], Gauge>::default();
    for (part, n_bytes) in [("meta", size.meta_bytes), ("calls", size.calls_bytes)] {
        parts.get_or_create(&[("part", part)]).set(i64::try_from(n_bytes).unwrap_or(i64::MAX));
    }
    own.register("store_bytes", "Bytes on the disk: roll-ups and ids (meta), and calls", parts);
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    own.register("build", "What runs", build);
}
