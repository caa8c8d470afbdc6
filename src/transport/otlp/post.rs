//! Requests to an OTLP backend, and what its answers mean.
//! Never uses a client of the service: its own bare one, on the worker's thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use once_cell::sync::OnceCell;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Url};

use crate::retry::{self, Verdict};
use crate::transport::http::{bare_client, is_html};

const CONTENT_TYPE_PROTOBUF: &str = "application/x-protobuf";

/// How much of an answer is read; what a backend refuses is told at its beginning.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// How long an answer's body is awaited.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// What an OTLP backend took and refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OtlpCounts {
    /// Requests that were answered with success.
    pub requests_delivered: u64,
    /// Spans of these that the backend said it refused.
    pub rejected_spans: u64,
    /// Points of metrics of these that the backend said it refused.
    pub rejected_points: u64,
}

/// Posts to the two doors of a backend.
#[derive(Debug)]
pub(super) struct Poster {
    traces: Option<Url>,
    metrics: Option<Url>,
    /// Marked sensitive, so that no debug output shows them.
    headers: HeaderMap,
    /// Built at the first batch: loading certificates takes milliseconds.
    client: OnceCell<Client>,
    delivered: AtomicU64,
    rejected_spans: AtomicU64,
    rejected_points: AtomicU64,
    /// A backend that refuses refuses again: it is logged once.
    is_logged: AtomicBool,
}

/// An answer, or none.
pub(super) struct Answer {
    verdict: Verdict,
    body: Vec<u8>,
}

impl Answer {
    /// There was nothing to send.
    pub(super) fn nothing() -> Self {
        Self { verdict: Verdict::Delivered, body: Vec::new() }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl Poster {
    pub(super) fn new(traces: Option<Url>, metrics: Option<Url>, headers: HeaderMap) -> Self {
        Self {
            traces,
            metrics,
            headers,
            client: OnceCell::new(),
            delivered: AtomicU64::new(0),
            rejected_spans: AtomicU64::new(0),
            rejected_points: AtomicU64::new(0),
            is_logged: AtomicBool::new(false),
        }
    }

    #[cfg(test)]
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn sends_spans(&self) -> bool {
        self.traces.is_some()
    }

    pub(super) fn sends_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    pub(super) fn counts(&self) -> OtlpCounts {
        OtlpCounts {
            requests_delivered: self.delivered.load(Ordering::Relaxed),
            rejected_spans: self.rejected_spans.load(Ordering::Relaxed),
            rejected_points: self.rejected_points.load(Ordering::Relaxed),
        }
    }

    pub(super) async fn post_spans(&self, request: &ExportTraceServiceRequest) -> Answer {
        let answer = self.post(self.traces.as_ref(), request.encode_to_vec()).await;
        // What cannot be read says nothing; the status has said enough.
        let read = ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap_or_default();
        if let Some(partial) = read.partial_success {
            let n = u64::try_from(partial.rejected_spans).unwrap_or(0);
            self.rejected_spans.fetch_add(n, Ordering::Relaxed);
            self.log(n, "spans", &partial.error_message);
        }
        answer
    }

    pub(super) async fn post_metrics(&self, request: &ExportMetricsServiceRequest) -> Answer {
        let answer = self.post(self.metrics.as_ref(), request.encode_to_vec()).await;
        let read = ExportMetricsServiceResponse::decode(answer.body.as_slice()).unwrap_or_default();
        if let Some(partial) = read.partial_success {
            let n = u64::try_from(partial.rejected_data_points).unwrap_or(0);
            self.rejected_points.fetch_add(n, Ordering::Relaxed);
            self.log(n, "points of metrics", &partial.error_message);
        }
        answer
    }

    fn log(&self, n: u64, what: &str, reason: &str) {
        let is_news = n > 0 || !reason.is_empty();
        if is_news && !self.is_logged.swap(true, Ordering::Relaxed) {
            let reason = crate::redact::text(reason);
            tracing::warn!(target: "egret", refused = n, "an OTLP backend refused {what}: {reason}");
        }
    }

    async fn post(&self, url: Option<&Url>, body: Vec<u8>) -> Answer {
        let nobody = Answer { verdict: Verdict::Unreachable, body: Vec::new() };
        let (Some(url), Ok(client)) = (url, self.client.get_or_try_init(bare_client)) else {
            return nobody;
        };
        let request = client.post(url.clone()).headers(self.headers.clone());
        let request = request.header(CONTENT_TYPE, CONTENT_TYPE_PROTOBUF).body(body);
        let Ok(mut response) = request.send().await else { return nobody };
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let verdict =
            retry::verdict(response.status().as_u16(), after.and_then(retry::retry_after));
        if verdict == Verdict::Delivered && is_html(&response) {
            return Answer { verdict: Verdict::Foreign, body: Vec::new() };
        }
        let mut body = Vec::new();
        let rest = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ANSWER_BYTES {
                    break;
                }
            }
        };
        // The verdict stands whatever the body does.
        let _ = tokio::time::timeout(ANSWER_TIMEOUT, rest).await;
        if verdict == Verdict::Delivered {
            self.delivered.fetch_add(1, Ordering::Relaxed);
            return Answer { verdict, body };
        }
        // The body of a refusal is a `Status`, not a response.
        Answer { verdict, body: Vec::new() }
    }
}
