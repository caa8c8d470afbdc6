//! What the collector promises, one file per promise, over real HTTP on loopback.
//! They never leave the machine, and never sleep to wait.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and so do the functions that tests share; who skips says so"
)]

mod binary;
mod calls;
mod damage;
mod document;
mod durability;
mod embedding;
mod export;
mod fixture;
mod groups;
mod hits;
mod hub;
mod ingest;
mod kills;
mod limits;
mod metrics;
mod otlp;
mod page;
mod python;
mod queue_command;
mod read_only;
mod refusals;
mod schemathesis;
mod series;
mod services;
mod summary;
mod tokens;
mod wild;
