//! An SDK that takes an implementation of its own trait: S3 by `object_store`.
//! Never reads a body: both bodies stream through as they are.

use anyhow::{Result, ensure};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use egret_example_sdks::{serve, show, start};
use http_body_util::BodyExt;
use object_store::aws::AmazonS3Builder;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::{ObjectStoreExt, RetryConfig};
use reqwest_middleware::ClientWithMiddleware;

/// Sends what `object_store` asks for through a wrapped client.
#[derive(Debug, Clone)]
struct Observed(ClientWithMiddleware);

impl HttpConnector for Observed {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Observed {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.map(reqwest::Body::wrap);
        let request = reqwest::Request::try_from(request)
            .map_err(|error| HttpError::new(HttpErrorKind::Request, error))?;
        let response = self.0.execute(request).await.map_err(|error| {
            // The SDK tries again where it is told that nothing arrived.
            let kind = if error.is_connect() {
                HttpErrorKind::Connect
            } else if error.is_timeout() {
                HttpErrorKind::Timeout
            } else {
                HttpErrorKind::Unknown
            };
            HttpError::new(kind, error)
        })?;
        let failed = |error| HttpError::new(HttpErrorKind::Interrupted, error);
        let response = http::Response::<reqwest::Body>::from(response);
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(failed))))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = serve(axum::Router::new().route("/birds/{key}", get(object).put(put))).await?;
    let (egret, kept) = start()?;

    let store = AmazonS3Builder::new()
        .with_endpoint(url)
        .with_allow_http(true)
        .with_bucket_name("birds")
        .with_region("us-east-1")
        .with_access_key_id("AKIAEGRET")
        .with_secret_access_key("s3cret")
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .with_http_connector(Observed(egret.wrap(reqwest::Client::new())))
        .build()?;

    store.put(&"egret.txt".into(), "white".into()).await?;
    let bytes = store.get(&"egret.txt".into()).await?.bytes().await?;
    ensure!(&bytes[..] == b"white", "the SDK works as without egret");
    let missing = store.get(&"dodo.txt".into()).await;
    ensure!(matches!(missing, Err(object_store::Error::NotFound { .. })), "{missing:?}");

    let path = "/birds/egret.txt";
    let expected = [(path, Some(200)), (path, Some(200)), ("/birds/dodo.txt", Some(404))];
    show(&egret, &kept, "url.path", &expected).await
}

/// S3's answers, as far as the SDK reads them.
async fn object(
    Path(key): Path<String>,
) -> (StatusCode, [(&'static str, &'static str); 2], String) {
    let headers = [("last-modified", "Sat, 21 Nov 2026 12:00:00 GMT"), ("etag", "\"1\"")];
    if key == "egret.txt" {
        (StatusCode::OK, headers, "white".to_owned())
    } else {
        (StatusCode::NOT_FOUND, headers, "<Error><Code>NoSuchKey</Code></Error>".to_owned())
    }
}

async fn put(body: String) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let status = if body == "white" { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, [("etag", "\"1\"")])
}
