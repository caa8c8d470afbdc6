//! Says in plain words whether calls would reach the collector of `EGRET_COLLECTOR_URL`.
//! Never sends a call.
//!
//! `cargo run --example doctor`

#![allow(clippy::print_stdout, reason = "an example that shows what it found")]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let checkup = egret::doctor().await;
    print!("{checkup}");
    if checkup.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
