//! An answer whose body is watched while it is read.
//! Never reads by itself, and returns what reqwest returns.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, HeaderMap, StatusCode, Version};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{ResponseBuilderExt, Url};

use super::classify::{class_of_read, class_of_whole};
use crate::capture::content::{Content, RESPONSE_BODY};
use crate::capture::flight::{Connection, Flight, Head};
use crate::capture::hops::is_elsewhere;
use crate::capture::phases::Unused;
use crate::capture::reading::Reading;

/// [`reqwest::blocking::Response`]. Its call is recorded when the body has been read, when reading
/// it fails, or when this is dropped.
pub struct Response {
    inner: reqwest::blocking::Response,
    /// `None` when nobody records, or nothing is left to be seen.
    reading: Option<Box<Reading>>,
}

impl Response {
    pub(super) fn unwatched(inner: reqwest::blocking::Response) -> Self {
        Self { inner, reading: None }
    }

    pub(super) fn watched(
        inner: reqwest::blocking::Response,
        mut flight: Flight,
        sent_to: &str,
        unused: Option<&Arc<Unused>>,
    ) -> Self {
        flight.head(Head {
            status: inner.status().as_u16(),
            version: Some(inner.version()),
            peer: inner.remote_addr().map(|address| address.ip()),
            body_bytes: inner.content_length(),
        });
        if let (Some(unused), Some(info)) = (unused, inner.extensions().get::<HttpInfo>()) {
            let past = unused.take((info.local_addr(), info.remote_addr()));
            flight.connection(Connection { reused: Some(past.is_none()), ..Connection::default() });
        }
        if is_elsewhere(inner.url(), sent_to) {
            flight.fact("redirect.server.address", inner.url().host_str().unwrap_or_default());
        }
        let allowed = flight.recorder().allowed();
        flight.headers("http.response.header.", inner.headers(), &allowed.response_headers);
        let body_bytes = inner.content_length();
        if inner.status() == StatusCode::SWITCHING_PROTOCOLS || body_bytes == Some(0) {
            flight.complete();
            return Self::unwatched(inner);
        }
        let content = Content::of(RESPONSE_BODY, allowed.bodies.as_ref(), inner.headers());
        Self { inner, reading: Some(Box::new(Reading::new(flight, content, body_bytes))) }
    }

    /// [`reqwest::blocking::Response::status`].
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// [`reqwest::blocking::Response::headers`].
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// [`reqwest::blocking::Response::headers_mut`].
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.inner.headers_mut()
    }

    /// [`reqwest::blocking::Response::version`].
    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.version()
    }

    /// [`reqwest::blocking::Response::url`].
    #[must_use]
    pub fn url(&self) -> &Url {
        self.inner.url()
    }

    /// [`reqwest::blocking::Response::remote_addr`].
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.inner.remote_addr()
    }

    /// [`reqwest::blocking::Response::extensions`].
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        self.inner.extensions()
    }

    /// [`reqwest::blocking::Response::extensions_mut`].
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        self.inner.extensions_mut()
    }

    /// [`reqwest::blocking::Response::content_length`].
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.inner.content_length()
    }

    /// [`reqwest::blocking::Response::json`].
    ///
    /// # Errors
    /// When the body breaks off, or is not the JSON of a `T`.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(self) -> reqwest::Result<T> {
        self.decoded(reqwest::blocking::Response::json)
    }

    /// [`reqwest::blocking::Response::bytes`].
    ///
    /// # Errors
    /// When the body breaks off.
    pub fn bytes(self) -> reqwest::Result<Bytes> {
        let result = self.inner.bytes();
        match (self.reading, &result) {
            (Some(reading), Ok(bytes)) => reading.saw_whole(bytes),
            (Some(mut reading), Err(error)) => reading.fail(class_of_whole(error)),
            (None, _) => {}
        }
        result
    }

    /// [`reqwest::blocking::Response::text`].
    ///
    /// # Errors
    /// When the body breaks off.
    pub fn text(self) -> reqwest::Result<String> {
        self.decoded(reqwest::blocking::Response::text)
    }

    /// [`reqwest::blocking::Response::text_with_charset`].
    ///
    /// # Errors
    /// When the body breaks off.
    #[cfg(feature = "charset")]
    pub fn text_with_charset(self, default_encoding: &str) -> reqwest::Result<String> {
        self.decoded(|inner| inner.text_with_charset(default_encoding))
    }

    /// [`reqwest::blocking::Response::copy_to`].
    ///
    /// # Errors
    /// When the body breaks off, or writing fails.
    pub fn copy_to<W: Write + ?Sized>(&mut self, writer: &mut W) -> reqwest::Result<u64> {
        io::copy(self, writer).or_else(|error| {
            // Only reqwest can make its own error of this one: by meeting it.
            let met = http::Response::new(Bytes::from_static(b"."));
            reqwest::blocking::Response::from(met).copy_to(&mut Throw(Some(error)))
        })
    }

    /// [`reqwest::blocking::Response::error_for_status`].
    ///
    /// # Errors
    /// When the status is 4xx or 5xx; the body is dropped unread then.
    pub fn error_for_status(self) -> reqwest::Result<Self> {
        let reading = self.reading;
        self.inner.error_for_status().map(|inner| Self { inner, reading })
    }

    /// [`reqwest::blocking::Response::error_for_status_ref`].
    ///
    /// # Errors
    /// When the status is 4xx or 5xx.
    pub fn error_for_status_ref(&self) -> reqwest::Result<&Self> {
        self.inner.error_for_status_ref().map(|_| self)
    }

    /// Reqwest's own response. What becomes of the rest of its body is not seen: unless it has been
    /// read already, the call is recorded as answered, with neither the body's size nor its time.
    #[must_use]
    pub fn into_inner(self) -> reqwest::blocking::Response {
        if let Some(reading) = self.reading {
            reading.leave();
        }
        self.inner
    }

    /// Reads the body as a whole and has reqwest decode it. The count is of bytes, not of text.
    fn decoded<T>(
        self,
        decode: impl FnOnce(reqwest::blocking::Response) -> reqwest::Result<T>,
    ) -> reqwest::Result<T> {
        if self.reading.is_none() {
            return decode(self.inner);
        }
        let (headers, url) = (self.headers().clone(), self.url().clone());
        let mut whole = http::Response::new(self.bytes()?);
        *whole.headers_mut() = headers;
        // Errors name the URL, which travels in the extensions.
        if let Ok(carrier) = http::Response::builder().url(url).body(()) {
            whole.extensions_mut().extend(carrier.into_parts().0.extensions);
        }
        decode(reqwest::blocking::Response::from(whole))
    }
}

impl AsRef<reqwest::blocking::Response> for Response {
    fn as_ref(&self) -> &reqwest::blocking::Response {
        &self.inner
    }
}

impl Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        if let Some(reading) = &mut self.reading {
            reading.saw(buffer, &result, class_of_read);
        }
        result
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Fails with the error that it holds.
struct Throw(Option<io::Error>);

impl Write for Throw {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(buffer.len()), Err)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
