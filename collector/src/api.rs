//! HTTP in front of everything: batches come in, answers go out.
//! It never decides what a batch or an answer is; it finds the part that does.

mod batches;
mod body;
mod calls;
mod consumers;
mod document;
mod export;
mod head;
mod health;
mod hub;
mod metrics;
mod page;
mod parameters;
mod problem;
mod series;
mod services;
mod summary;
mod targets;
mod told;
mod traces;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::clock::unix_now_ns;
use crate::ingest::{Access, Denied, HubClients, IngestLimits, Wish};
use crate::pipeline::{Damage, Progress};
use crate::query::{Queries, QueryError};
use crate::queue::Queue;
use crate::rollup::Fleet;
use body::Bounds;
use metrics::Metrics;
use problem::Problem;
use told::Told;

/// Bodies that are being received may hold so much together; beyond it senders come again later.
const MAX_IN_FLIGHT_BYTES: usize = 256 << 20;

/// Exports that run at once.
const MAX_EXPORTS: usize = 4;

/// A question waits for so much that is not stored yet, and for so long. The pipeline stores that
/// much in a fraction of the time.
const CATCH_UP_BYTES: u64 = 32 << 20;
const CATCH_UP: Duration = Duration::from_secs(5);

/// Routes that ask for a token. Each is documented beside its handler, and comes here by `routes!`
/// alone, which puts it into the router and into the document.
fn guarded() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(document::base())
        .routes(routes!(page::get))
        .routes(routes!(summary::get))
        .routes(routes!(series::get))
        .routes(routes!(calls::get))
        .routes(routes!(calls::get_one))
        .routes(routes!(targets::get))
        .routes(routes!(consumers::get))
        .routes(routes!(services::all))
        .routes(routes!(services::one))
        .routes(routes!(export::calls))
        .routes(routes!(export::summary))
        .routes(routes!(document::get))
        .routes(routes!(metrics::get))
        .routes(routes!(batches::post))
        .routes(routes!(traces::post))
}

/// Routes that do not.
fn open() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::default()
        .routes(routes!(health::get))
        // The client id in the path is the token.
        .routes(routes!(hub::post))
}

/// What the routes need.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) access: Arc<Access>,
    /// Who may send by the hub protocol.
    pub(crate) hub_clients: HubClients,
    pub(crate) limits: IngestLimits,
    /// From the first byte of a body to its last.
    pub(crate) body_timeout: Duration,
    pub(crate) queue: Arc<dyn Queue>,
    /// How far the pipeline is.
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) queries: Queries,
    /// Set where the fleet's durations are shown.
    fleet: Option<Arc<Fleet>>,
    metrics: Metrics,
    in_flight: Arc<Semaphore>,
    /// Bodies that are checked at once: as many as there are cores to check them.
    checking: Semaphore,
    /// Exports that may run at once: each holds a thread and some 30 MB.
    exporting: Arc<Semaphore>,
    /// The OpenAPI document, once the routes are known.
    document: Bytes,
    /// Requests without a valid token.
    refused: Told,
    /// Spans that are no HTTP calls.
    ignored: Told,
    damage: Damage,
}

impl Api {
    /// Routes over these parts.
    pub(crate) fn new(
        access: Arc<Access>,
        hub_clients: HubClients,
        limits: IngestLimits,
        body_timeout: Duration,
        queue: Arc<dyn Queue>,
        progress: watch::Receiver<Progress>,
        queries: Queries,
    ) -> Self {
        let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            access,
            hub_clients,
            limits,
            body_timeout,
            queue,
            progress,
            queries,
            fleet: None,
            metrics: Metrics::new(),
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT_BYTES)),
            checking: Semaphore::new(n_cores),
            exporting: Arc::new(Semaphore::new(MAX_EXPORTS)),
            document: Bytes::new(),
            refused: Told::default(),
            ignored: Told::default(),
            damage: Damage::default(),
        }
    }

    /// The same, with what is known of damaged files.
    pub(crate) fn with_damage(self, damage: Damage) -> Self {
        Self { damage, ..self }
    }

    /// Shows the fleet's durations too.
    pub(crate) fn with_fleet(self, fleet: Option<Arc<Fleet>>) -> Self {
        Self { fleet, ..self }
    }

    /// Everything that is answered.
    pub(crate) fn router(mut self) -> Router {
        let (asking_for_a_token, mut document) = guarded().split_for_parts();
        document::guard(&mut document);
        let (open, rest) = open().split_for_parts();
        document.merge(rest);
        document::bound(&mut document);
        // Texts, numbers and maps with texts as keys: JSON has a form of each.
        self.document = document.to_json().unwrap_or_default().into();
        let api = Arc::new(self);
        asking_for_a_token
            .route_layer(middleware::from_fn(parameters::readable))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&api), name_damage))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&api), authenticate))
            .merge(open)
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .layer(middleware::from_fn(head::bounded))
            // The batches' own reading is bounded, and nothing else reads a body.
            .layer(axum::extract::DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(Arc::clone(&api), metrics::count))
            .with_state(api)
    }

    /// The bounds of a body.
    fn bounds(&self) -> Bounds {
        Bounds {
            n_bytes: self.limits.n_batch_bytes,
            time: self.body_timeout,
            in_flight: Arc::clone(&self.in_flight),
        }
    }

    /// Waits for what was acknowledged before, so that who sends and then asks finds it. Not for
    /// long: when much waits, or the store fails, the answer is what is stored.
    async fn catch_up(&self) {
        let waiting = self.queue.stats();
        if waiting.n_bytes <= CATCH_UP_BYTES {
            self.queue.hurry();
            let mut progress = self.progress.clone();
            let caught_up = progress.wait_for(|now| now.is_worth_no_wait(waiting.end));
            // Too late, or nobody stores any more: neither is a reason not to answer.
            let _ = timeout(CATCH_UP, caught_up).await;
        }
    }

    /// Asks a question where waiting for the disk holds nobody up.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Queries) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.catch_up().await;
        let queries = self.queries.clone();
        match tokio::task::spawn_blocking(move || question(&queries)).await {
            Ok(answer) => answer.map_err(|error| {
                // Whatever it says: a bit that fell over can make a value of another type.
                self.damage.suspect();
                Problem::internal(&error)
            }),
            Err(error) => Err(Problem::internal(&error)),
        }
    }
}

/// Before anything else of a request is looked at.
async fn authenticate(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let wish = if request.method().is_safe() { Wish::Ask } else { Wish::Send };
    let denied = match api.access.admit(authorization, wish, unix_now_ns()) {
        Ok(grant) => {
            request.extensions_mut().insert(grant);
            return next.run(request).await;
        }
        Err(denied) => denied,
    };
    if !matches!(denied, Denied::Quota(_))
        && let Some(n_refused) = api.refused.count(unix_now_ns())
    {
        let path = request.uri().path();
        tracing::warn!(path, n_refused, "refused who sent no valid token; told once a minute");
    }
    body::discard(request.into_body());
    let mut response = Problem::from(denied).into_response();
    if wish == Wish::Ask && response.status() == StatusCode::UNAUTHORIZED {
        // A browser asks its user for the token.
        let basic = HeaderValue::from_static("Basic realm=\"egret\"");
        response.headers_mut().append(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// An answer in which something is missing says so.
async fn name_damage(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let is_asking = request.method().is_safe();
    let mut response = next.run(request).await;
    let mut names = if is_asking { api.damage.names() } else { Vec::new() };
    // Of other files nothing is missing in an answer.
    names.retain(|name| name.starts_with("calls-"));
    if let Ok(names) = HeaderValue::from_str(&names.join(", "))
        && !names.is_empty()
    {
        response.headers_mut().insert("egret-damaged-files", names);
    }
    response
}
