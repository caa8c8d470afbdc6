//! An SDK that takes a `reqwest_middleware::ClientWithMiddleware`: Google Cloud Storage's.
//! Never needs more than the wrapped client: it is handed over as it is.

use anyhow::{Result, ensure};
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use egret_example_sdks::{serve, show, start};
use gcloud_storage::client::{Client, ClientConfig};
use gcloud_storage::http::objects::download::Range;
use gcloud_storage::http::objects::get::GetObjectRequest;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    let url =
        serve(axum::Router::new().route("/storage/v1/b/{bucket}/o/{object}", get(object))).await?;
    let (egret, kept) = start()?;

    let config = ClientConfig {
        http: Some(egret.wrap(reqwest::Client::new())),
        storage_endpoint: url,
        ..ClientConfig::default()
    };
    let client = Client::new(config.anonymous());

    let request = GetObjectRequest {
        bucket: "birds".into(),
        object: "egret.txt".into(),
        ..GetObjectRequest::default()
    };
    let object = client.get_object(&request).await?;
    let bytes = client.download_object(&request, &Range::default()).await?;
    ensure!(object.size == 5 && bytes == b"white", "the SDK works as without egret");
    let missing = GetObjectRequest { object: "dodo.txt".into(), ..request };
    ensure!(client.get_object(&missing).await.is_err(), "the SDK sees errors as without egret");

    let path = "/storage/v1/b/birds/o/egret.txt";
    let expected =
        [(path, Some(200)), (path, Some(200)), ("/storage/v1/b/birds/o/dodo.txt", Some(404))];
    show(&egret, &kept, "url.path", &expected).await
}

/// Google's answers, as far as the SDK reads them.
async fn object(
    Path((bucket, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<String, axum::http::StatusCode> {
    if name != "egret.txt" {
        return Err(axum::http::StatusCode::NOT_FOUND);
    }
    if query.is_some_and(|query| query.contains("alt=media")) {
        return Ok("white".to_owned());
    }
    Ok(json!({
        "selfLink": "", "mediaLink": "", "name": name, "bucket": bucket, "size": "5",
        "generation": "1", "metageneration": "1", "id": "", "etag": "",
    })
    .to_string())
}
