//! `GET /api/v1/services` and `GET /api/v1/services/{service}`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};

use super::Api;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::{SECOND_NS, TimeRange};
use crate::query::{Service, Services, ServicesQuery};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 10_000;

pub(super) async fn all(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Services>, Problem> {
    let mut parameters = Parameters::new(pairs);
    let now_ns = unix_now_ns();
    let range = parameters.range(last_day(now_ns), now_ns)?;
    parameters.finish()?;
    let query = ServicesQuery { range, limit: 0, now_ns };
    let services = api.ask(move |queries| queries.services(&query)).await?;
    Ok(Json(services))
}

pub(super) async fn one(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Service>, Problem> {
    let mut parameters = Parameters::new(pairs);
    let now_ns = unix_now_ns();
    let range = parameters.range(last_day(now_ns), now_ns)?;
    let limits = format!("a number from 1 to {MAX_LIMIT}");
    let limit = |text: &str| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
    let limit = parameters.parsed("limit", &limits, limit)?.unwrap_or(DEFAULT_LIMIT);
    parameters.finish()?;
    let query = ServicesQuery { range, limit, now_ns };
    let asked = name.clone();
    let service = api.ask(move |queries| queries.service(&asked, &query)).await?;
    service.map(Json).ok_or_else(|| Problem::unknown_service(&name))
}

fn last_day(now_ns: u64) -> TimeRange {
    TimeRange { from_ns: now_ns.saturating_sub(86_400 * SECOND_NS), to_ns: now_ns }
}
