//! One command to see it work: real calls of a real client, recorded, delivered and shown.
//! Never prints a figure of its own: the table is what the collector's HTTP API answers.
//!
//! `cargo run --release --example quickstart` serves until Ctrl-C; with `-- --once` it exits.

#![allow(clippy::print_stdout, reason = "an example that shows what it did")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use egret::{Call, Config};
use egret_collector::Collector;
use serde_json::Value;

/// What the upstream itself counted, by route and status class.
type Counts = Arc<Mutex<BTreeMap<(String, String), u64>>>;

/// Wrapped calls to each of the upstream's three routes.
const N_ROUNDS: u64 = 100;

/// Calls of an SDK that has no client to wrap.
const N_LOGGED: u64 = 25;

#[tokio::main]
async fn main() -> Result<()> {
    let collector = Collector::bind("127.0.0.1:0").await?;
    let (upstream, counts) = start_upstream().await?;

    // What a service does at start-up: one handle, one wrapped client.
    let config = Config::builder().collector_url(collector.url()).service_name("quickstart");
    let egret = egret::init(config.build()?)?;
    let client = egret::wrap(reqwest::Client::new());

    call_upstream(&client, &upstream).await?;
    log_sdk_calls();
    egret.flush_async(Duration::from_secs(10)).await?;

    let rows = summary(&collector.url()).await?;
    print_table(&rows);
    compare(&rows, &counts)?;
    println!("\nThe upstream counted the same, route by route.");
    println!("{} bytes went over the wire.", egret.stats().bytes_delivered);
    if !std::env::args().any(|argument| argument == "--once") {
        println!("Dashboard: {}/  (Ctrl-C ends)", collector.url());
        tokio::signal::ctrl_c().await?;
    }
    egret.shutdown_async(Duration::from_secs(2)).await?;
    collector.shutdown().await;
    Ok(())
}

/// Somebody else's API on loopback; every seventh order fails, every tenth user is unknown.
async fn start_upstream() -> Result<(String, Counts)> {
    let counts = Counts::default();
    let app = axum::Router::new()
        .route(
            "/users/{id}",
            get(|Path(id): Path<u64>, state| async move {
                let status = if id % 10 == 0 { StatusCode::NOT_FOUND } else { StatusCode::OK };
                count(state, "GET /users/{int}", status)
            }),
        )
        .route(
            "/users/{id}/orders",
            post(|Path(id): Path<u64>, state| async move {
                tokio::time::sleep(Duration::from_millis(id % 5)).await;
                let fails = id % 7 == 0;
                let status =
                    if fails { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::CREATED };
                count(state, "POST /users/{int}/orders", status)
            }),
        )
        .route("/prices", get(|state| async move { count(state, "GET /prices", StatusCode::OK) }))
        .with_state(Arc::clone(&counts));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((url, counts))
}

fn count(State(counts): State<Counts>, route: &str, status: StatusCode) -> (StatusCode, String) {
    let class = format!("{}xx", status.as_u16() / 100);
    if let Ok(mut counts) = counts.lock() {
        *counts.entry((route.to_owned(), class)).or_default() += 1;
    }
    (status, format!("{{\"route\": \"{route}\"}}"))
}

async fn call_upstream(client: &reqwest_middleware::ClientWithMiddleware, url: &str) -> Result<()> {
    for id in 1..=N_ROUNDS {
        client.get(format!("{url}/users/{id}?api_key=never-recorded")).send().await?;
        client.post(format!("{url}/users/{id}/orders")).body("{\"n\": 1}").send().await?;
        client.get(format!("{url}/prices")).send().await?;
    }
    Ok(())
}

/// An SDK with its own way to the network: the call is told by hand.
fn log_sdk_calls() {
    for n in 0..N_LOGGED {
        let call = Call::new("POST", "https://api.example.com/v1/charges").target("payments");
        egret::log(call.status(201).duration(Duration::from_millis(80 + n)));
    }
}

async fn summary(collector: &str) -> Result<Vec<Value>> {
    let answer = reqwest::get(format!("{collector}/api/v1/summary?from=1h")).await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    Ok(answer["rows"].as_array().context("the summary has no rows")?.clone())
}

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or("-")
}

fn print_table(rows: &[Value]) {
    println!(
        "{:<18} {:<6} {:<22} {:<7} {:>6} {:>8} {:>8}",
        "host", "method", "template", "status", "count", "p50 ms", "p95 ms"
    );
    for row in rows {
        println!(
            "{:<18} {:<6} {:<22} {:<7} {:>6} {:>8.2} {:>8.2}",
            text(row, "host"),
            text(row, "method"),
            text(row, "template"),
            text(row, "status_class"),
            row["count"].as_u64().unwrap_or(0),
            row["p50_ms"].as_f64().unwrap_or(f64::NAN),
            row["p95_ms"].as_f64().unwrap_or(f64::NAN),
        );
    }
}

/// Fails unless the collector's counts are exactly the upstream's.
fn compare(rows: &[Value], counts: &Counts) -> Result<()> {
    let key = |row: &Value| {
        let route = format!("{} {}", text(row, "method"), text(row, "template"));
        (route, text(row, "status_class").to_owned())
    };
    let collected: BTreeMap<_, _> =
        rows.iter().map(|row| (key(row), row["count"].as_u64().unwrap_or(0))).collect();
    let mut expected = counts.lock().map(|counts| counts.clone()).unwrap_or_default();
    expected.insert(("POST /v1/charges".to_owned(), "2xx".to_owned()), N_LOGGED);
    ensure!(
        collected == expected,
        "collected {collected:?}, but the upstream counted {expected:?}"
    );
    Ok(())
}
