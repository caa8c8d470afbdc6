//! A request in the making.
//! Never records one that is dropped unsent, or that could not be built.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use reqwest::blocking::Request;

use super::{Body, Client, Response};
use crate::capture::tags::Tags;

/// [`reqwest::blocking::RequestBuilder`], which can carry [`Tags`].
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    inner: reqwest::blocking::RequestBuilder,
    tags: Option<Tags>,
    /// Of a body that is a reader.
    n_read: Option<Arc<AtomicU64>>,
}

impl RequestBuilder {
    pub(super) fn new(client: Client, inner: reqwest::blocking::RequestBuilder) -> Self {
        Self { client, inner, tags: None, n_read: None }
    }

    /// [`reqwest::blocking::RequestBuilder::from_parts`].
    pub fn from_parts(client: Client, request: Request) -> Self {
        // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
        let inner = reqwest::blocking::RequestBuilder::from_parts(client.inner.clone(), request);
        Self::new(client, inner)
    }

    /// Says what only the caller knows of the call.
    pub fn with_extension(mut self, tags: Tags) -> Self {
        self.tags = Some(tags);
        self
    }

    /// [`reqwest::blocking::RequestBuilder::header`].
    pub fn header<K, V>(self, key: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        HeaderValue: TryFrom<V>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.change(|inner| inner.header(key, value))
    }

    /// [`reqwest::blocking::RequestBuilder::headers`].
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.change(|inner| inner.headers(headers))
    }

    /// [`reqwest::blocking::RequestBuilder::basic_auth`].
    pub fn basic_auth<U: Display, P: Display>(self, username: U, password: Option<P>) -> Self {
        self.change(|inner| inner.basic_auth(username, password))
    }

    /// [`reqwest::blocking::RequestBuilder::bearer_auth`].
    pub fn bearer_auth<T: Display>(self, token: T) -> Self {
        self.change(|inner| inner.bearer_auth(token))
    }

    /// [`reqwest::blocking::RequestBuilder::body`].
    pub fn body<T: Into<Body>>(mut self, body: T) -> Self {
        let Body { inner: body, n_read } = body.into();
        self.n_read = n_read;
        self.change(|inner| inner.body(body))
    }

    /// [`reqwest::blocking::RequestBuilder::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|inner| inner.timeout(timeout))
    }

    /// [`reqwest::blocking::RequestBuilder::version`].
    pub fn version(self, version: Version) -> Self {
        self.change(|inner| inner.version(version))
    }

    /// [`reqwest::blocking::RequestBuilder::query`].
    #[cfg(feature = "query")]
    pub fn query<T: serde::Serialize + ?Sized>(self, query: &T) -> Self {
        self.change(|inner| inner.query(query))
    }

    /// [`reqwest::blocking::RequestBuilder::form`].
    #[cfg(feature = "form")]
    pub fn form<T: serde::Serialize + ?Sized>(mut self, form: &T) -> Self {
        self.n_read = None;
        self.change(|inner| inner.form(form))
    }

    /// [`reqwest::blocking::RequestBuilder::json`].
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(mut self, json: &T) -> Self {
        self.n_read = None;
        self.change(|inner| inner.json(json))
    }

    /// [`reqwest::blocking::RequestBuilder::multipart`]. The size of such a body is not recorded.
    #[cfg(feature = "multipart")]
    pub fn multipart(mut self, form: reqwest::blocking::multipart::Form) -> Self {
        self.n_read = None;
        self.change(|inner| inner.multipart(form))
    }

    /// [`reqwest::blocking::RequestBuilder::build`]. Tags stay behind.
    ///
    /// # Errors
    /// When a part of the request was invalid.
    pub fn build(self) -> reqwest::Result<Request> {
        self.inner.build()
    }

    /// [`reqwest::blocking::RequestBuilder::build_split`]. Tags stay behind.
    pub fn build_split(self) -> (Client, reqwest::Result<Request>) {
        (self.client, self.inner.build())
    }

    /// [`reqwest::blocking::RequestBuilder::send`].
    ///
    /// # Errors
    /// As reqwest's.
    pub fn send(self) -> reqwest::Result<Response> {
        self.client.send(self.inner.build()?, self.tags.as_ref(), self.n_read)
    }

    /// [`reqwest::blocking::RequestBuilder::try_clone`], tags included.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        let inner = self.inner.try_clone()?;
        Some(Self { client: self.client.clone(), inner, tags: self.tags.clone(), n_read: None })
    }

    fn change(
        mut self,
        change: impl FnOnce(reqwest::blocking::RequestBuilder) -> reqwest::blocking::RequestBuilder,
    ) -> Self {
        self.inner = change(self.inner);
        self
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
