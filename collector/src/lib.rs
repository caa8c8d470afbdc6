//! The collector: receives egret's batches, keeps them, and answers questions about them.
//! It never reaches into a service: what it knows is what clients chose to send.
//!
//! ```text
//! write:  api -> ingest (limits, decode) -> queue (durable) -> pipeline (dedupe, fold) -> store
//! read:   store -> query -> dashboard, api
//! ```
//!
//! Embedded, for tests and small programs:
//!
//! ```no_run
//! # async fn run() -> Result<(), egret_collector::StartError> {
//! let collector = egret_collector::Collector::bind("127.0.0.1:0").await?;
//! println!("{}", collector.url());
//! collector.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod clock;
mod model;

mod queue;
mod rollup;

mod ingest;
mod store;

mod pipeline;
mod query;

mod hits;

mod dashboard;
mod export;

mod api;

pub mod config;

mod app;
#[doc(hidden)]
pub mod loading;

#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use ingest::fuzz;

pub use app::{
    Builder, Collector, ExportCommandError, QueueError, StartError, TokenError, export_command,
    queue_command, serve, token_command,
};
