//! The fleet's durations as a histogram under the conventions' name.
//! It never keeps anything: it encodes what the roll-ups added up to.

use std::fmt;
use std::sync::Arc;

use egret::minute::Histogram;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::rollup::{Durations, Fleet};

const NAME: &str = "http_client_request_duration_seconds";

/// The bounds that OpenTelemetry's conventions advise, in seconds.
const BOUNDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

#[derive(Debug)]
pub(super) struct FleetDurations(pub(super) Arc<Fleet>);

impl Collector for FleetDurations {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let all = self.0.durations();
        if all.is_empty() {
            return Ok(());
        }
        let help = "Durations of the fleet's calls, each within 1.1 %";
        let mut family = encoder.encode_descriptor(NAME, help, None, MetricType::Histogram)?;
        for Durations { service, host, method, status_class, histogram } in all {
            let labels = [
                ("service", service.as_str()),
                ("server_address", host.as_str()),
                ("http_request_method", method.as_str()),
                ("status_class", status_class),
            ];
            let sum = histogram.sum_ns() as f64 / 1e9;
            family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                sum,
                histogram.count(),
                &buckets(&histogram),
                None,
            )?;
        }
        Ok(())
    }
}

/// How many lie in each bucket, each by the middle of where it was counted.
fn buckets(histogram: &Histogram) -> Vec<(f64, u64)> {
    let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
    let mut buckets: Vec<(f64, u64)> = bounds.map(|bound| (bound, 0)).collect();
    for (ns, n) in histogram.middles() {
        let seconds = ns as f64 / 1e9;
        if let Some((_, sum)) = buckets.iter_mut().find(|(bound, _)| seconds <= *bound) {
            *sum = sum.saturating_add(n);
        }
    }
    buckets
}
