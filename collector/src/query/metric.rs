//! What is read off a sum of roll-ups: counts, bytes, quantiles, satisfaction.
//! It never adds anything up.

use egret::minute::Histogram;
use serde::Serialize;
use utoipa::ToSchema;

use super::summary::quantile_ms;
use crate::store::{Needs, Total};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Metric {
    Requests,
    Errors,
    /// Errors among all, from 0 to 1.
    ErrorRate,
    RequestBytes,
    ResponseBytes,
    /// The duration below which this share of all lies, in milliseconds, within 1.1 %.
    Quantile {
        share: f64,
        word: &'static str,
    },
    /// Satisfied calls and half of the tolerated among all, from 0 to 1, as apdex.org has it: those
    /// are satisfied that take no longer than the threshold, tolerated up to four times of it;
    /// errors are neither. Calls without a duration do not count, unless they are errors.
    Apdex {
        threshold_ns: u64,
    },
}

/// A number of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Value {
    Whole(u64),
    Fraction(f64),
}

impl Metric {
    /// All words that [`Self::from_word`] understands.
    pub(crate) const WORDS: [&'static str; 10] = [
        "requests",
        "errors",
        "error_rate",
        "request_bytes",
        "response_bytes",
        "p50",
        "p90",
        "p95",
        "p99",
        "apdex",
    ];

    /// The metric of a word; `threshold_ns` is for `apdex`.
    pub(crate) fn from_word(word: &str, threshold_ns: u64) -> Option<Self> {
        let quantile = |share, word| Self::Quantile { share, word };
        Some(match word {
            "requests" => Self::Requests,
            "errors" => Self::Errors,
            "error_rate" => Self::ErrorRate,
            "request_bytes" => Self::RequestBytes,
            "response_bytes" => Self::ResponseBytes,
            "p50" => quantile(0.5, "p50"),
            "p90" => quantile(0.9, "p90"),
            "p95" => quantile(0.95, "p95"),
            "p99" => quantile(0.99, "p99"),
            "apdex" => Self::Apdex { threshold_ns },
            _ => return None,
        })
    }

    /// Its word and the unit of its values.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Requests => ("requests", "calls"),
            Self::Errors => ("errors", "calls"),
            Self::ErrorRate => ("error_rate", "ratio"),
            Self::RequestBytes => ("request_bytes", "bytes"),
            Self::ResponseBytes => ("response_bytes", "bytes"),
            Self::Quantile { word, .. } => (word, "ms"),
            Self::Apdex { .. } => ("apdex", "ratio"),
        }
    }

    pub(super) fn needs(self) -> Needs {
        match self {
            Self::Quantile { .. } | Self::Apdex { .. } => Needs::Durations,
            _ => Needs::Counts,
        }
    }

    /// Whether the calls that failed have to be added up apart from the others.
    pub(super) fn parts_errors(self) -> bool {
        matches!(self, Self::Apdex { .. })
    }

    /// Its value, where there is one. `failed` is empty unless [`Self::parts_errors`].
    pub(super) fn value(self, total: &Total, failed: &Total) -> Option<Value> {
        let cell = &total.cell;
        match self {
            Self::Requests => Some(Value::Whole(cell.count)),
            Self::Errors => Some(Value::Whole(total.errors)),
            Self::ErrorRate => ratio(total.errors as f64, cell.count as f64),
            Self::RequestBytes => Some(Value::Whole(cell.request_bytes)),
            Self::ResponseBytes => Some(Value::Whole(cell.response_bytes)),
            Self::Quantile { share, .. } => quantile_ms(&cell.duration, share).map(Value::Fraction),
            Self::Apdex { threshold_ns } => {
                let n_all = cell.duration.count().saturating_add(failed.cell.count);
                ratio(satisfaction(&cell.duration, threshold_ns), n_all as f64)
            }
        }
    }
}

fn ratio(part: f64, whole: f64) -> Option<Value> {
    (whole > 0.0).then(|| Value::Fraction(part / whole))
}

fn satisfaction(durations: &Histogram, threshold_ns: u64) -> f64 {
    let worth = |ns: u64| match ns {
        _ if ns <= threshold_ns => 1.0,
        _ if ns <= threshold_ns.saturating_mul(4) => 0.5,
        _ => 0.0,
    };
    durations.middles().map(|(ns, count)| worth(ns) * count as f64).sum()
}
