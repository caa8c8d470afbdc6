//! Promise: whatever is asked, the answer is one that the OpenAPI document has, and never a 500.
//! They never choose a question: schemathesis makes them from the document.

use std::path::Path;

use tokio::process::Command;

use crate::binary::Server;
use crate::document::full_line;
use crate::fixture::{Call, Client, answer, batch};
use crate::hub::CLIENT_ID;
use crate::python::{has, python};

/// Of each operation.
const EXAMPLES: &str = "40";

/// That `from` is before `to`, and a date one of the calendar, cannot be said in a schema, so that
/// some questions that fit it are refused, and rightly.
const NOT_CHECKED: &str = "positive_data_acceptance";

#[tokio::test]
async fn every_answer_is_as_documented() {
    if !has("schemathesis", "'schemathesis>=4,<5'").await {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let token = "hunter2";
    let server = Server::start_with(dir.path(), |command| {
        let clients = format!("{CLIENT_ID}=shop");
        command.env("EGRET_COLLECTOR_TOKENS", token).env("EGRET_COLLECTOR_HUB_CLIENTS", clients);
        command.env("EGRET_COLLECTOR_FLEET_METRICS", "true")
    });
    let client = Client::new(server.url.as_str()).with_token(token);
    client.send(&batch(&[Call::new("/a", 200), Call::new("/b", 503)])).await;
    let post = client.post().header("content-type", "application/x-ndjson");
    assert_eq!(answer(post.body(full_line().to_string())).await.0, 202);
    assert_eq!(client.count().await, 3);

    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(python());
    command
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{}/api/v1/openapi.json", server.url));
    command.args(["--header", &format!("Authorization: Bearer {token}"), "--seed", "1"]);
    command.args(["--max-examples", EXAMPLES, "--exclude-checks", NOT_CHECKED]);
    command.args(["--phases", "examples,coverage,fuzzing", "--continue-on-failure"]);
    command.env("SCHEMATHESIS_HOOKS", here.join("tests/it/python/hooks.py"));
    // It keeps what it learned in its directory, which shall not be ours.
    command.env("no_proxy", "127.0.0.1").current_dir(dir.path()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    println!("{said}");
    assert!(output.status.success(), "{said}");
    let metrics = client.request(reqwest::Method::GET, "/metrics").send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    // It came further than the first refusal.
    for (route, status) in [
        ("/v1/batches", 202),
        ("/v1/traces", 200),
        ("/v2/{client_id}/{env}/{message}", 422),
        ("/api/v1/export/calls", 200),
        ("/api/v1/calls", 400),
    ] {
        let labels = format!("route=\"{route}\"");
        let mut of_route = metrics.lines().filter(|line| line.contains(&labels));
        let status = format!("status=\"{status}\"");
        assert!(of_route.any(|line| line.contains(&status)), "{route} {status}: {metrics}");
    }
    server.signal("TERM");
    let (status, log) = server.wait();
    assert!(status.success() && !log.contains("cannot answer"), "{log}");
}
