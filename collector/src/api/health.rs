//! `GET /healthz`: whether batches are taken.
//! It never asks for a token, and never says more than that.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Api;
use super::problem::Problem;

#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
}

pub(super) async fn get(State(api): State<Arc<Api>>) -> Result<Json<Health>, Problem> {
    if api.inlet.is_closed() {
        return Err(Problem::unavailable("the collector takes no batches any more"));
    }
    Ok(Json(Health { status: "ok" }))
}
