//! Sums by vendor and by consumer: exact counts from roll-ups, the largest first.
//! They never leave a call out: what does not fit stands in `others`.

use std::collections::HashMap;
use std::hash::Hash;

use egret::minute::{Cell, MINUTE_NS};
use egret::record::{Kind, Outcome, is_error};
use serde::Serialize;
use utoipa::ToSchema;

use super::{QueryError, SummaryQuery};
use crate::model::timestamp;
use crate::store::{History, SeriesTotal, SummaryFilter};

/// What groups are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupsQuery {
    pub(crate) of: SummaryQuery,
    /// Most groups of the answer, at least 1; the rest is summed up.
    pub(crate) limit: usize,
}

/// Sums by vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Targets {
    /// The beginning of the first minute, RFC 3339.
    from: String,
    /// The end of the last minute, RFC 3339.
    to: String,
    /// The most requests first.
    targets: Vec<Target>,
    /// All vendors that are not listed; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<Others>,
}

/// What was called at one vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Target {
    /// The vendor's name; the host where no name is told.
    target: String,
    /// Whether it is a name that was told, and no host.
    is_named: bool,
    #[serde(flatten)]
    sums: Sums,
}

/// Sums by consumer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consumers {
    /// The beginning of the first minute, RFC 3339.
    from: String,
    /// The end of the last minute, RFC 3339.
    to: String,
    /// The most requests first.
    consumers: Vec<Consumer>,
    /// All consumers that are not listed; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<Others>,
}

/// What one consumer called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consumer {
    /// Empty for all calls that tell none.
    consumer: String,
    #[serde(flatten)]
    sums: Sums,
}

/// What is beyond the limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Others {
    /// How many are summed up here.
    n: usize,
    #[serde(flatten)]
    sums: Sums,
}

/// Exact sums; percentiles are within 1.1 %.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sums {
    requests: u64,
    errors: u64,
    /// Errors of all requests, 0 to 1.
    error_rate: f64,
    /// Null, as the others, when no call has a duration.
    p50_ms: Option<f64>,
    p90_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    request_bytes: u64,
    response_bytes: u64,
    /// The beginning of the first minute with a call, RFC 3339.
    first_seen: String,
    /// The beginning of the last minute with a call, RFC 3339.
    last_seen: String,
}

/// Vendors; what a server was asked is no call to one, unless it is asked for.
pub(super) fn targets(history: &dyn History, query: &GroupsQuery) -> Result<Targets, QueryError> {
    let is_asked_for = |total: &SeriesTotal| query.of.kind.is_some() || total.kind != Kind::Server;
    let key = |total: &SeriesTotal| {
        let is_named = !total.target.is_empty();
        (if is_named { total.target.clone() } else { total.host.clone() }, is_named)
    };
    let found = groups(history, query, |total| is_asked_for(total).then(|| key(total)))?;
    let row =
        |((target, is_named), group): (_, Group)| Target { target, is_named, sums: group.sums() };
    Ok(Targets {
        from: found.from,
        to: found.to,
        targets: found.listed.into_iter().map(row).collect(),
        others: found.others,
    })
}

pub(super) fn consumers(
    history: &dyn History,
    query: &GroupsQuery,
) -> Result<Consumers, QueryError> {
    let found = groups(history, query, |total| Some(total.consumer.clone()))?;
    let row = |(consumer, group): (_, Group)| Consumer { consumer, sums: group.sums() };
    Ok(Consumers {
        from: found.from,
        to: found.to,
        consumers: found.listed.into_iter().map(row).collect(),
        others: found.others,
    })
}

struct Groups<K> {
    from: String,
    to: String,
    listed: Vec<(K, Group)>,
    others: Option<Others>,
}

/// Sums by a key, for series that have one.
fn groups<K: Hash + Ord + Clone>(
    history: &dyn History,
    query: &GroupsQuery,
    key: impl Fn(&SeriesTotal) -> Option<K>,
) -> Result<Groups<K>, QueryError> {
    let mut filter = SummaryFilter::touching(query.of.range.from_ns, query.of.range.to_ns);
    filter.service.clone_from(&query.of.service);
    filter.kind = query.of.kind;
    let mut groups = HashMap::<K, Group>::new();
    for total in history.totals(&filter)? {
        if let Some(key) = key(&total) {
            groups.entry(key).or_default().add(&total);
        }
    }
    let mut listed: Vec<(K, Group)> = groups.into_iter().collect();
    listed.sort_by(|(a, x), (b, y)| y.cell.count.cmp(&x.cell.count).then_with(|| a.cmp(b)));
    let rest = listed.split_off(query.limit.min(listed.len()));
    let others = (!rest.is_empty()).then(|| {
        let mut sum = Group::default();
        rest.iter().for_each(|(_, group)| sum.merge(group));
        Others { n: rest.len(), sums: sum.sums() }
    });
    let (from, to) = (rfc3339(filter.from_minute), rfc3339(filter.to_minute));
    Ok(Groups { from, to, listed, others })
}

/// What series with the same key add up to.
#[derive(Debug, Default)]
struct Group {
    cell: Cell,
    errors: u64,
    /// `None` before the first.
    seen: Option<(u64, u64)>,
}

impl Group {
    fn add(&mut self, total: &SeriesTotal) {
        let SeriesTotal { kind, status, error_type, cell, seen, .. } = total;
        let failed = is_error(*kind, Outcome::Completed, *status, error_type);
        self.add_cell(cell, if failed { cell.count } else { 0 }, *seen);
    }

    fn merge(&mut self, other: &Self) {
        if let Some(seen) = other.seen {
            self.add_cell(&other.cell, other.errors, seen);
        }
    }

    fn add_cell(&mut self, cell: &Cell, errors: u64, (first, last): (u64, u64)) {
        self.cell.merge(cell);
        self.errors = self.errors.saturating_add(errors);
        let seen = self.seen.get_or_insert((first, last));
        *seen = (seen.0.min(first), seen.1.max(last));
    }

    fn sums(&self) -> Sums {
        let Cell { count, request_bytes, response_bytes, duration, .. } = &self.cell;
        let quantile_ms = |q| duration.quantile(q).map(|ns| ns as f64 / 1e6);
        let (first, last) = self.seen.unwrap_or_default();
        Sums {
            requests: *count,
            errors: self.errors,
            error_rate: if *count == 0 { 0.0 } else { self.errors as f64 / *count as f64 },
            p50_ms: quantile_ms(0.5),
            p90_ms: quantile_ms(0.9),
            p95_ms: quantile_ms(0.95),
            p99_ms: quantile_ms(0.99),
            request_bytes: *request_bytes,
            response_bytes: *response_bytes,
            first_seen: rfc3339(first),
            last_seen: rfc3339(last),
        }
    }
}

fn rfc3339(minute: u64) -> String {
    timestamp(minute.saturating_mul(MINUTE_NS)).to_string()
}
