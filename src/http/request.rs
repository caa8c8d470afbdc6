//! reqwest's request builder, for a client whose calls are recorded.
//! Never adds to the request; what it is told beyond reqwest's own stays on this side.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Error, Request, Response, Result, Version};

use super::Client;
use crate::capture::{Gate, Pending, Tags};

/// [`reqwest::RequestBuilder`], for a client whose calls are recorded.
#[must_use = "a request is sent by `send`"]
pub struct RequestBuilder {
    inner: reqwest::RequestBuilder,
    gate: Gate,
    tags: Option<Tags>,
}

impl RequestBuilder {
    pub(super) fn new(inner: reqwest::RequestBuilder, gate: Gate) -> Self {
        Self { inner, gate, tags: None }
    }

    /// [`reqwest::RequestBuilder::from_parts`].
    pub fn from_parts(client: Client, request: Request) -> Self {
        let gate = client.gate().clone();
        // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
        Self::new(reqwest::RequestBuilder::from_parts(client.inner().clone(), request), gate)
    }

    /// What only the caller knows of the call; recorded with it, if it is sent by
    /// [`send`](Self::send). A request that is built and executed later has those of its
    /// [`scope`](crate::scope).
    ///
    /// ```no_run
    /// # async fn run(client: egret::http::Client) -> egret::http::Result<()> {
    /// let tags = egret::Tags::new().template("/v1/charges/{id}").consumer("acme");
    /// client.get("https://api.example.com/v1/charges/ch_17").tags(tags).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn tags(self, tags: Tags) -> Self {
        Self { tags: Some(tags), ..self }
    }

    fn change(
        self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        Self { inner: change(self.inner), ..self }
    }

    /// [`reqwest::RequestBuilder::header`].
    pub fn header<K, V>(self, key: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.change(|inner| inner.header(key, value))
    }

    /// [`reqwest::RequestBuilder::headers`].
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.change(|inner| inner.headers(headers))
    }

    /// [`reqwest::RequestBuilder::basic_auth`].
    pub fn basic_auth<U: Display, P: Display>(self, username: U, password: Option<P>) -> Self {
        self.change(|inner| inner.basic_auth(username, password))
    }

    /// [`reqwest::RequestBuilder::bearer_auth`].
    pub fn bearer_auth<T: Display>(self, token: T) -> Self {
        self.change(|inner| inner.bearer_auth(token))
    }

    /// [`reqwest::RequestBuilder::body`].
    pub fn body<T: Into<Body>>(self, body: T) -> Self {
        self.change(|inner| inner.body(body))
    }

    /// [`reqwest::RequestBuilder::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|inner| inner.timeout(timeout))
    }

    /// [`reqwest::RequestBuilder::version`].
    pub fn version(self, version: Version) -> Self {
        self.change(|inner| inner.version(version))
    }

    /// [`reqwest::RequestBuilder::multipart`].
    #[cfg(feature = "multipart")]
    pub fn multipart(self, form: reqwest::multipart::Form) -> Self {
        self.change(|inner| inner.multipart(form))
    }

    /// [`reqwest::RequestBuilder::query`].
    #[cfg(feature = "query")]
    pub fn query<T: serde::Serialize + ?Sized>(self, query: &T) -> Self {
        self.change(|inner| inner.query(query))
    }

    /// [`reqwest::RequestBuilder::form`].
    #[cfg(feature = "form")]
    pub fn form<T: serde::Serialize + ?Sized>(self, form: &T) -> Self {
        self.change(|inner| inner.form(form))
    }

    /// [`reqwest::RequestBuilder::json`].
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, json: &T) -> Self {
        self.change(|inner| inner.json(json))
    }

    /// [`reqwest::RequestBuilder::build`].
    ///
    /// # Errors
    /// As [`reqwest::RequestBuilder::build`].
    pub fn build(self) -> Result<Request> {
        self.inner.build()
    }

    /// [`reqwest::RequestBuilder::build_split`].
    pub fn build_split(self) -> (Client, Result<Request>) {
        let (client, request) = self.inner.build_split();
        (Client::of_parts((client, self.gate)), request)
    }

    /// [`reqwest::RequestBuilder::send`]. The call is recorded.
    ///
    /// # Errors
    /// As [`reqwest::RequestBuilder::send`].
    pub fn send(self) -> impl Future<Output = std::result::Result<Response, Error>> {
        let (client, request) = self.inner.build_split();
        Pending::new(client, request, self.gate, self.tags)
    }

    /// [`reqwest::RequestBuilder::try_clone`].
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        let inner = self.inner.try_clone()?;
        Some(Self { inner, gate: self.gate.clone(), tags: self.tags.clone() })
    }
}

impl std::fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}
