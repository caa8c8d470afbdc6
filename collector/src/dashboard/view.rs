//! Answers in the words of the page.
//! It never computes what the queries did not say; it only writes it for eyes.

use serde_json::Value;

use super::cell::Cell;
use crate::model::timestamp;
use crate::query::SummaryRow;

/// A link to the page with another range.
#[derive(Debug)]
pub(super) struct RangeLink {
    pub(super) name: &'static str,
    pub(super) is_current: bool,
}

/// A row of the summary.
#[derive(Debug)]
pub(super) struct RowView {
    pub(super) target: Cell,
    pub(super) host: Cell,
    pub(super) method: Cell,
    pub(super) template: Cell,
    pub(super) status_class: &'static str,
    pub(super) count: u64,
    pub(super) errors: u64,
    pub(super) p50: String,
    pub(super) p95: String,
    pub(super) p99: String,
    pub(super) sent: String,
    pub(super) received: String,
}

/// One of the newest calls.
#[derive(Debug)]
pub(super) struct CallView {
    pub(super) start: String,
    pub(super) service: Cell,
    pub(super) host: Cell,
    pub(super) method: Cell,
    pub(super) path: Cell,
    /// The status, or the error class when there is none.
    pub(super) result: Cell,
    pub(super) is_error: bool,
    pub(super) duration: String,
}

impl RangeLink {
    pub(super) fn new(name: &'static str, current: &str) -> Self {
        Self { name, is_current: name == current }
    }
}

impl From<SummaryRow> for RowView {
    fn from(row: SummaryRow) -> Self {
        Self {
            target: Cell::new(&row.target),
            host: Cell::new(&row.host),
            method: Cell::new(&row.method),
            template: Cell::new(&row.template),
            status_class: row.status_class,
            count: row.count,
            errors: row.errors,
            p50: milliseconds(row.p50_ms),
            p95: milliseconds(row.p95_ms),
            p99: milliseconds(row.p99_ms),
            sent: bytes(row.request_bytes),
            received: bytes(row.response_bytes),
        }
    }
}

impl CallView {
    /// A call as the API has it.
    pub(super) fn of(call: &Value) -> Self {
        let text = |key: &str| call[key].as_str().unwrap_or_default();
        let cell = |key: &str| Cell::new(text(key));
        let status = call["http.response.status_code"].as_u64();
        let error_type = text("error.type");
        let result = match status {
            Some(status) => Cell::new(&status.to_string()),
            None if error_type.is_empty() => cell("outcome"),
            None => Cell::new(error_type),
        };
        let start_ns = call["start_unix_ns"].as_u64().unwrap_or(0);
        let total_ms = call["total_ns"].as_u64().map(|ns| ns as f64 / 1e6);
        let first_error = if call["kind"] == "server" { 500 } else { 400 };
        Self {
            start: format!("{:.3}", timestamp(start_ns)),
            service: cell("service"),
            host: cell("server.address"),
            method: cell("http.request.method"),
            path: cell("url.path"),
            result,
            is_error: !error_type.is_empty()
                || call["outcome"] == "failed"
                || status.is_some_and(|status| status >= first_error),
            duration: milliseconds(total_ms),
        }
    }
}

/// Three digits are what a percentile is good for.
fn milliseconds(ms: Option<f64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.2} ms"),
        Some(ms) if ms < 100.0 => format!("{ms:.1} ms"),
        Some(ms) if ms < 10_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1_000.0),
    }
}

fn bytes(n_bytes: u64) -> String {
    let n = n_bytes as f64;
    match n_bytes {
        0..1_000 => format!("{n_bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", n / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n / 1e6),
        _ => format!("{:.1} GB", n / 1e9),
    }
}
