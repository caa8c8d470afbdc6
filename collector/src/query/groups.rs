//! Sums by vendor and by consumer: exact counts from roll-ups, the largest first.
//! They never leave a call out: what does not fit stands in `others`.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use egret::minute::Cell;
use egret::record::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use super::summary::{quantile_ms, rfc3339};
use super::{QueryError, Step, SummaryQuery};
use crate::store::{Folded, History, Needs, Question, Series, SummaryFilter, Total};

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
    /// Stored roll-ups that are damaged; what they held is missing here.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    damaged_rollups: BTreeSet<String>,
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
    /// Stored roll-ups that are damaged; what they held is missing here.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    damaged_rollups: BTreeSet<String>,
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
    /// When the first call was, RFC 3339: to the minute in short ranges, in long ones as finely as
    /// `/api/v1/series` cuts them by itself.
    first_seen: String,
    /// When the last call was, likewise.
    last_seen: String,
}

/// Vendors; what a server was asked is no call to one, unless it is asked for.
pub(super) fn targets(history: &dyn History, query: &GroupsQuery) -> Result<Targets, QueryError> {
    let with_servers = query.of.filter.series.kind.is_some();
    let found = groups(history, query, |series| {
        let is_named = !series.target.is_empty();
        let name = if is_named { &series.target } else { &series.host };
        (with_servers || series.kind != Kind::Server).then(|| (name.clone(), is_named))
    })?;
    let row =
        |((target, is_named), group): (_, Group)| Target { target, is_named, sums: group.sums() };
    Ok(Targets {
        from: found.from,
        to: found.to,
        targets: found.listed.into_iter().map(row).collect(),
        others: found.others,
        damaged_rollups: found.damaged,
    })
}

pub(super) fn consumers(
    history: &dyn History,
    query: &GroupsQuery,
) -> Result<Consumers, QueryError> {
    let found = groups(history, query, |series| Some(series.consumer.clone()))?;
    let row = |(consumer, group): (_, Group)| Consumer { consumer, sums: group.sums() };
    Ok(Consumers {
        from: found.from,
        to: found.to,
        consumers: found.listed.into_iter().map(row).collect(),
        others: found.others,
        damaged_rollups: found.damaged,
    })
}

struct Groups<K> {
    from: String,
    to: String,
    listed: Vec<(K, Group)>,
    others: Option<Others>,
    damaged: BTreeSet<String>,
}

/// Sums by a key, for series that have one.
fn groups<K: Hash + Ord + Clone>(
    history: &dyn History,
    query: &GroupsQuery,
    key: impl Fn(&Series) -> Option<K>,
) -> Result<Groups<K>, QueryError> {
    let mut filter = SummaryFilter::touching(query.of.range.from_ns, query.of.range.to_ns);
    filter.series.clone_from(&query.of.filter.series);
    let mut places = HashMap::<K, usize>::new();
    let mut place_of = |series: &Series| {
        let key = key(series).filter(|_| query.of.filter.holds(series.status))?;
        let n_places = places.len();
        Some(*places.entry(key).or_insert(n_places))
    };
    let summary = Question::summary(&filter, Needs::Durations);
    let folded = history.fold(&summary, &mut place_of)?;
    let step_minutes = Some(Step::for_range(query.of.range).minutes());
    let steps = Question { step_minutes, needs: Needs::Counts, ..summary };
    let stepped = history.fold(&steps, &mut place_of)?;
    let found = places.into_iter().filter_map(|(key, place)| {
        let total = folded.groups.get(place)?.first()?;
        Some((key, Group { total: total.clone(), seen: seen(&stepped, place) }))
    });
    let mut listed: Vec<(K, Group)> = found.collect();
    let count = |group: &Group| group.total.cell.count;
    listed.sort_by(|(a, x), (b, y)| count(y).cmp(&count(x)).then_with(|| a.cmp(b)));
    let rest = listed.split_off(query.limit.min(listed.len()));
    let others = (!rest.is_empty()).then(|| {
        let mut sum = Group::default();
        rest.iter().for_each(|(_, group)| sum.merge(group));
        Others { n: rest.len(), sums: sum.sums() }
    });
    let (from, to) = (rfc3339(folded.from_minute), rfc3339(folded.to_minute));
    Ok(Groups { from, to, listed, others, damaged: folded.damaged })
}

/// The minutes in which the first and the last step of a group with a call begin.
fn seen(stepped: &Folded, place: usize) -> Option<(u64, u64)> {
    let step = stepped.step_minutes?.max(1);
    let has_calls = |total: &Total| total.cell.count > 0;
    let steps = stepped.groups.get(place)?;
    let minute = |n: usize| {
        let begin = (stepped.from_minute / step).saturating_add(n as u64).saturating_mul(step);
        begin.max(stepped.from_minute)
    };
    Some((minute(steps.iter().position(has_calls)?), minute(steps.iter().rposition(has_calls)?)))
}

/// What series with the same key add up to.
#[derive(Debug, Default)]
struct Group {
    total: Total,
    /// `None` when no step was found with a call.
    seen: Option<(u64, u64)>,
}

impl Group {
    fn merge(&mut self, other: &Self) {
        self.total.cell.merge(&other.total.cell);
        self.total.errors = self.total.errors.saturating_add(other.total.errors);
        if let Some((first, last)) = other.seen {
            let seen = self.seen.get_or_insert((first, last));
            *seen = (seen.0.min(first), seen.1.max(last));
        }
    }

    fn sums(&self) -> Sums {
        let Total { cell, errors } = &self.total;
        let Cell { count, request_bytes, response_bytes, duration, .. } = cell;
        let (first, last) = self.seen.unwrap_or_default();
        Sums {
            requests: *count,
            errors: *errors,
            error_rate: if *count == 0 { 0.0 } else { *errors as f64 / *count as f64 },
            p50_ms: quantile_ms(duration, 0.5),
            p90_ms: quantile_ms(duration, 0.9),
            p95_ms: quantile_ms(duration, 0.95),
            p99_ms: quantile_ms(duration, 0.99),
            request_bytes: *request_bytes,
            response_bytes: *response_bytes,
            first_seen: rfc3339(first),
            last_seen: rfc3339(last),
        }
    }
}
