//! `GET /api/v1/calls` and `GET /api/v1/calls/{id}`: read the question and hand it on.
//! They never answer themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use egret::record::{Kind, Outcome};

use super::Api;
use super::parameters::{Parameters, one_of};
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::TimeRange;
use crate::query::{
    CallAnswer, CallFilter, CallsPage, CallsQuery, Cursor, DURATION_FORMS, StatusFilter,
    parse_duration, parse_id,
};

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

pub(super) async fn get_one(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<CallAnswer>, Problem> {
    Parameters::new(pairs).finish()?;
    let place = Cursor::parse(&id).ok_or_else(Problem::bad_call_id)?;
    let answer = api.ask(move |queries| queries.call(place)).await?;
    answer.map(Json).ok_or_else(Problem::unknown_call)
}

fn question(pairs: Vec<(String, String)>, now_ns: u64) -> Result<CallsQuery, Problem> {
    let mut parameters = Parameters::new(pairs);
    let outcomes = one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str()));
    let statuses = "a code such as 404, a class such as 5xx, or none";
    let limit = |text: &str| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
    let limits = format!("a number from 1 to {MAX_LIMIT}");
    let kinds = one_of(Kind::ALL.iter().map(|kind| kind.as_str()));
    let ids = "32 hexadecimal digits, not all zero";
    let filter = CallFilter {
        range: parameters.range(TimeRange::ALL, now_ns)?,
        host: parameters.text("host")?.map(|host| host.to_ascii_lowercase()),
        method: parameters.text("method")?.map(|method| method.to_ascii_uppercase()),
        template: parameters.text("template")?,
        status: parameters.parsed("status", statuses, StatusFilter::parse)?,
        outcome: parameters.parsed("outcome", &outcomes, Outcome::from_word)?,
        error_type: parameters.text("error_type")?,
        min_duration_ns: parameters.parsed("min_duration", DURATION_FORMS, parse_duration)?,
        consumer: parameters.text("consumer")?,
        service: parameters.text("service")?,
        environment: parameters.text("environment")?,
        kind: parameters.parsed("kind", &kinds, Kind::from_word)?,
        target: parameters.text("target")?,
        path: parameters.text("path")?,
        trace_id: parameters.parsed("trace_id", ids, parse_id)?,
        call_id: parameters.parsed("call_id", ids, parse_id)?,
    };
    let limit = parameters.parsed("limit", &limits, limit)?;
    let cursors = "the `next_cursor` of an answer";
    let after = parameters.parsed("cursor", cursors, Cursor::parse)?;
    parameters.finish()?;
    Ok(CallsQuery { filter, limit: limit.unwrap_or(DEFAULT_LIMIT), after })
}
