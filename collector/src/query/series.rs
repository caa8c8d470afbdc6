//! A metric over time, group by group.
//! It never leaves anything out: what is in no group of its own is in the others.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::metric::Value;
use super::summary::rfc3339;
use super::{GroupBy, QueryError, SeriesQuery, Step};
use crate::store::{Folded, History, Needs, Question, SummaryFilter, Total};

/// A metric over time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Series {
    /// The beginning of the first minute, RFC 3339; of the first half-hour where no minutes are kept
    /// any more.
    pub(crate) from: String,
    /// The end of the last minute, RFC 3339; likewise.
    pub(crate) to: String,
    /// As asked for or chosen; `30m` where less was asked for and no minutes are kept any more.
    pub(crate) step: &'static str,
    pub(crate) step_seconds: u64,
    pub(crate) metric: &'static str,
    /// Of the values: calls, ratio (0 to 1), bytes or ms.
    pub(crate) unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_by: Option<&'static str>,
    /// When each step begins, RFC 3339. The first and the last may be shorter than the others.
    pub(crate) times: Vec<String>,
    /// The most calls first.
    pub(crate) groups: Vec<Group>,
    /// Everything else; absent when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) others: Option<Others>,
    /// Stored roll-ups that are damaged; what they held is missing here.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) damaged_rollups: BTreeSet<String>,
}

/// Calls with something in common.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesGroup)]
pub(crate) struct Group {
    /// What they have in common; absent when no group was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Calls in the whole range.
    pub(crate) count: u64,
    /// One for each step; null where there is nothing to tell, such as the quantile of no calls.
    pub(crate) values: Vec<Option<Value>>,
}

/// Calls of all groups that have too few for a group of their own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesOthers)]
pub(crate) struct Others {
    pub(crate) n_groups: usize,
    /// Calls in the whole range.
    pub(crate) count: u64,
    pub(crate) values: Vec<Option<Value>>,
}

pub(super) fn answer(history: &dyn History, query: &SeriesQuery) -> Result<Series, QueryError> {
    let (names, n_others) = match query.group_by {
        None => (vec![None], 0),
        Some(group_by) => largest(history, query, group_by)?,
    };
    let places: HashMap<&str, usize> = names
        .iter()
        .enumerate()
        .filter_map(|(place, name)| Some((name.as_deref()?, place)))
        .collect();
    let parts = 1 + usize::from(query.metric.parts_errors());
    let question = Question {
        step_minutes: Some(query.step.minutes()),
        ..question(query, query.metric.needs())
    };
    let folded = history.fold(&question, &mut |series| {
        let group = match query.group_by {
            None => 0,
            Some(by) => places.get(by.value(series).as_str()).copied().unwrap_or(names.len()),
        };
        let part = usize::from(parts > 1 && series.is_error());
        query.filter.holds(series.status).then_some(group * parts + part)
    })?;
    let times = times(&folded);
    let column = |place: usize| column(query, &folded, place * parts, times.len());
    let others = column(names.len());
    let named = names.iter().enumerate().map(|(place, name)| {
        let (count, values) = column(place);
        Group { value: name.clone(), count, values }
    });
    let groups = named.collect();
    let (metric, unit) = query.metric.names();
    let step_minutes = folded.step_minutes.unwrap_or(1);
    Ok(Series {
        from: rfc3339(folded.from_minute),
        to: rfc3339(folded.to_minute),
        step: Step::word(step_minutes),
        step_seconds: step_minutes * 60,
        metric,
        unit,
        group_by: query.group_by.map(GroupBy::as_str),
        times,
        groups,
        others: Some(others).filter(|(count, _)| *count > 0).map(|(count, values)| Others {
            n_groups: n_others.max(1),
            count,
            values,
        }),
        damaged_rollups: folded.damaged,
    })
}

fn question(query: &SeriesQuery, needs: Needs) -> Question {
    let mut filter = SummaryFilter::touching(query.range.from_ns, query.range.to_ns);
    filter.series.clone_from(&query.filter.series);
    Question::summary(&filter, needs)
}

/// The groups with the most calls, and how many others there are.
fn largest(
    history: &dyn History,
    query: &SeriesQuery,
    group_by: GroupBy,
) -> Result<(Vec<Option<String>>, usize), QueryError> {
    let mut places = HashMap::<String, usize>::new();
    let folded = history.fold(&question(query, Needs::Counts), &mut |series| {
        let n_places = places.len();
        let is_asked_for = query.filter.holds(series.status);
        is_asked_for.then(|| *places.entry(group_by.value(series)).or_insert(n_places))
    })?;
    let count = |place: usize| Some(folded.groups.get(place)?.first()?.cell.count);
    let mut found: Vec<(Reverse<u64>, String)> = places
        .into_iter()
        .filter_map(|(value, place)| Some((Reverse(count(place)?), value)))
        .collect();
    found.sort_unstable();
    let n_others = found.len().saturating_sub(query.n_groups);
    found.truncate(query.n_groups);
    Ok((found.into_iter().map(|(_, value)| Some(value)).collect(), n_others))
}

/// When the steps begin: the first with the range, the others at their multiples.
fn times(folded: &Folded) -> Vec<String> {
    let step = folded.step_minutes.unwrap_or(1).max(1);
    let first = folded.from_minute / step;
    let begins = (first..folded.to_minute.div_ceil(step)).map(|n| n * step);
    begins.map(|minute| rfc3339(minute.max(folded.from_minute))).collect()
}

/// The calls of a group and its values.
fn column(
    query: &SeriesQuery,
    folded: &Folded,
    place: usize,
    n_steps: usize,
) -> (u64, Vec<Option<Value>>) {
    let nothing = Total::default();
    let part = |place: usize, step: usize| {
        let steps = folded.groups.get(place);
        steps.and_then(|steps| steps.get(step)).unwrap_or(&nothing)
    };
    let failed = |step| if query.metric.parts_errors() { part(place + 1, step) } else { &nothing };
    let count = (0..n_steps).fold(0u64, |sum, step| {
        sum.saturating_add(part(place, step).cell.count).saturating_add(failed(step).cell.count)
    });
    let values = (0..n_steps).map(|step| query.metric.value(part(place, step), failed(step)));
    (count, values.collect())
}
