//! Records every call that a Rust service makes to someone else's API, without slowing it.
//! Never blocks, never panics and never prints in the service that carries it.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let egret = egret::init(egret::Config::from_env()?)?;
//! let _guard = egret.guard(); // Delivers what is left when `main` ends.
//!
//! let client = egret::wrap(reqwest::Client::new());
//! client.get("https://api.example.com/v1/charges").send().await?; // Recorded.
//!
//! egret::log(egret::Call::new("POST", "https://sdk.example.com/send").status(202)); // Recorded.
//! # Ok(()) }
//! ```
//!
//! What crosses to egret's thread is redacted first; see [`redact`]. What was recorded, delivered
//! and dropped, and why, is in [`stats`](stats()).

pub mod clock;
pub mod error;
#[cfg(any(feature = "client", feature = "hits"))]
mod fork;
#[cfg(feature = "client")]
mod host;
pub mod redact;
#[cfg(feature = "wire")]
mod varint;

#[cfg(feature = "wire")]
pub mod record;

#[cfg(feature = "wire")]
pub mod batch;
#[cfg(feature = "wire")]
pub mod minute;
#[cfg(feature = "client")]
mod stats;
#[cfg(feature = "wire")]
pub mod template;

#[cfg(feature = "wire")]
pub mod codec;
#[cfg(feature = "client")]
mod process;
#[cfg(feature = "client")]
mod queue;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod sample;

#[cfg(feature = "client")]
mod allow;
#[cfg(feature = "client")]
mod capture;
#[cfg(feature = "client")]
mod config;
#[cfg(feature = "hits")]
pub mod hits;
#[cfg(feature = "client")]
mod spool;
#[cfg(feature = "client")]
mod transport;

#[cfg(feature = "client")]
mod worker;

#[cfg(feature = "client")]
mod client;

#[cfg(feature = "tower")]
pub use capture::tower;
#[cfg(feature = "client")]
pub mod http;

#[cfg(feature = "client")]
pub use capture::{
    Call, Middleware, Observed, ReqwestBuilder, Scope, Seen, Stack, Tags, Timer, scope,
};
#[cfg(feature = "blocking")]
pub use client::blocking;
#[cfg(feature = "test-util")]
pub use client::captured;
#[cfg(feature = "reqwest-0-12")]
pub use client::reqwest_0_12;
#[cfg(feature = "ureq")]
pub use client::ureq;
#[cfg(feature = "client")]
pub use client::{
    Egret, Guard, InitError, doctor, flush, flush_async, init, init_or_disabled, log, middleware,
    observe, observe_async, reqwest_client, shutdown, shutdown_async, stack, stats, wrap,
};
#[cfg(feature = "tower")]
pub use client::{tower_client, tower_server};
#[cfg(feature = "test-util")]
pub use clock::ManualClock;
#[cfg(feature = "client")]
pub use config::{Config, ConfigBuilder, ConfigError};
#[cfg(feature = "client")]
pub use retry::Verdict;
#[cfg(feature = "client")]
pub use stats::{CollectorState, DropReason, Drops, SpoolState, Stats};
#[cfg(feature = "client")]
#[cfg(feature = "test-util")]
pub use transport::MemoryTransport;
#[cfg(feature = "client")]
pub use transport::{
    Checkup, FileTransport, Sending, SeveralTransports, StdoutTransport, Step, Transport,
};
#[cfg(feature = "otlp")]
pub use transport::{OtlpBuilder, OtlpCounts, OtlpError, OtlpTransport};
#[cfg(feature = "bench-util")]
pub use worker::{Assembly, Rows};
#[cfg(feature = "client")]
pub use worker::{StartError, Unflushed};
