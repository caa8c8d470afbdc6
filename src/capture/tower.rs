//! Layers for tower: clients that send `http` requests, and servers that answer them.
//! Never change what passes: a request keeps its body's type, an answer its frames.
//!
//! # Clients
//! The layer goes around whatever is called: hyper-util's client, a tonic channel, a stack of
//! tower's own. Each call is a record: at its body's end, at its error, or when its future or its
//! body is dropped. A service that never becomes ready has not been called.
//!
//! ```no_run
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! # let executor = hyper_util::rt::TokioExecutor::new();
//! let client = hyper_util::client::legacy::Client::builder(executor).build_http::<Body>();
//! let client = ServiceBuilder::new().layer(egret::tower_client()).service(client);
//!
//! let request = http::Request::get("http://api.example.com/v1/charges").body(Body::new())?;
//! let answer = client.oneshot(request).await?; // Recorded when `answer` has been read.
//! # Ok(()) }
//! ```
//!
//! Requests of a tonic client do not say where they go; [`ClientLayer::origin`] does. How a gRPC
//! call ended is in its trailers, from where it goes to `rpc.grpc.status_code`, and to `error.type`
//! where it is an error.
//!
//! Around a retry, one layer more tells the call from its attempts:
//!
//! ```no_run
//! # use tower::{ServiceBuilder, ServiceExt, retry::Policy};
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! # type Client = hyper_util::client::legacy::Client<hyper_util::client::legacy::connect::HttpConnector, Body>;
//! # type Answer = http::Response<egret::tower::Watched<hyper::body::Incoming>>;
//! # type Error = hyper_util::client::legacy::Error;
//! # async fn run<P>(client: Client, policy: P, request: http::Request<Body>) -> Result<(), Error>
//! # where
//! #     P: Policy<http::Request<Body>, Answer, Error> + Clone,
//! # {
//! let client = ServiceBuilder::new()
//!     .layer(egret::tower_client().around_retries())
//!     .retry(policy)
//!     .layer(egret::tower_client())
//!     .service(client);
//! # client.oneshot(request).await?;
//! # Ok(()) }
//! ```
//!
//! # Servers
//! In axum, [`Router::layer`](https://docs.rs/axum/0.8/axum/struct.Router.html#method.layer) is the
//! place: it runs once the route is known, and for requests without a route as well.
//! `Router::route_layer` is for who does not want to see the latter. Around the whole router
//! (`layer.layer(router)`) the route is not known yet, and templates are guessed.
//!
//! ```no_run
//! # #[cfg(feature = "axum")]
//! # async fn run() -> std::io::Result<()> {
//! use axum::{Router, routing::get};
//!
//! let app = Router::new()
//!     .route("/users/{id}", get(async || "ann"))
//!     .layer(egret::tower_server()); // Recorded as `/users/{id}`.
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! axum::serve(listener, app).await
//! # }
//! ```
//!
//! With the feature `axum`, a request's record has the matched route as its template, the path's
//! parameters as `url.path.parameter.<name>`, and the client's address where the server was made
//! with `into_make_service_with_connect_info::<SocketAddr>()`. What an answer of 400 or 422 says
//! about the fields at fault is in `validation.fields`, by name.

mod answer;
mod client;
mod errors;
mod fields;
mod guard;
mod route;
mod server;
mod uri;

pub use super::watched::Watched;
pub use client::{ClientFuture, ClientLayer, ClientService};
pub use errors::{BoxError, Boxed, Cause, Plain};
pub use server::{ServerFuture, ServerLayer, ServerService};
