//! `GET /api/v1/calls` and `GET /api/v1/calls/{id}`: read the question and hand it on.
//! They never answer themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use egret::record::{Kind, Outcome};
use utoipa::IntoParams;

use super::Api;
use super::document::{Limit, OfQuestions, OfUnknown, Range};
use super::parameters::{Parameters, STATUSES, one_of};
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::TimeRange;
use crate::query::{
    CallAnswer, CallFilter, CallsPage, CallsQuery, Cursor, DURATION_FORMS, StatusFilter,
    parse_duration, parse_id,
};

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
    /// The route, as `/v1/charges/{id}`.
    template: Option<String>,
    /// `error.type` of the conventions.
    error_type: Option<String>,
    /// The shortest total duration: `250ms`, `1s`.
    #[param(pattern = "^([0-9]{1,8}(ns|us|ms|s|m))?$")]
    min_duration: Option<String>,
    /// On whose behalf.
    consumer: Option<String>,
    /// `service.name` of who called.
    service: Option<String>,
    /// `deployment.environment.name` of who called.
    environment: Option<String>,
    /// Where the record comes from.
    #[param(pattern = "^(client|server|manual|gateway|probe)?$")]
    kind: Option<String>,
    /// The vendor.
    target: Option<String>,
    /// A text anywhere in the path.
    path: Option<String>,
    /// The trace that it belongs to; not all zero.
    #[param(pattern = "^([0-9a-fA-F]{31}[1-9a-fA-F])?$")]
    trace_id: Option<String>,
    /// The call whose attempt it is; not all zero.
    #[param(pattern = "^([0-9a-fA-F]{31}[1-9a-fA-F])?$")]
    call_id: Option<String>,
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

/// One call
///
/// With all that is known of who sent it, and its attempts.
#[utoipa::path(
    get,
    path = "/api/v1/calls/{id}",
    operation_id = "call",
    tag = "questions",
    params((
        "id" = String, Path,
        pattern = "^[0-9a-f]{1,16}\\.[0-9a-f]{32}\\.[0-9a-f]{1,8}$",
        description = "The `id` that a page of calls has for it.",
    )),
    responses(
        (status = 200, description = "The call.", body = CallAnswer),
        OfQuestions,
        OfUnknown,
    ),
)]
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
    let kinds = one_of(Kind::ALL.iter().map(|kind| kind.as_str()));
    let ids = "32 hexadecimal digits, not all zero";
    Ok(CallFilter {
        range: parameters.range(TimeRange::ALL, now_ns)?,
        host: parameters.text("host")?.map(|host| host.to_ascii_lowercase()),
        method: parameters.text("method")?.map(|method| method.to_ascii_uppercase()),
        template: parameters.text("template")?,
        status: parameters.parsed("status", STATUSES, StatusFilter::parse)?,
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
    })
}
