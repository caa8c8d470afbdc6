//! The summary: exact counts from roll-ups, percentiles from merged histograms.
//! It never decodes a call.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use egret::minute::{Cell, Histogram, MINUTE_NS};
use serde::Serialize;
use utoipa::ToSchema;

use super::{QueryError, SummaryQuery};
use crate::model::{StatusClass, timestamp};
use crate::store::{History, Needs, Question, Series, SummaryFilter, Total};

/// Sums of calls within whole minutes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// The beginning of the first minute, RFC 3339; of the first half-hour where no minutes are kept
    /// any more.
    pub(crate) from: String,
    /// The end of the last minute, RFC 3339; likewise.
    pub(crate) to: String,
    /// Sum of all rows.
    pub(crate) count: u64,
    /// Sum of all rows.
    pub(crate) errors: u64,
    /// The most calls first.
    pub(crate) rows: Vec<SummaryRow>,
    /// Calls that were dropped before they reached the collector, by reason.
    pub(crate) not_seen: BTreeMap<String, u64>,
    /// Series that were new beyond what their service may have, counted once a minute; their calls
    /// are in the rows of `{overflow}`. Absent when there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) n_series_overflowed: u64,
    /// Stored roll-ups that are damaged; what they held is missing here.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) damaged_rollups: BTreeSet<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it like that")]
fn is_zero(number: &u64) -> bool {
    *number == 0
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

pub(super) fn answer(history: &dyn History, query: &SummaryQuery) -> Result<Summary, QueryError> {
    let mut filter = SummaryFilter::touching(query.range.from_ns, query.range.to_ns);
    filter.series.clone_from(&query.filter.series);
    let mut keys = HashMap::<Key, usize>::new();
    let question = Question::summary(&filter, Needs::Durations);
    let folded = history.fold(&question, &mut |series| {
        let n_keys = keys.len();
        let is_asked_for = query.filter.holds(series.status);
        is_asked_for.then(|| *keys.entry(key(series)).or_insert(n_keys))
    })?;
    // What is not a sum of series has the same range.
    (filter.from_minute, filter.to_minute) = (folded.from_minute, folded.to_minute);
    let mut rows: Vec<SummaryRow> = keys
        .into_iter()
        .filter_map(|(key, group)| Some(row(key, folded.groups.get(group)?.first()?)))
        .collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| texts(a).cmp(&texts(b))));
    let sum = |part: fn(&SummaryRow) -> u64| {
        rows.iter().fold(0, |sum: u64, row| sum.saturating_add(part(row)))
    };
    Ok(Summary {
        from: rfc3339(filter.from_minute),
        to: rfc3339(filter.to_minute),
        count: sum(|row| row.count),
        errors: sum(|row| row.errors),
        not_seen: history.drops(&filter)?,
        n_series_overflowed: history.overflows(&filter)?,
        damaged_rollups: folded.damaged,
        rows,
    })
}

fn key(series: &Series) -> Key {
    Key {
        host: series.host.clone(),
        method: series.method.clone(),
        template: series.template.clone(),
        class: StatusClass::of(series.status),
        target: series.target.clone(),
    }
}

/// The beginning of a minute for people.
pub(super) fn rfc3339(minute: u64) -> String {
    timestamp(minute.saturating_mul(MINUTE_NS)).to_string()
}

fn row(key: Key, total: &Total) -> SummaryRow {
    let Cell { count, request_bytes, response_bytes, ref duration, .. } = total.cell;
    SummaryRow {
        host: key.host,
        method: key.method,
        template: key.template,
        status_class: key.class.as_str(),
        target: key.target,
        count,
        errors: total.errors,
        p50_ms: quantile_ms(duration, 0.5),
        p95_ms: quantile_ms(duration, 0.95),
        p99_ms: quantile_ms(duration, 0.99),
        request_bytes,
        response_bytes,
    }
}

pub(super) fn quantile_ms(duration: &Histogram, q: f64) -> Option<f64> {
    duration.quantile(q).map(|ns| ns as f64 / 1e6)
}

/// What breaks ties, so that the same question has the same answer.
fn texts(row: &SummaryRow) -> [&str; 5] {
    let SummaryRow { host, method, template, status_class, target, .. } = row;
    [host, method, template, status_class, target]
}
