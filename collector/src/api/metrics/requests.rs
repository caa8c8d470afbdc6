//! Requests, and what became of batches at the door.
//! They never label by what a sender can choose: a path is its route's, a reason is a problem's word.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::super::Api;
use crate::clock::{tick, unix_now_ns};
use crate::queue::Appended;

/// Seconds of requests; most are answered within a few milliseconds.
const BUCKETS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Labels<const N: usize> = [(&'static str, String); N];
type NewHistogram = fn() -> Histogram;

/// Why a request was refused: the word of its problem. It travels in the answer's extensions.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Reason(pub(in crate::api) &'static str);

/// What is counted while requests are answered.
#[derive(Debug)]
pub(in crate::api) struct Metrics {
    started_unix_ns: u64,
    /// By route, method and status.
    requests: Family<Labels<3>, Counter>,
    /// By route.
    durations: Family<Labels<1>, Histogram, NewHistogram>,
    /// By route and reason.
    refused: Family<Labels<2>, Counter>,
    batches: Counter,
    calls: Counter,
    duplicates: Counter,
}

impl Metrics {
    /// All at zero, from now on.
    pub(in crate::api) fn new() -> Self {
        Self {
            started_unix_ns: unix_now_ns(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            refused: Family::default(),
            batches: Counter::default(),
            calls: Counter::default(),
            duplicates: Counter::default(),
        }
    }

    pub(super) fn started_unix_ns(&self) -> u64 {
        self.started_unix_ns
    }

    /// A batch that is safe now.
    pub(in crate::api) fn took(&self, n_calls: usize, appended: Appended) {
        if appended == Appended::Known {
            self.duplicates.inc();
            return;
        }
        self.batches.inc();
        self.calls.inc_by(n_calls as u64);
    }

    pub(super) fn register(&self, own: &mut Registry) {
        let Self { requests, durations, refused, batches, calls, duplicates, .. } = self;
        own.register("http_requests", "Requests that were answered", requests.clone());
        let about = "From a request's head to its answer's head";
        own.register("http_request_duration_seconds", about, durations.clone());
        own.register("refused", "Requests that were refused, by reason", refused.clone());
        own.register("batches_received", "Batches that were taken and are safe", batches.clone());
        own.register("calls_received", "Calls of the batches that were taken", calls.clone());
        let about = "Batches that were sent again and known at the door";
        own.register("batches_known", about, duplicates.clone());
    }
}

/// Around every route, and around what has none.
pub(in crate::api) async fn count(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Response {
    let began = tick();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    // Anything can be a method; what nothing here answers is one to count together.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "DELETE" | "PUT" | "PATCH" | "OPTIONS") => known,
        _ => "other",
    };
    let method = method.to_owned();
    let response = next.run(request).await;
    let seconds = tick().saturating_duration_since(began).as_secs_f64();
    let metrics = &api.metrics;
    metrics.durations.get_or_create(&[("route", route.clone())]).observe(seconds);
    if let Some(Reason(reason)) = response.extensions().get() {
        let labels = [("route", route.clone()), ("reason", (*reason).to_owned())];
        metrics.refused.get_or_create(&labels).inc();
    }
    let status = response.status().as_str().to_owned();
    let labels = [("route", route), ("method", method), ("status", status)];
    metrics.requests.get_or_create(&labels).inc();
    response
}
