//! `GET /healthz`: whether batches are taken.
//! It never asks for a token, and never says more than that.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::document::OfHealth;
use super::problem::Problem;

/// How the collector is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, or `read_only` while there is too little room on the disk. The latter is no failure of
    /// the program: to start it again would not help.
    status: &'static str,
    /// Why nothing is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Files whose contents are missing in answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged_files: Vec<String>,
}

/// Whether batches are taken
///
/// For probes; asks for no token.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "health",
    tag = "operation",
    responses((status = 200, description = "It runs.", body = Health), OfHealth),
)]
pub(super) async fn get(State(api): State<Arc<Api>>) -> Result<Json<Health>, Problem> {
    if api.queue.is_closed() {
        return Err(Problem::unavailable("the collector takes no batches any more"));
    }
    let detail = api.queue.stats().low_disk.map(|low_disk| low_disk.to_string());
    let status = if detail.is_some() { "read_only" } else { "ok" };
    Ok(Json(Health { status, detail, damaged_files: api.damage.names() }))
}
