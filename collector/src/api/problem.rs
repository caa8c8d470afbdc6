//! Refusals as RFC 9457 problem details.
//! They never repeat a request's contents beyond what names the mistake.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::metrics::Reason;
use crate::ingest::{Denied, Exceeded, NotYours, Refusal};
use crate::queue::OfferError;

/// Seconds after which a refused sender may come again; a disk takes longer to get room.
const RETRY_AFTER_SECONDS: u32 = 1;
const RETRY_AFTER_LOW_DISK_SECONDS: u32 = 5;

/// What was wrong, and where.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// The last part of its `type`.
    slug: &'static str,
    title: &'static str,
    detail: String,
    /// Said with a 429 and a 503.
    retry_after_seconds: u32,
}

/// A refusal (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Details<'p> {
    /// What is wrong, for programs: `urn:egret:problem:` and a word.
    r#type: String,
    /// What is wrong, in general.
    title: &'p str,
    /// The status of the answer.
    status: u16,
    /// What is wrong this time, where, and what would be right.
    detail: &'p str,
}

impl Problem {
    fn new(
        status: StatusCode,
        slug: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        let retry_after_seconds = RETRY_AFTER_SECONDS;
        Self { status, slug, title, detail, retry_after_seconds }
    }

    /// 400 for a query string; `detail` names the parameter and what it may be.
    pub(super) fn bad_parameter(detail: String) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self::new(status, "bad-parameter", "Bad query parameter", detail)
    }

    /// 401.
    fn unauthorized(detail: &str) -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "unauthorized", "Missing or wrong token", detail)
    }

    /// 404.
    pub(super) fn not_found() -> Self {
        let detail = "nothing is here; GET /api/v1/openapi.json lists what there is, and GET / shows \
                      the dashboard";
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 404 for a service.
    pub(super) fn unknown_service(name: &str) -> Self {
        let detail =
            format!("no service {name:?} was seen; /api/v1/services lists those that were");
        Self::new(StatusCode::NOT_FOUND, "unknown-service", "Unknown service", detail)
    }

    /// 404 for a hub client.
    pub(super) fn unknown_client() -> Self {
        let detail = "no client has this id; hub_clients (EGRET_COLLECTOR_HUB_CLIENTS) has them";
        Self::new(StatusCode::NOT_FOUND, "unknown-client", "Unknown client", detail)
    }

    /// 400 for what is no call's id.
    pub(super) fn bad_call_id() -> Self {
        Self::bad_parameter("a call's id is the `id` that a page of calls has for it".to_owned())
    }

    /// 404 for a call.
    pub(super) fn unknown_call() -> Self {
        let detail = "no call has this id; it may have become too old (retention_days)";
        Self::new(StatusCode::NOT_FOUND, "unknown-call", "Unknown call", detail)
    }

    /// 405.
    pub(super) fn method_not_allowed() -> Self {
        let detail = "batches are sent with POST, everything else is asked for with GET";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "method-not-allowed", "Method not allowed", detail)
    }

    /// 406.
    pub(super) fn not_acceptable(detail: String) -> Self {
        let status = StatusCode::NOT_ACCEPTABLE;
        Self::new(status, "not-acceptable", "Not a form that is written here", detail)
    }

    /// 408: the body did not come to its end in time.
    pub(super) fn too_slow(detail: String) -> Self {
        let status = StatusCode::REQUEST_TIMEOUT;
        Self::new(status, "too-slow", "The body came too slowly", detail)
    }

    /// 413.
    pub(super) fn too_large(detail: String) -> Self {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(status, "too-large", "The batch is too large", detail)
    }

    /// 414.
    pub(super) fn long_url(limit: usize) -> Self {
        let detail =
            format!("path and query may have {limit} bytes together; ask for less at once");
        Self::new(StatusCode::URI_TOO_LONG, "long-url", "The URL is too long", detail)
    }

    /// 431.
    pub(super) fn large_head(n_headers: usize, n_bytes: usize) -> Self {
        let detail = format!("a request may have {n_headers} headers, of {n_bytes} bytes together");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        Self::new(status, "large-head", "The headers are too large", detail)
    }

    /// 400 for a body.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self::new(status, "malformed", "The batch cannot be read", detail)
    }

    /// 415.
    pub(super) fn unsupported(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "unsupported", "Not a form that is read here", detail)
    }

    /// 422: who sends it again is told the same again.
    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "unprocessable", "The message cannot be read", detail)
    }

    /// 422 in place of 400.
    pub(super) fn or_unprocessable(self) -> Self {
        if self.status == StatusCode::BAD_REQUEST { Self::unprocessable(self.detail) } else { self }
    }

    /// What was wrong.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// 503, with the time after which to come again.
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "unavailable", "Try again later", detail)
    }

    /// 500. The reason goes to the log, not to the one who asked.
    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        let mut reasons = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            reasons.push_str(": ");
            reasons.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(reasons, "cannot answer");
        let detail = "the collector's log says why";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "The collector failed", detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Unsupported(_) => Self::unsupported(detail),
            Refusal::TooLarge(_) => Self::too_large(detail),
            Refusal::RecordTooLarge(_) => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                Self::new(status, "record-too-large", "A record is too large", detail)
            }
            Refusal::Window(_) => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                Self::new(status, "window-too-large", "The window is too large", detail)
            }
            Refusal::TooDeep(_) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self::new(status, "too-deep", "The JSON is too deep", detail)
            }
            Refusal::Malformed(_) => Self::malformed(detail),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unknown => Self::unauthorized(
                "send one of the collector's tokens as `Authorization: Bearer <token>`; to a \
                 browser, give it as the password, with any user name",
            ),
            Denied::Expired => Self::unauthorized("the token has expired; make a new one"),
            Denied::Revoked => Self::unauthorized("the token was revoked; make a new one"),
            Denied::Scope(scope) => {
                let scope = scope.as_str();
                let detail = format!(
                    "the token's scope is {scope}; to send needs ingest or admin, to ask needs \
                     read or admin"
                );
                Self::new(StatusCode::FORBIDDEN, "wrong-scope", "Not with this token", detail)
            }
            Denied::Quota(exceeded) => exceeded.into(),
        }
    }
}

impl From<NotYours> for Problem {
    fn from(not_yours: NotYours) -> Self {
        let status = StatusCode::FORBIDDEN;
        Self::new(status, "wrong-sender", "Another sender's batch", not_yours.to_string())
    }
}

impl From<Exceeded> for Problem {
    fn from(exceeded: Exceeded) -> Self {
        let detail = exceeded.to_string();
        match exceeded {
            Exceeded::ForNow { wait, .. } => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
                Self {
                    retry_after_seconds: seconds.saturating_add(1),
                    ..Self::new(status, "quota", "The token's quota is used up", detail)
                }
            }
            Exceeded::ForEver { .. } => Self::too_large(detail),
        }
    }
}

impl From<OfferError> for Problem {
    fn from(error: OfferError) -> Self {
        let detail = error.to_string();
        let status = StatusCode::SERVICE_UNAVAILABLE;
        match error {
            OfferError::Full => Self::new(status, "queue-full", "The queue is full", detail),
            OfferError::LowDisk { .. } => Self {
                retry_after_seconds: RETRY_AFTER_LOW_DISK_SECONDS,
                ..Self::new(status, "low-disk", "Too little room on the disk", detail)
            },
            OfferError::Closed => Self::unavailable(detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let details = Details {
            r#type: format!("urn:egret:problem:{}", self.slug),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = (self.status, Json(details)).into_response();
        response.extensions_mut().insert(Reason(self.slug));
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, content_type);
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_seconds));
            }
            _ => {}
        }
        response
    }
}
