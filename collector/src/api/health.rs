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
use crate::store::HISTORY_REMEDY;

/// How the collector is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`; `read_only` while there is too little room on the disk to take batches; or `degraded`
    /// while batches are taken and safe, but wait to be stored, or the history is damaged. To start
    /// it again would help neither, so that all of them are 200.
    status: &'static str,
    /// Why it is not `ok`.
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
    let low_disk = api.queue.stats().low_disk.map(|low_disk| low_disk.to_string());
    let is_read_only = low_disk.is_some();
    let failure = api.damage.failure();
    let failure = failure.map(|failure| format!("batches wait in the queue: {failure}"));
    let history = api.damage.is_history_damaged();
    let history = history.then(|| {
        format!("the history, meta.db, is damaged; stop the collector, and then {HISTORY_REMEDY}")
    });
    let reasons: Vec<String> = [low_disk, failure, history].into_iter().flatten().collect();
    let status = match (is_read_only, reasons.is_empty()) {
        (true, _) => "read_only",
        (false, false) => "degraded",
        (false, true) => "ok",
    };
    let detail = (!reasons.is_empty()).then(|| reasons.join("; "));
    Ok(Json(Health { status, detail, damaged_files: api.damage.names() }))
}
