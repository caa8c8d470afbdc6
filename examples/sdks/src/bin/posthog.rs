//! An SDK that takes no wrapped client: PostHog's takes a plain `reqwest::Client` or nothing.
//! Never leaves its calls unseen: there are two ways, and this one needs no other process.
//!
//! - `observe_async` around the SDK's call: time, success and failure, under the vendor's name.
//!   What it cannot know (method, path, status, attempts) is absent from the record.
//! - `ClientOptionsBuilder::host` with the address of egret's gateway as the vendor's base URL: the
//!   gateway sees every request with its path and status. Any SDK whose base URL can be set can.

use anyhow::{Result, ensure};
use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use egret_example_sdks::{serve, show, start};
use posthog_rs::{ClientOptionsBuilder, Event};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<()> {
    let vendor = serve(axum::Router::new().route("/batch/", post(batch))).await?;
    let (egret, kept) = start()?;

    // With the gateway, its address stands here instead of the vendor's.
    let options = ClientOptionsBuilder::default()
        .api_key("phc_s3cret".to_owned())
        .host(vendor)
        .max_capture_attempts(1)
        .build()?;
    let client = posthog_rs::client(options).await;

    let seen = Event::new("egret seen", "ann");
    egret.observe_async("posthog", client.capture_immediate(seen)).await?;
    let refused = Event::new("dodo seen", "ann");
    let result = egret.observe_async("posthog", client.capture_immediate(refused)).await;
    ensure!(result.is_err(), "the SDK sees errors as without egret");
    client.shutdown().await;

    show(&egret, &kept, "target", &[("posthog", None), ("posthog", None)]).await?;
    let calls = kept.calls();
    let outcomes: Vec<_> = calls.iter().map(|call| call["outcome"].as_str()).collect();
    ensure!(outcomes == [Some("completed"), Some("failed")], "{outcomes:?}");
    Ok(())
}

/// PostHog's answers, as far as the SDK reads them.
async fn batch(Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if body.to_string().contains("egret") {
        (StatusCode::OK, Json(json!({"status": 1})))
    } else {
        (StatusCode::BAD_REQUEST, Json(json!({"detail": "extinct"})))
    }
}
