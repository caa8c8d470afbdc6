//! An SDK that takes a tower service: OpenAI's API by `async-openai`.
//! Never builds the request itself: the SDK does, and the wrapped client sends it.

use anyhow::{Result, ensure};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use axum::routing::get;
use egret_example_sdks::{serve, show, start};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    let url = serve(axum::Router::new().route("/v1/models/{id}", get(model))).await?;
    let (egret, kept) = start()?;

    let http = egret.wrap(reqwest::Client::new());
    let service = tower::service_fn(move |request: HttpRequestFactory| {
        let http = http.clone();
        async move {
            http.execute(request.build().await?).await.map_err(|error| match error {
                reqwest_middleware::Error::Reqwest(error) => OpenAIError::Reqwest(error),
                error => OpenAIError::InvalidArgument(error.to_string()),
            })
        }
    });
    let config = OpenAIConfig::new().with_api_base(format!("{url}/v1")).with_api_key("s3cret");
    let client = Client::with_config(config).with_http_service(service);

    let model = client.models().retrieve("egret-1").await?;
    ensure!(model.owned_by == "birds", "the SDK works as without egret");
    ensure!(client.models().retrieve("dodo-1").await.is_err(), "and sees errors as without egret");

    let expected = [("/v1/models/egret-1", Some(200)), ("/v1/models/dodo-1", Some(404))];
    show(&egret, &kept, "url.path", &expected).await
}

/// OpenAI's answers, as far as the SDK reads them.
async fn model(
    axum::extract::Path(id): axum::extract::Path<String>,
) -> (axum::http::StatusCode, axum::Json<serde_json::Value>) {
    if id == "egret-1" {
        let model = json!({"id": id, "object": "model", "created": 1, "owned_by": "birds"});
        (axum::http::StatusCode::OK, axum::Json(model))
    } else {
        let error =
            json!({"error": {"message": "extinct", "type": null, "param": null, "code": null}});
        (axum::http::StatusCode::NOT_FOUND, axum::Json(error))
    }
}
