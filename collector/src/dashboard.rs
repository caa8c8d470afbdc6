//! The dashboard: one page, rendered here, that says how the vendors' APIs are doing.
//! It never needs a script, and never sees the store: it shows what the queries answer.

mod cell;
mod view;

use askama::Template;

use crate::model::TimeRange;
use crate::query::{CallFilter, CallsQuery, Queries, QueryError, RollupFilter, SummaryQuery};
use cell::Cell;
use view::{CallView, RangeLink, RowView};

/// Rows of the summary on the page.
const N_ROWS: usize = 200;

/// Calls on the page.
const N_CALLS: usize = 50;

const DAY_SECONDS: u64 = 86_400;

/// The ranges that the page offers, with their lengths in seconds; the first is the default.
const RANGES: [(&str, u64); 3] = [("1h", 3_600), ("24h", DAY_SECONDS), ("7d", 7 * DAY_SECONDS)];

/// The page could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("{0:?} is no range of the dashboard; choose 1h, 24h or 7d")]
    UnknownRange(String),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("cannot render the page")]
    Render(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    ranges: Vec<RangeLink>,
    range: &'static str,
    count: u64,
    errors: u64,
    rows: Vec<RowView>,
    /// Rows beyond those on the page.
    n_more: usize,
    calls: Vec<CallView>,
    /// Calls that were dropped before they came here, and why.
    n_not_seen: u64,
    not_seen: Vec<(Cell, u64)>,
}

/// The page for a range of [`RANGES`] that ends at `now_ns`.
pub(crate) fn page(
    queries: &Queries,
    range: Option<&str>,
    now_ns: u64,
) -> Result<String, PageError> {
    let name = range.unwrap_or(RANGES[0].0);
    let (name, seconds) = RANGES
        .into_iter()
        .find(|(other, _)| *other == name)
        .ok_or_else(|| PageError::UnknownRange(name.to_owned()))?;
    let range = TimeRange {
        from_ns: now_ns.saturating_sub(seconds * crate::model::SECOND_NS),
        to_ns: now_ns,
    };
    let summary = queries.summary(&SummaryQuery { range, filter: RollupFilter::default() })?;
    let newest = queries.calls(&CallsQuery {
        filter: CallFilter::within(range),
        limit: N_CALLS,
        after: None,
    })?;
    let page = Page {
        ranges: RANGES.iter().map(|(other, _)| RangeLink::new(other, name)).collect(),
        range: name,
        count: summary.count,
        errors: summary.errors,
        n_more: summary.rows.len().saturating_sub(N_ROWS),
        rows: summary.rows.into_iter().take(N_ROWS).map(RowView::from).collect(),
        calls: newest.calls.iter().map(CallView::of).collect(),
        n_not_seen: summary.not_seen.values().fold(0, |sum: u64, n| sum.saturating_add(*n)),
        not_seen: summary.not_seen.iter().map(|(reason, n)| (Cell::new(reason), *n)).collect(),
    };
    Ok(page.render()?)
}
