//! A web service that calls an upstream through a wrapped client: what integration looks like.
//! Never mentions egret in a handler: the client is wrapped once, at start-up.
//!
//! `cargo run --release --example axum_service` serves on port 3000 and sends to the collector of
//! `EGRET_COLLECTOR_URL`; with `-- --once` it brings its own, calls itself and exits.

#![allow(clippy::print_stdout, reason = "an example that shows what it did")]

use std::time::Duration;

use anyhow::{Result, ensure};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use egret_collector::Collector;
use reqwest_middleware::ClientWithMiddleware;
use tokio::net::TcpListener;

/// What the handlers share.
#[derive(Clone)]
struct App {
    client: ClientWithMiddleware,
    weather_api: String,
}

async fn forecast(State(app): State<App>, Path(city): Path<String>) -> Result<String, StatusCode> {
    let url = format!("{}/v1/forecast/{city}", app.weather_api);
    let answer = app.client.get(url).send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    answer.text().await.map_err(|_| StatusCode::BAD_GATEWAY)
}

#[tokio::main]
async fn main() -> Result<()> {
    let is_once = std::env::args().any(|argument| argument == "--once");
    let own_collector = if is_once { Some(Collector::bind("127.0.0.1:0").await?) } else { None };
    let mut config = egret::Config::builder().env().service_name("weather");
    if let Some(collector) = &own_collector {
        config = config.collector_url(collector.url());
    }

    let egret = egret::init(config.build()?)?;
    let _guard = egret.guard();
    let app = App {
        client: egret::wrap(reqwest::Client::new()),
        weather_api: start_weather_api().await?,
    };

    let router = axum::Router::new().route("/forecast/{city}", get(forecast)).with_state(app);
    let port = if is_once { 0 } else { 3000 };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("http://{address}/forecast/oslo");
    let server = axum::serve(listener, router);
    match own_collector {
        Some(collector) => {
            tokio::spawn(async move { server.await });
            try_out(&format!("http://{address}"), &collector, &egret).await
        }
        None => Ok(server.with_graceful_shutdown(ctrl_c()).await?),
    }
}

async fn ctrl_c() {
    // Without a signal handler the service simply runs on.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Somebody else's API, on loopback.
async fn start_weather_api() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = |Path(city): Path<String>| async move {
        if city == "atlantis" { Err(StatusCode::NOT_FOUND) } else { Ok(format!("{city}: rain\n")) }
    };
    let app = axum::Router::new().route("/v1/forecast/{city}", get(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

/// Asks the service ten times and shows what the collector saw of its upstream calls.
async fn try_out(service: &str, collector: &Collector, egret: &egret::Egret) -> Result<()> {
    let bare = reqwest::Client::new();
    for city in ["oslo", "rome", "atlantis", "oslo", "lima"].iter().cycle().take(10) {
        bare.get(format!("{service}/forecast/{city}")).send().await?;
    }
    egret.flush_async(Duration::from_secs(5)).await?;
    let answer = reqwest::get(format!("{}/api/v1/summary", collector.url())).await?;
    let answer: serde_json::Value = answer.error_for_status()?.json().await?;
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    for row in &rows {
        println!("{} {} {}: {}", row["method"], row["template"], row["status_class"], row["count"]);
    }
    let n_calls: u64 = rows.iter().filter_map(|row| row["count"].as_u64()).sum();
    ensure!(n_calls == 10, "10 upstream calls were made, the collector knows {n_calls}");
    collector.shutdown().await;
    Ok(())
}
