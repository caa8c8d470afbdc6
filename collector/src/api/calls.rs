//! `GET /api/v1/calls`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use egret::record::Outcome;

use super::Api;
use super::parameters::{Parameters, STATUSES, one_of};
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::TimeRange;
use crate::query::{CallFilter, CallsPage, CallsQuery, Cursor, StatusFilter};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<CallsPage>, Problem> {
    let query = question(pairs, unix_now_ns())?;
    let page = api.ask(move |queries| queries.calls(&query)).await?;
    Ok(Json(page))
}

fn question(pairs: Vec<(String, String)>, now_ns: u64) -> Result<CallsQuery, Problem> {
    let mut parameters = Parameters::new(pairs);
    let outcomes = one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str()));
    let limit = |text: &str| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
    let limits = format!("a number from 1 to {MAX_LIMIT}");
    let filter = CallFilter {
        range: parameters.range(TimeRange::ALL, now_ns)?,
        host: parameters.text("host")?.map(|host| host.to_ascii_lowercase()),
        method: parameters.text("method")?.map(|method| method.to_ascii_uppercase()),
        status: parameters.parsed("status", STATUSES, StatusFilter::parse)?,
        outcome: parameters.parsed("outcome", &outcomes, Outcome::from_word)?,
    };
    let limit = parameters.parsed("limit", &limits, limit)?;
    let cursors = "the `next_cursor` of an answer";
    let after = parameters.parsed("cursor", cursors, Cursor::parse)?;
    parameters.finish()?;
    Ok(CallsQuery { filter, limit: limit.unwrap_or(DEFAULT_LIMIT), after })
}
