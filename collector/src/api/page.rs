//! `GET /`: the dashboard's page.
//! It never renders: it reads the range and hands it on.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderName, header};
use axum::response::Html;

use super::Api;
use super::document::OfQuestions;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::dashboard::{self, PageError};

/// Nothing from elsewhere, no script, no frame: whatever a call's path says stays text.
const HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The dashboard
#[utoipa::path(
    get,
    path = "/",
    operation_id = "dashboard",
    tag = "questions",
    params(("range" = Option<String>, Query, pattern = "^(1h|24h|7d)?$", description = "How far back it looks.")),
    responses(
        (status = 200, description = "A page.", body = String, content_type = "text/html"),
        OfQuestions,
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<([(HeaderName, &'static str); 2], Html<String>), Problem> {
    let mut parameters = Parameters::new(pairs);
    let range = parameters.text("range")?;
    parameters.finish()?;
    api.catch_up().await;
    let queries = api.queries.clone();
    let rendered = tokio::task::spawn_blocking(move || {
        dashboard::page(&queries, range.as_deref(), unix_now_ns())
    });
    match rendered.await {
        Ok(Ok(page)) => Ok((HEADERS, Html(page))),
        Ok(Err(error @ PageError::UnknownRange(_))) => {
            Err(Problem::bad_parameter(format!("`range`: {error}")))
        }
        Ok(Err(error)) => Err(Problem::internal(&error)),
        Err(error) => Err(Problem::internal(&error)),
    }
}
