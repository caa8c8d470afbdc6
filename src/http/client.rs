//! reqwest's client, with every call recorded.
//! Never hands out the client within, by which a call could pass unseen.

use std::future::Future;
use std::panic::Location;
use std::task::{Context, Poll};

use reqwest::{Error, IntoUrl, Method, Request, Response, Result};
use tower_service::Service;

use super::{ClientBuilder, RequestBuilder};
use crate::capture::{Gate, Pending};
use crate::client::noted;

/// [`reqwest::Client`], recorded. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    gate: Gate,
}

/// [`reqwest::get`].
///
/// # Errors
/// As [`reqwest::get`].
#[track_caller]
pub fn get<T: IntoUrl>(url: T) -> impl Future<Output = Result<Response>> {
    let builder = Client::builder();
    async move { builder.build()?.get(url).send().await }
}

impl Client {
    /// [`reqwest::Client::new`].
    ///
    /// # Panics
    /// As [`reqwest::Client::new`]: when there is no TLS.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        let built = ClientBuilder::new().build();
        // Where ours cannot be built, reqwest's own says so in its own way.
        // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
        built.unwrap_or_else(|_| Self::from(reqwest::Client::new()))
    }

    /// [`reqwest::Client::builder`].
    #[track_caller]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(super) fn of_parts((inner, gate): (reqwest::Client, Gate)) -> Self {
        Self { inner, gate }
    }

    /// [`reqwest::Client::get`].
    pub fn get<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// [`reqwest::Client::post`].
    pub fn post<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// [`reqwest::Client::put`].
    pub fn put<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// [`reqwest::Client::patch`].
    pub fn patch<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// [`reqwest::Client::delete`].
    pub fn delete<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// [`reqwest::Client::head`].
    pub fn head<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// [`reqwest::Client::request`].
    pub fn request<U: IntoUrl>(&self, method: Method, url: U) -> RequestBuilder {
        RequestBuilder::new(self.inner.request(method, url), self.gate.clone())
    }

    /// [`reqwest::Client::execute`].
    ///
    /// # Errors
    /// As [`reqwest::Client::execute`].
    pub fn execute(
        &self,
        request: Request,
    ) -> impl Future<Output = std::result::Result<Response, Error>> + use<> {
        Pending::new(self.inner.clone(), Ok(request), self.gate.clone(), None)
    }

    /// What a request builder of reqwest's is made with.
    pub(super) fn inner(&self) -> &reqwest::Client {
        &self.inner
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// A client that was built elsewhere. Its calls are recorded from here on, without the phases of
/// their connections.
impl From<reqwest::Client> for Client {
    #[track_caller]
    fn from(inner: reqwest::Client) -> Self {
        Self { inner, gate: Gate::new(noted("reqwest", Location::caller())) }
    }
}

impl Default for Client {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl Service<Request> for Client {
    type Response = Response;
    type Error = Error;
    type Future = Pending;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Pending {
        Pending::new(self.inner.clone(), Ok(request), self.gate.clone(), None)
    }
}

impl Service<Request> for &'_ Client {
    type Response = Response;
    type Error = Error;
    type Future = Pending;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        (&self.inner).poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Pending {
        Pending::new(self.inner.clone(), Ok(request), self.gate.clone(), None)
    }
}
