//! `GET /api/v1/services` and `GET /api/v1/services/{service}`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};

use super::Api;
use super::document::{Limit, OfQuestions, Range};
use super::parameters::Parameters;
use super::problem::{Details, Problem};
use crate::clock::unix_now_ns;
use crate::model::{SECOND_NS, TimeRange};
use crate::query::{Service, Services, ServicesQuery};

const DEFAULT_LIMIT: usize = 100;

/// Services: who runs which version, who is alive, what of them was not seen
///
/// As clients tell it of themselves. The range is that of `not_seen`: the last 24 hours when none is
/// given.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    operation_id = "services",
    tag = "questions",
    params(Range, Limit),
    responses((status = 200, description = "Services, by name.", body = Services), OfQuestions),
)]
pub(super) async fn all(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Services>, Problem> {
    let mut parameters = Parameters::new(pairs);
    let now_ns = unix_now_ns();
    let range = parameters.range(last_day(now_ns), now_ns)?;
    let limit = parameters.limit()?.unwrap_or(DEFAULT_LIMIT);
    parameters.finish()?;
    let query = ServicesQuery { range, limit, now_ns };
    let services = api.ask(move |queries| queries.services(&query)).await?;
    Ok(Json(services))
}

/// A service and its instances
///
/// As `/api/v1/services`, and each instance, the last seen first.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}",
    operation_id = "service",
    tag = "questions",
    params(("service" = String, Path, description = "`service.name`."), Range, Limit),
    responses(
        (status = 200, description = "The service.", body = Service),
        (
            status = 404,
            description = "No such service was seen.",
            body = Details<'static>,
            content_type = "application/problem+json"
        ),
        OfQuestions
    ),
)]
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Service>, Problem> {
    let mut parameters = Parameters::new(pairs);
    let now_ns = unix_now_ns();
    let range = parameters.range(last_day(now_ns), now_ns)?;
    let limit = parameters.limit()?.unwrap_or(DEFAULT_LIMIT);
    parameters.finish()?;
    let query = ServicesQuery { range, limit, now_ns };
    let asked = name.clone();
    let service = api.ask(move |queries| queries.service(&asked, &query)).await?;
    service.map(Json).ok_or_else(|| Problem::unknown_service(&name))
}

fn last_day(now_ns: u64) -> TimeRange {
    TimeRange { from_ns: now_ns.saturating_sub(86_400 * SECOND_NS), to_ns: now_ns }
}
