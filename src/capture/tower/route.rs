//! What axum knows of a request beside HTTP: its route, its parameters, where it comes from.
//! Never asks more of a request than its extensions tell; without axum nothing is known.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::{Request, Uri};

/// Where a request was routed to, as far as it is known where the layer stands.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// As the router has it; empty when there is none.
    pub(super) template: String,
    /// Those of the path, by name.
    pub(super) parameters: Vec<(String, String)>,
    /// The client's address.
    pub(super) peer: Option<IpAddr>,
    /// What was asked for, before nesting routers took their prefix off.
    pub(super) uri: Option<Uri>,
}

#[cfg(not(feature = "axum"))]
impl Route {
    pub(super) fn of<B>(request: Request<B>) -> (Request<B>, Self) {
        (request, Self::default())
    }
}

#[cfg(feature = "axum")]
impl Route {
    pub(super) fn of<B>(request: Request<B>) -> (Request<B>, Self) {
        use std::net::SocketAddr;

        use axum::extract::{
            ConnectInfo, FromRequestParts, MatchedPath, OriginalUri, RawPathParams,
        };

        let (mut parts, body) = request.into_parts();
        let mut route = Self::default();
        if let Some(path) = parts.extensions.get::<MatchedPath>() {
            path.as_str().clone_into(&mut route.template);
            // Parameters that are not UTF-8 are left out.
            let found = at_once(RawPathParams::from_request_parts(&mut parts, &()));
            let found = found.and_then(Result::ok);
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            route.parameters = found.iter().flatten().map(owned).collect();
        }
        let client = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        route.peer = client.map(|client| client.0.ip());
        route.uri = parts.extensions.get::<OriginalUri>().map(|uri| uri.0.clone());
        (Request::from_parts(parts, body), route)
    }
}

/// Counts the bytes of a body as they are read, where its type is one that can hold another: axum's.
/// A body of any other type would have to change it, which the service does not take.
pub(super) fn count<B: 'static>(body: &mut B) -> Option<Arc<AtomicU64>> {
    #[cfg(feature = "axum")]
    {
        use crate::capture::watched::Counted;

        let body: &mut dyn std::any::Any = body;
        let body = body.downcast_mut::<axum::body::Body>()?;
        let n_bytes = Arc::new(AtomicU64::new(0));
        let counted = Counted::new(std::mem::take(body), Arc::clone(&n_bytes));
        *body = axum::body::Body::new(counted);
        Some(n_bytes)
    }
    #[cfg(not(feature = "axum"))]
    {
        let _ = body;
        None
    }
}

/// The output of a future that waits for nothing: axum's extractors of parts are async, these ones
/// in name only. One that did wait would yield `None`.
#[cfg(feature = "axum")]
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    use std::task::{Context, Poll, Waker};

    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
