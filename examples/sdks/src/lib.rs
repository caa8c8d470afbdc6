//! What every example here shares: a server in the vendor's place, and what egret saw.
//! Never talks to a vendor: everything is on loopback.
//!
//! | what the SDK takes | example | what is handed over |
//! |---|---|---|
//! | a `reqwest_middleware::ClientWithMiddleware` | `gcloud_storage` | the wrapped client |
//! | a tower service | `async_openai` | a `service_fn` around the wrapped client |
//! | a trait of its own | `object_store` | an implementation around the wrapped client |
//! | a plain `reqwest::Client`, or nothing | `posthog` | nothing: `observe_async`, or the gateway |

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use egret::{Config, Egret, MemoryTransport};
use serde_json::Value;

/// An egret that keeps what it records in memory; a service says `egret::init(...)` instead.
///
/// # Errors
/// When egret cannot start.
pub fn start() -> Result<(Egret, MemoryTransport)> {
    let kept = MemoryTransport::default();
    let egret = Egret::start_with(Config::builder().build()?, kept.clone())?;
    Ok((egret, kept))
}

/// Serves the vendor's routes on loopback and returns the base URL.
///
/// # Errors
/// When there is no port.
pub async fn serve(vendor: axum::Router) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, vendor).await });
    Ok(url)
}

/// Prints what egret saw.
///
/// # Errors
/// Unless it is exactly what was expected: for each call the value of `field` and its status.
pub async fn show(
    egret: &Egret,
    kept: &MemoryTransport,
    field: &str,
    expected: &[(&str, Option<u64>)],
) -> Result<()> {
    egret.flush_async(Duration::from_secs(5)).await?;
    let calls = kept.calls();
    let mut seen = Vec::new();
    for call in &calls {
        let value = call[field].as_str().with_context(|| format!("no {field} in {call}"))?;
        let status = call["http.response.status_code"].as_u64();
        println!(
            "{} {value} {} {}, {:.1} ms",
            call["http.request.method"].as_str().unwrap_or("-"),
            call["outcome"].as_str().unwrap_or("-"),
            status.map_or("-".to_owned(), |status| status.to_string()),
            call["total_ns"].as_f64().unwrap_or(f64::NAN) / 1e6,
        );
        seen.push((value, status));
    }
    ensure!(
        seen == expected,
        "egret saw {seen:?}, expected {expected:?}: {}",
        Value::from(calls.clone())
    );
    Ok(())
}
