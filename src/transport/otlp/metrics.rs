//! Roll-ups as the duration histograms of the HTTP conventions.
//! Never invents a port: it is learned from calls, and absent where a host has several.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, ResourceMetrics, ScopeMetrics,
};

use super::SCHEMA_URL;
use super::attributes::{Attributes, error_type, method, resource, scope};
use super::progress::Window;
use crate::batch::BatchMeta;
use crate::codec::Calls;
use crate::minute::{self, Minutes, SeriesKey};
use crate::record::Kind;

/// The bounds that the HTTP conventions ask for, in seconds.
const BOUNDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Hosts whose ports are remembered.
const MAX_HOSTS: usize = 4_096;

/// The ports and schemes by host, as calls show them. Roll-ups do not have them.
#[derive(Debug, Default)]
pub(super) struct Endpoints(Mutex<HashMap<String, Endpoint>>);

/// `None` for what calls do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Endpoint {
    port: Option<u16>,
    scheme: Option<String>,
}

impl Endpoints {
    pub(super) fn learn(&self, calls: &Calls) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in 0..calls.len() {
            let record = calls.record(row);
            let url = record.url();
            if let Some(endpoint) = known.get_mut(url.host()) {
                endpoint.port = endpoint.port.filter(|port| Some(*port) == url.port());
                endpoint.scheme.take_if(|scheme| scheme != url.scheme());
            } else if known.len() < MAX_HOSTS && !url.host().is_empty() {
                let scheme = Some(url.scheme().to_owned());
                known.insert(url.host().to_owned(), Endpoint { port: url.port(), scheme });
            }
        }
    }

    fn of(&self, host: &str) -> Option<Endpoint> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }
}

/// All roll-ups of a batch; `None` when none has a duration.
pub(super) fn request(
    meta: &BatchMeta,
    minutes: &Minutes,
    endpoints: &Endpoints,
    window: Window,
) -> Option<ExportMetricsServiceRequest> {
    // A batch may span minutes; a series has one point in it all the same.
    let mut series = Minutes::default();
    for (key, cell) in minutes.iter().filter(|(_, cell)| cell.duration.count() > 0) {
        series.merge(SeriesKey { minute: 0, method: method(key.method), ..key }, cell);
    }
    let (mut client, mut server) = (Vec::new(), Vec::new());
    for (key, cell) in series.iter() {
        let points = if key.kind == Kind::Server { &mut server } else { &mut client };
        points.push(point(&key, &cell.duration, endpoints, window));
    }
    let metrics: Vec<Metric> = [
        ("http.client.request.duration", "Duration of HTTP client requests.", client),
        ("http.server.request.duration", "Duration of HTTP server requests.", server),
    ]
    .into_iter()
    .filter(|(_, _, points)| !points.is_empty())
    .map(|(name, description, points)| metric(name, description, points))
    .collect();
    if metrics.is_empty() {
        return None;
    }
    let schema_url = SCHEMA_URL.to_owned();
    let scope_metrics =
        ScopeMetrics { scope: Some(scope()), metrics, schema_url: schema_url.clone() };
    let resource_metrics = ResourceMetrics {
        resource: Some(resource(&meta.resource)),
        scope_metrics: vec![scope_metrics],
        schema_url,
    };
    Some(ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] })
}

fn metric(name: &str, description: &str, data_points: Vec<HistogramDataPoint>) -> Metric {
    let aggregation_temporality = AggregationTemporality::Delta as i32;
    Metric {
        name: name.to_owned(),
        description: description.to_owned(),
        unit: "s".to_owned(),
        data: Some(Data::Histogram(Histogram { data_points, aggregation_temporality })),
        ..Metric::default()
    }
}

fn point(
    key: &SeriesKey<&str>,
    durations: &minute::Histogram,
    endpoints: &Endpoints,
    window: Window,
) -> HistogramDataPoint {
    let endpoint = endpoints.of(key.host);
    let scheme = endpoint.as_ref().and_then(|endpoint| endpoint.scheme.clone());
    let status = (key.status > 0).then_some(key.status);
    let mut attributes = Attributes::default();
    attributes.text("http.request.method", key.method);
    attributes.text("server.address", key.host);
    attributes.number("server.port", endpoint.and_then(|endpoint| endpoint.port));
    attributes.text("url.scheme", &scheme.unwrap_or_default());
    attributes.number("http.response.status_code", status);
    attributes.text("error.type", &error_type(key.error_type, status, key.is_error()));
    let template = if key.kind == Kind::Server { "http.route" } else { "url.template" };
    attributes.text(template, key.template);
    attributes.text("egret.kind", key.kind.as_str());
    attributes.text("egret.target", key.target);
    attributes.text("egret.consumer", key.consumer);
    HistogramDataPoint {
        attributes: attributes.0,
        start_time_unix_nano: window.start_unix_ns,
        time_unix_nano: window.end_unix_ns,
        count: durations.count(),
        sum: Some(durations.sum_ns() as f64 / 1e9),
        bucket_counts: bucket_counts(durations),
        explicit_bounds: BOUNDS.to_vec(),
        ..HistogramDataPoint::default()
    }
}

/// Counts between the bounds. Each of the roll-up's buckets goes where its middle lies, so that a
/// duration within 2.2 % of a bound may be counted on the other side of it.
pub(super) fn bucket_counts(durations: &minute::Histogram) -> Vec<u64> {
    let mut counts = vec![0u64; BOUNDS.len() + 1];
    for (middle_ns, count) in durations.middles() {
        let place = BOUNDS.partition_point(|bound| middle_ns as f64 > bound * 1e9);
        counts[place] = counts[place].saturating_add(count);
    }
    counts
}
