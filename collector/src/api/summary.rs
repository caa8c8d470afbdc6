//! `GET /api/v1/summary`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};

use super::Api;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::{SECOND_NS, TimeRange};
use crate::query::{Summary, SummaryQuery};

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
    let last_hour = TimeRange { from_ns: now_ns.saturating_sub(3_600 * SECOND_NS), to_ns: now_ns };
    let query = SummaryQuery {
        range: parameters.range(last_hour, now_ns)?,
        filter: parameters.rollup_filter()?,
    };
    parameters.finish()?;
    Ok(query)
}
