//! reqwest under egret's name: `use egret::http as reqwest;` is all that a program changes.
//! Never a type of its own where reqwest's will do: answers, errors and bodies are reqwest's.
//!
//! ```no_run
//! use egret::http as reqwest; // Instead of reqwest itself.
//!
//! # async fn run() -> Result<(), reqwest::Error> {
//! let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(5)).build()?;
//! match client.get("https://api.example.com/news").send().await {
//!     Ok(answer) => println!("{}", answer.error_for_status()?.text().await?),
//!     Err(error) if error.is_timeout() => println!("no news in time"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(()) }
//! ```
//!
//! The clients made here are recorded by the process's default, with all phases, also when
//! [`init`](crate::init) is called later. A call begins when its future is first polled; with
//! reqwest a request's timeout runs from `send` on.
//!
//! Methods that reqwest has behind a feature are here behind egret's feature of the same name:
//! `brotli`, `cookies`, `deflate`, `form`, `gzip`, `http2`, `json`, `multipart`, `query`, `stream`,
//! `zstd`, and those of TLS behind `default-tls`. What else a [`ClientBuilder`] can be told, it is
//! told in [`ClientBuilder::configure`]. A client that was built elsewhere is taken in by
//! [`Client::from`].

mod builder;
mod client;
mod request;

pub use builder::ClientBuilder;
pub use client::{Client, get};
pub use request::RequestBuilder;

#[cfg(feature = "cookies")]
pub use reqwest::cookie;
#[cfg(feature = "multipart")]
pub use reqwest::multipart;
pub use reqwest::{
    Body, Error, IntoUrl, Method, NoProxy, Proxy, Request, Response, ResponseBuilderExt, Result,
    StatusCode, Upgraded, Url, Version, dns, header, redirect, retry,
};
#[cfg(feature = "default-tls")]
pub use reqwest::{Certificate, Identity, tls};

pub use crate::capture::Pending;
