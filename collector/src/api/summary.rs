//! `GET /api/v1/summary`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};

use super::Api;
use super::document::{OfQuestions, Range, Selection};
use super::parameters::Parameters;
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::{SECOND_NS, TimeRange};
use crate::query::{Summary, SummaryQuery};

/// What was called, by host, method, template, status class and vendor
///
/// Exact counts from one-minute roll-ups; of the last hour when no range is given. The range is
/// rounded outwards to whole minutes.
#[utoipa::path(
    get,
    path = "/api/v1/summary",
    operation_id = "summary",
    tag = "questions",
    params(Range, Selection),
    responses((status = 200, description = "The sums.", body = Summary), OfQuestions),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Summary>, Problem> {
    let query = question(pairs, unix_now_ns())?;
    let summary = api.ask(move |queries| queries.summary(&query)).await?;
    Ok(Json(summary))
}

fn question(pairs: Vec<(String, String)>, now_ns: u64) -> Result<SummaryQuery, Problem> {
    let mut parameters = Parameters::new(pairs);
    let query = selection(&mut parameters, now_ns)?;
    parameters.finish()?;
    Ok(query)
}

/// Which roll-ups count.
pub(super) fn selection(parameters: &mut Parameters, now_ns: u64) -> Result<SummaryQuery, Problem> {
    let last_hour = TimeRange { from_ns: now_ns.saturating_sub(3_600 * SECOND_NS), to_ns: now_ns };
    Ok(SummaryQuery {
        range: parameters.range(last_hour, now_ns)?,
        filter: parameters.rollup_filter()?,
    })
}
