//! `GET /api/v1/consumers`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};

use super::Api;
use super::document::{Limit, OfQuestions, Range, Selection};
use super::problem::Problem;
use super::targets::question;
use crate::query::Consumers;

/// Consumers: how much each called, how well and how fast
///
/// Exact counts from roll-ups; of the last hour when no range is given.
#[utoipa::path(
    get,
    path = "/api/v1/consumers",
    operation_id = "consumers",
    tag = "questions",
    params(Range, Selection, Limit),
    responses((status = 200, description = "The consumers.", body = Consumers), OfQuestions),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Consumers>, Problem> {
    let query = question(pairs)?;
    Ok(Json(api.ask(move |queries| queries.consumers(&query)).await?))
}
