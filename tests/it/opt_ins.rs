//! Headers and bodies are recorded where the configuration asks for it, masked and bounded; and
//! nothing of them where it does not.

use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use egret::{Config, ConfigBuilder, Egret, MemoryTransport};
use serde_json::{Value, json};

/// Answers with what it was sent, under the same media type.
async fn echo() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = async |headers: http::HeaderMap, body: bytes::Bytes| {
        let media_type = headers[CONTENT_TYPE].clone();
        ([(CONTENT_TYPE, media_type), (http::header::RETRY_AFTER, "7".parse().unwrap())], body)
    };
    tokio::spawn(axum::serve(listener, axum::Router::new().route("/", post(answer))).into_future());
    format!("http://{address}/")
}

/// The attributes of a call that sends `body` and reads it back.
async fn attributes(config: ConfigBuilder, media_type: &str, body: impl Into<Vec<u8>>) -> Value {
    let transport = MemoryTransport::default();
    let egret = Egret::start_with(config.build().unwrap(), transport.clone()).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    let body = body.into();
    let request = client.post(echo().await).header(CONTENT_TYPE, media_type).body(body.clone());
    let request = request.header("x-request-id", "r-17").header("authorization", "Bearer abc");
    assert_eq!(request.send().await.unwrap().bytes().await.unwrap(), body);
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    transport.calls()[0]["attributes"].clone()
}

#[tokio::test]
async fn nothing_is_recorded_unasked() {
    let told = attributes(Config::builder(), "application/json", r#"{"a":1}"#).await;
    assert_eq!(told, Value::Null);
}

#[tokio::test]
async fn headers_are_recorded_by_name() {
    let config = Config::builder()
        .request_headers("x-request-id, authorization, x-absent")
        .response_headers("Retry-After");
    let told = attributes(config, "text/plain", "hello").await;
    let expected = json!({
        "http.request.header.x-request-id": "r-17",
        "http.request.header.authorization": "REDACTED",
        "http.response.header.retry-after": "7",
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn bodies_are_masked_by_their_keys() {
    let config = || Config::builder().body_types("application/*");
    let body =
        r#"{"user": {"name": "Ann", "password": "hunter2", "tokens": ["a", {"b": 1}]}, "n": 3}"#;
    let masked =
        r#"{"user": {"name": "Ann", "password": "REDACTED", "tokens": "REDACTED"}, "n": 3}"#;
    let told = attributes(config(), "application/json; charset=utf-8", body).await;
    assert_eq!(told, json!({"http.request.body": masked, "http.response.body": masked}));
    let form = "application/x-www-form-urlencoded";
    let told = attributes(config(), form, "a=1&client_secret=x%20y&b=2").await;
    let masked = "a=1&client_secret=REDACTED&b=2";
    assert_eq!(told, json!({"http.request.body": masked, "http.response.body": masked}));
    assert_eq!(attributes(config(), "text/plain", "a secret").await, Value::Null);
}

#[tokio::test]
async fn bodies_are_cut_visibly_and_between_characters() {
    let config = Config::builder().body_types("text/plain").body_bytes(13);
    let told = attributes(config, "text/plain", "größer, größer").await;
    let expected = json!({
        "http.request.body": "größer, ", "http.request.body.truncated": "cap",
        "http.response.body": "größer, ", "http.response.body.truncated": "cap",
    });
    // Thirteen bytes end within the second o umlaut, and the word that it stands in is left out.
    assert_eq!(told, expected);
    let config = Config::builder().body_types("text/plain").body_budget_bytes(3);
    let told = attributes(config, "text/plain", "hello").await;
    let expected = json!({
        "http.request.body.truncated": "budget", "http.response.body.truncated": "budget",
    });
    assert_eq!(told, expected);
    let config = Config::builder().body_types("text/plain");
    let told = attributes(config, "text/plain", vec![0xff, 0xfe, 0, 1, 2, 3, 4, 5]).await;
    assert_eq!(told["http.response.body"], "{binary}");
}

#[tokio::test]
async fn bodies_under_way_share_one_budget() {
    let transport = MemoryTransport::default();
    // The budget is the process's, so it leaves room for the small bodies of other tests.
    let config = Config::builder().body_types("text/plain").body_bytes(16_000);
    let config = config.body_budget_bytes(20_000);
    let body = "some words ".repeat(1_400);
    let egret = Egret::start_with(config.build().unwrap(), transport.clone()).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    let url = echo().await;
    let post = async || {
        let request = client.post(&url).header(CONTENT_TYPE, "text/plain").body(body.clone());
        request.send().await.unwrap()
    };
    // The first one's body is held until its record is made.
    let first = post().await;
    let second = post().await;
    drop((first, second));
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    let calls = transport.calls();
    let n_kept = calls.iter().filter(|c| c["attributes"]["http.request.body"].is_string());
    assert_eq!(n_kept.count(), 1, "{calls:?}");
}

#[tokio::test]
async fn a_secret_in_a_cut_body_does_not_escape() {
    let config = Config::builder().body_types("application/json").body_bytes(40);
    let body = r#"{"deep": {"api_key": "sk_live_51H8abcdefghijklmnop", "n": 1}}"#;
    let told = attributes(config, "application/json", body).await;
    assert_eq!(told["http.request.body"], r#"{"deep": {"api_key": "REDACTED""#);
    assert!(!told.to_string().contains("sk_live"));
}

#[tokio::test]
async fn what_cannot_be_judged_is_not_shown() {
    let told = async |media_type: &str, n_bytes: u32, body: &[u8]| {
        let config = Config::builder().body_types("text/*, application/*").body_bytes(n_bytes);
        attributes(config, media_type, body).await
    };
    let utf_16: Vec<u8> = "password=hunter2".bytes().flat_map(|byte| [byte, 0]).collect();
    let shown = told("text/plain", 100, &utf_16).await;
    assert_eq!(shown["http.request.body"], "{binary}");
    let shown = told("application/xml", 100, b"<Password>hunter2</Password>").await;
    assert_eq!(shown["http.request.body"], "REDACTED");
    // Too little of the token is left to know it by.
    let shown = told("text/plain", 17, b"note ghp_0123456789abcdef").await;
    assert_eq!(shown["http.request.body"], "note ");
    let shown = told("text/plain", 12, b"ghp_0123456789abcdef").await;
    assert_eq!(shown["http.request.body"], Value::Null);
    assert_eq!(shown["http.request.body.truncated"], "cap");
}
