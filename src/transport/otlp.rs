//! Batches to any backend that takes OTLP over HTTP: a span per attempt, durations as a metric.
//! Never sends a part again that the backend has: spans and durations are settled apart.
//!
//! Spans and the metrics `http.client.request.duration` and `http.server.request.duration` have the
//! names, the required attributes and the buckets of OpenTelemetry's HTTP conventions
//! ([`SCHEMA_URL`]). Calls that sampling left out have no span; the metrics count every call, for
//! they come from the exact roll-ups. Count and sum are exact. A bucket is off by no more than the
//! calls within 2.2 % of its bound, for roll-ups keep durations in buckets that wide.
//!
//! The metrics are deltas: each point counts the calls of one batch. A backend that wants sums since
//! the start (Prometheus) needs the OpenTelemetry collector's `deltatocumulative` before it.

mod attributes;
mod builder;
mod metrics;
mod post;
mod progress;
mod spans;
#[cfg(test)]
mod tests;

pub use builder::{OtlpBuilder, OtlpError};
pub use post::OtlpCounts;

use std::sync::Arc;

use attributes::SCHEMA_URL;
use metrics::Endpoints;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use post::{Answer, Poster};
use progress::{Progress, Window};

use super::{Sending, Transport, settled};
use crate::batch::BatchMeta;
use crate::codec::{Batch, CallColumn, DecodeError, Limits, roll_ups};
use crate::retry::Verdict;
use crate::stats::DropReason;

/// Sends batches as OTLP/HTTP in protobuf. Clones share their connection and their counts.
#[derive(Debug, Clone)]
pub struct OtlpTransport(Arc<Exporter>);

#[derive(Debug)]
struct Exporter {
    poster: Poster,
    progress: Progress,
    endpoints: Endpoints,
}

/// A batch, translated.
struct Export {
    meta: BatchMeta,
    window: Window,
    spans: Option<ExportTraceServiceRequest>,
    metrics: Option<ExportMetricsServiceRequest>,
}

impl OtlpTransport {
    /// Sends to `{endpoint}/v1/traces` and `{endpoint}/v1/metrics`, as `http://localhost:4318`.
    ///
    /// # Errors
    /// When `endpoint` is no http or https address.
    pub fn new(endpoint: &str) -> Result<Self, OtlpError> {
        Self::builder(endpoint).build()
    }

    /// As [`OtlpTransport::new`], with more to say.
    #[must_use]
    pub fn builder(endpoint: &str) -> OtlpBuilder {
        OtlpBuilder::new(endpoint)
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS` and their variants for
    /// traces and metrics say; the endpoint defaults to `http://localhost:4318`.
    ///
    /// # Errors
    /// When an address or a header is not valid; all that are come back at once.
    pub fn from_env() -> Result<Self, OtlpError> {
        OtlpBuilder::from_variables(|name| std::env::var(name).ok()).build()
    }

    /// What the backend took and refused so far.
    #[must_use]
    pub fn counts(&self) -> OtlpCounts {
        self.0.poster.counts()
    }
}

impl Transport for OtlpTransport {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        let exporter = Arc::clone(&self.0);
        match exporter.translate(&batch) {
            Ok(export) => Box::pin(async move { exporter.export(export).await }),
            Err(_) => settled(Verdict::Reject(DropReason::Rejected)),
        }
    }
}

impl Exporter {
    fn translate(&self, batch: &[u8]) -> Result<Export, DecodeError> {
        let batch = Batch::open(batch, &Limits::default())?;
        let (meta, calls) = (batch.meta().clone(), batch.calls(CallColumn::ALL)?);
        let minutes = roll_ups(&batch)?;
        self.endpoints.learn(&calls);
        let window = self.progress.window(&meta, &minutes);
        let spans = self.poster.sends_spans().then(|| spans::request(&meta, &calls)).flatten();
        let metrics = || metrics::request(&meta, &minutes, &self.endpoints, window);
        let metrics = self.poster.sends_metrics().then(metrics).flatten();
        Ok(Export { meta, window, spans, metrics })
    }

    /// First the spans, then the metrics; whichever is settled is not sent again.
    async fn export(&self, export: Export) -> Verdict {
        let id = export.meta.batch_id;
        let spans = match (self.progress.settled(id), &export.spans) {
            (Some(verdict), _) => verdict,
            (None, Some(spans)) => self.poster.post_spans(spans).await.verdict(),
            (None, None) => Verdict::Delivered,
        };
        if !is_settled(spans) {
            return spans;
        }
        let metrics = match &export.metrics {
            Some(metrics) => self.poster.post_metrics(metrics).await,
            None => Answer::nothing(),
        };
        match metrics.verdict() {
            // Halves of a batch have the same roll-ups: splitting makes them no smaller.
            Verdict::Split => refusal(spans, Verdict::Reject(DropReason::TooLarge)),
            metrics if is_settled(metrics) => {
                self.progress.done(&export.meta, export.window);
                refusal(spans, metrics)
            }
            again => {
                self.progress.keep(id, spans);
                again
            }
        }
    }
}

fn is_settled(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Delivered | Verdict::Reject(_))
}

/// The first of two that is no delivery.
fn refusal(first: Verdict, second: Verdict) -> Verdict {
    if first == Verdict::Delivered { second } else { first }
}
