//! `GET /api/v1/calls`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use egret::record::Outcome;
use utoipa::IntoParams;

use super::Api;
use super::document::{Limit, OfQuestions, Range};
use super::parameters::{Parameters, one_of};
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::TimeRange;
use crate::query::{CallFilter, CallsPage, CallsQuery, Cursor, StatusFilter};

const DEFAULT_LIMIT: usize = 100;

/// What calls can be asked for by, for the document; [`filter`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema: `filter` reads each parameter by its name")]
pub(super) struct CallFilters {
    /// The host that was called.
    host: Option<String>,
    /// The method, in any case.
    method: Option<String>,
    /// A code such as 404, a class such as 5xx, or none.
    #[param(pattern = "^([1-9][0-9]{2}|[1-5]xx|other|none)?$")]
    status: Option<String>,
    /// How it ended.
    #[param(pattern = "^(completed|failed|cancelled|body_dropped)?$")]
    outcome: Option<String>,
}

/// Calls, the newest first
///
/// Of all time when no range is given. A page ends with a cursor when there are more.
#[utoipa::path(
    get,
    path = "/api/v1/calls",
    operation_id = "calls",
    tag = "questions",
    params(
        Range,
        CallFilters,
        Limit,
        (
            "cursor" = Option<String>, Query,
            pattern = "^([0-9a-f]{1,16}\\.[0-9a-f]{32}\\.[0-9a-f]{1,8})?$",
            description = "The `next_cursor` of the page before.",
        ),
    ),
    responses((status = 200, description = "A page.", body = CallsPage), OfQuestions),
)]
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
    let filter = filter(&mut parameters, now_ns)?;
    let limit = parameters.limit()?;
    let cursors = "the `next_cursor` of an answer";
    let after = parameters.parsed("cursor", cursors, Cursor::parse)?;
    parameters.finish()?;
    Ok(CallsQuery { filter, limit: limit.unwrap_or(DEFAULT_LIMIT), after })
}

/// Which calls are asked for, here and for an export: [`CallFilters`] and the range.
pub(super) fn filter(parameters: &mut Parameters, now_ns: u64) -> Result<CallFilter, Problem> {
    let outcomes = one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str()));
    let statuses = "a code such as 404, a class such as 5xx, or none";
    Ok(CallFilter {
        range: parameters.range(TimeRange::ALL, now_ns)?,
        host: parameters.text("host")?.map(|host| host.to_ascii_lowercase()),
        method: parameters.text("method")?.map(|method| method.to_ascii_uppercase()),
        status: parameters.parsed("status", statuses, StatusFilter::parse)?,
        outcome: parameters.parsed("outcome", &outcomes, Outcome::from_word)?,
    })
}
