//! The summary: exact counts from roll-ups, percentiles from merged histograms.
//! It never decodes a call.

use std::collections::{BTreeMap, HashMap};

use egret::minute::{Cell, Histogram, MINUTE_NS};
use egret::record::{Outcome, is_error};
use serde::Serialize;
use utoipa::ToSchema;

use super::{QueryError, SummaryQuery};
use crate::model::{StatusClass, timestamp};
use crate::store::{History, SeriesTotal, SummaryFilter};

/// Sums of calls within whole minutes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// The beginning of the first minute, RFC 3339.
    pub(crate) from: String,
    /// The end of the last minute, RFC 3339.
    pub(crate) to: String,
    /// Sum of all rows.
    pub(crate) count: u64,
    /// Sum of all rows.
    pub(crate) errors: u64,
    /// The most calls first.
    pub(crate) rows: Vec<SummaryRow>,
    /// Calls that were dropped before they reached the collector, by reason.
    pub(crate) not_seen: BTreeMap<String, u64>,
}

/// Calls that have everything here but their numbers in common.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryRow {
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) template: String,
    /// `2xx` and so on; `none` when no answer came.
    pub(crate) status_class: &'static str,
    /// The vendor; empty when not told.
    pub(crate) target: String,
    pub(crate) count: u64,
    pub(crate) errors: u64,
    /// Within 1.1 %; absent when no call has a duration.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p95_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    host: String,
    method: String,
    template: String,
    class: StatusClass,
    target: String,
}

#[derive(Debug, Default)]
struct Sum {
    cell: Cell,
    errors: u64,
}

pub(super) fn answer(history: &dyn History, query: &SummaryQuery) -> Result<Summary, QueryError> {
    let mut filter = SummaryFilter::touching(query.range.from_ns, query.range.to_ns);
    filter.service.clone_from(&query.service);
    filter.kind = query.kind;
    let mut sums = HashMap::<Key, Sum>::new();
    for total in history.totals(&filter)? {
        add(&mut sums, total);
    }
    let mut rows: Vec<SummaryRow> = sums.into_iter().map(row).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| texts(a).cmp(&texts(b))));
    let rfc3339 = |minute: u64| timestamp(minute.saturating_mul(MINUTE_NS)).to_string();
    let sum = |part: fn(&SummaryRow) -> u64| {
        rows.iter().fold(0, |sum: u64, row| sum.saturating_add(part(row)))
    };
    Ok(Summary {
        from: rfc3339(filter.from_minute),
        to: rfc3339(filter.to_minute),
        count: sum(|row| row.count),
        errors: sum(|row| row.errors),
        not_seen: history.drops(&filter)?,
        rows,
    })
}

fn add(sums: &mut HashMap<Key, Sum>, total: SeriesTotal) {
    let failed = is_error(total.kind, Outcome::Completed, total.status, &total.error_type);
    let key = Key {
        host: total.host,
        method: total.method,
        template: total.template,
        class: StatusClass::of(total.status),
        target: total.target,
    };
    let sum = sums.entry(key).or_default();
    sum.cell.merge(&total.cell);
    if failed {
        sum.errors = sum.errors.saturating_add(total.cell.count);
    }
}

fn row((key, sum): (Key, Sum)) -> SummaryRow {
    let Cell { count, request_bytes, response_bytes, duration, .. } = sum.cell;
    SummaryRow {
        host: key.host,
        method: key.method,
        template: key.template,
        status_class: key.class.as_str(),
        target: key.target,
        count,
        errors: sum.errors,
        p50_ms: quantile_ms(&duration, 0.5),
        p95_ms: quantile_ms(&duration, 0.95),
        p99_ms: quantile_ms(&duration, 0.99),
        request_bytes,
        response_bytes,
    }
}

fn quantile_ms(duration: &Histogram, q: f64) -> Option<f64> {
    duration.quantile(q).map(|ns| ns as f64 / 1e6)
}

/// What breaks ties, so that the same question has the same answer.
fn texts(row: &SummaryRow) -> [&str; 5] {
    let SummaryRow { host, method, template, status_class, target, .. } = row;
    [host, method, template, status_class, target]
}
