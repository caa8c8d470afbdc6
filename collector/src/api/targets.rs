//! `GET /api/v1/targets`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};

use super::Api;
use super::document::{Limit, OfQuestions, Range, Selection};
use super::parameters::Parameters;
use super::problem::Problem;
use super::summary;
use crate::clock::unix_now_ns;
use crate::query::{GroupsQuery, Targets};

const DEFAULT_LIMIT: usize = 100;

/// Vendors: how much was called there, how well and how fast
///
/// Exact counts from roll-ups; of the last hour when no range is given. Calls that a server was
/// asked count only where `kind=server` asks for them.
#[utoipa::path(
    get,
    path = "/api/v1/targets",
    operation_id = "targets",
    tag = "questions",
    params(Range, Selection, Limit),
    responses((status = 200, description = "The vendors.", body = Targets), OfQuestions),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Targets>, Problem> {
    let query = question(pairs)?;
    Ok(Json(api.ask(move |queries| queries.targets(&query)).await?))
}

/// As for consumers too.
pub(super) fn question(pairs: Vec<(String, String)>) -> Result<GroupsQuery, Problem> {
    let mut parameters = Parameters::new(pairs);
    let of = summary::selection(&mut parameters, unix_now_ns())?;
    let limit = parameters.limit()?.unwrap_or(DEFAULT_LIMIT);
    parameters.finish()?;
    Ok(GroupsQuery { of, limit })
}
