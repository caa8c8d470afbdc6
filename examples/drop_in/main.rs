//! A program written for reqwest that is recorded once its import says `use egret::http as reqwest`.
//! Never two programs: `program.rs` is compiled twice, and both say the same.
//!
//! `cargo run --release --example drop_in` sends to the collector of `EGRET_COLLECTOR_URL`; with
//! `-- --once` it brings its own and checks what arrived.

#![allow(clippy::print_stdout, reason = "an example that shows what it did")]

mod plain;
#[expect(clippy::duplicate_mod, reason = "the program is compiled twice, to be compared")]
mod recorded;

use std::time::Duration;

use anyhow::{Result, ensure};
use axum::Json;
use axum::http::StatusCode;
use axum::routing::{get, post};
use egret_collector::Collector;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Calls that the program makes.
const N_CALLS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let is_once = std::env::args().any(|argument| argument == "--once");
    let own_collector = if is_once { Some(Collector::bind("127.0.0.1:0").await?) } else { None };
    let mut config = egret::Config::builder().env().service_name("tidings");
    if let Some(collector) = &own_collector {
        config = config.collector_url(collector.url());
    }
    let egret = egret::init(config.build()?)?;
    let _guard = egret.guard();

    let server = start_server().await?;
    let expected = plain::program::run(&server).await?;
    ensure!(egret.stats().offered == 0, "what reqwest itself does is not recorded");
    let said = recorded::program::run(&server).await?;
    said.iter().for_each(|line| println!("{line}"));
    ensure!(said == expected, "with reqwest the program said {expected:#?}");

    egret.flush_async(Duration::from_secs(5)).await?;
    match own_collector {
        Some(collector) => show(&collector.url()).await,
        None => Ok(()),
    }
}

/// Prints what the collector knows of the program.
async fn show(collector: &str) -> Result<()> {
    let answer = reqwest::get(format!("{collector}/api/v1/calls?from=0")).await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    let calls = answer["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    println!("\negret saw:");
    for call in calls.iter().rev() {
        let word = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        println!(
            "{:4} {:16} {:9} {:>4} reused {:5} {:7} {} us",
            word("http.request.method"),
            word("url.template"),
            word("outcome"),
            call["http.response.status_code"],
            call["connection.reused"],
            word("error.type"),
            call["total_ns"].as_u64().unwrap_or_default() / 1_000,
        );
    }
    ensure!(calls.len() == N_CALLS, "expected {N_CALLS} calls");
    Ok(())
}

/// Somebody else's API.
async fn start_server() -> Result<String> {
    let echo = |form: String| async move { (StatusCode::CREATED, form) };
    let router = axum::Router::new()
        .route("/news", get(|| async { Json(json!({ "headline": "Spring tide on Friday" })) }))
        .route("/subscriptions", post(echo))
        .route("/slow", get(std::future::pending::<()>))
        .route("/tides", get(|| async { "12:41 3.2 m\n".repeat(10_000) }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}
