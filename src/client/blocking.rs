//! `reqwest::blocking` with its own names, every call recorded: swap the import.
//! Never changes what a call returns; runs where `reqwest::blocking` does, and nowhere else.
//!
//! ```no_run
//! use egret::blocking as reqwest;
//!
//! # fn main() -> Result<(), egret::blocking::Error> {
//! let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(5)).build()?;
//! let answer = client.get("https://api.example.com/v1/charges").send()?;
//! println!("{}", answer.text()?);
//! # Ok(()) }
//! ```
//!
//! A client that exists already is wrapped. What only the caller knows is attached to a request, or
//! to everything that a piece of code calls:
//!
//! ```no_run
//! # fn run(bare: reqwest::blocking::Client) -> Result<(), egret::blocking::Error> {
//! let client = egret::blocking::wrap(bare);
//! let tags = egret::Tags::new().template("/v1/charges/{id}");
//! client.get("https://api.example.com/v1/charges/ch_17").with_extension(tags).send()?;
//!
//! let list = || client.get("https://api.example.com/v1/charges").send();
//! let charges = egret::scope().consumer("acme").run_sync(list)?.bytes()?;
//! # Ok(()) }
//! ```
//!
//! A call is recorded when its body has been read, when reading fails, or when the response is
//! dropped. A request that is dropped unsent, or could not be built, was no call.
//!
//! What the blocking client does not tell is absent from the record:
//! - `dns_ns` and `connect_ns`: reqwest connects on a thread of its own, where a connecting cannot
//!   be ascribed to a call for certain. `connection.reused` is known of clients that were built
//!   here.
//! - The number of redirects; the last host is there.
//! - The request's size, of a multipart form and of a reader that was made a
//!   `reqwest::blocking::Body` before it got here.

use std::panic::Location;

pub use reqwest::blocking::Request;
#[cfg(feature = "multipart")]
pub use reqwest::blocking::multipart;
pub use reqwest::{Error, IntoUrl, Method, Result, StatusCode, Url, Version, header};

use super::Egret;
use super::default::noted;
pub use crate::capture::blocking::{Body, Client, ClientBuilder, RequestBuilder, Response};

/// What the start-up message calls it.
const NAME: &str = "reqwest::blocking";

/// Wraps a client, so that every call through it is recorded by the default; also when the default
/// is set only later.
#[must_use]
#[track_caller]
pub fn wrap(client: reqwest::blocking::Client) -> Client {
    Client::wrap(client, noted(NAME, Location::caller()))
}

/// [`reqwest::blocking::get`]: a client for this one call.
///
/// # Errors
/// As reqwest's.
#[track_caller]
pub fn get<T: IntoUrl>(url: T) -> Result<Response> {
    Client::builder().build()?.get(url).send()
}

impl Client {
    /// [`reqwest::blocking::Client::new`].
    ///
    /// # Panics
    /// As reqwest's: when TLS cannot be set up, and within an async runtime.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        match Self::builder().build() {
            Ok(client) => client,
            // Panics as reqwest does.
            // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
            Err(_) => wrap(reqwest::blocking::Client::new()),
        }
    }

    /// [`reqwest::blocking::Client::builder`].
    #[track_caller]
    pub fn builder() -> ClientBuilder {
        let source = noted(NAME, Location::caller());
        // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
        ClientBuilder::with(reqwest::blocking::Client::builder(), source)
    }
}

impl Default for Client {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl ClientBuilder {
    /// [`reqwest::blocking::ClientBuilder::new`].
    #[track_caller]
    pub fn new() -> Self {
        Client::builder()
    }
}

impl Default for ClientBuilder {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Egret {
    /// Wraps a blocking client, so that every call through it is recorded.
    #[must_use]
    #[track_caller]
    pub fn wrap_blocking(&self, client: reqwest::blocking::Client) -> Client {
        Client::wrap(client, self.noted(NAME, Location::caller()))
    }

    /// `reqwest::blocking`'s client builder for a client that also knows which of its connections
    /// are reused.
    #[track_caller]
    pub fn blocking_client(&self) -> ClientBuilder {
        let source = self.noted(NAME, Location::caller());
        // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
        ClientBuilder::with(reqwest::blocking::Client::builder(), source)
    }
}
