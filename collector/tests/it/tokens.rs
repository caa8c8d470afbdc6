//! Promise: a token lets in for what it was made, as much as it may, until it is revoked.
//! They never restart the collector to make it notice.

use std::path::Path;
use std::process::Output;

use egret_collector::Collector;
use serde_json::Value;

use crate::binary::{Server, program};
use crate::fixture::{Batch, Call, Client, answer, batch};

/// What `egret-collector token` says.
fn token(dir: &Path, arguments: &[&str]) -> String {
    let mut command = program();
    command.stdout(std::process::Stdio::piped());
    let command = command.arg("token").args(arguments).arg("--data-dir").arg(dir);
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap().trim_end().to_owned()
}

fn create(dir: &Path, arguments: &[&str]) -> String {
    token(dir, &[&["create"], arguments].concat())
}

/// A token's id, as its text has it.
fn id(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

/// A batch of `shop`, which names no environment.
fn sample() -> Batch {
    batch(&[Call::new("/a", 200), Call::new("/b", 200)])
}

/// The status of a batch that is sent, and the problem.
async fn send(client: &Client) -> (u16, Value) {
    answer(client.post().body(sample().bytes)).await
}

async fn ask(client: &Client) -> (u16, Value) {
    answer(client.request(reqwest::Method::GET, "/api/v1/summary")).await
}

/// Asks until the answer has this status: the collector looks once a second.
async fn until(client: &Client, status: u16) -> Value {
    for _ in 0..400 {
        let (found, answer) = ask(client).await;
        if found == status {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("not {status} within 10 seconds");
}

#[tokio::test]
async fn a_scope_lets_in_for_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let scopes = [("ingest", 202, 403), ("read", 403, 200), ("admin", 202, 200)];
    let tokens = scopes.map(|(scope, ..)| create(dir.path(), &["--scope", scope]));
    let collector = Collector::builder().data_dir(dir.path()).token("old").start().await.unwrap();
    for (token, (scope, sent, asked)) in tokens.iter().zip(scopes) {
        let client = Client::new(collector.url()).with_token(token);
        let (status, problem) = send(&client).await;
        assert_eq!(status, sent, "{scope}: {problem}");
        let (status, problem) = ask(&client).await;
        assert_eq!(status, asked, "{scope}: {problem}");
        if asked == 403 {
            assert_eq!(problem["type"], "urn:egret:problem:wrong-scope");
        }
    }
    // A token of the settings is for everything, as before.
    let old = Client::new(collector.url()).with_token("old");
    assert_eq!((send(&old).await.0, ask(&old).await.0), (202, 200));
    let wrong = Client::new(collector.url()).with_token(&tokens[0].replace('a', "b"));
    assert_eq!((send(&wrong).await.0, ask(&wrong).await.0), (401, 401));
    assert_eq!(old.count().await, 6);
    collector.shutdown().await;
}

#[tokio::test]
async fn what_another_service_sent_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let shop = create(dir.path(), &["--scope", "admin", "--service", "shop"]);
    let pay = create(dir.path(), &["--scope", "ingest", "--service", "pay"]);
    let prod = create(dir.path(), &["--scope", "ingest", "--service", "shop", "--env", "prod"]);
    let collector = Collector::builder().data_dir(dir.path()).start().await.unwrap();
    let client = |token: &str| Client::new(collector.url()).with_token(token);
    let refusals = [
        (&pay, "is for the service \"pay\", but what was sent says \"shop\""),
        (&prod, "is for the environment \"prod\", but what was sent says \"\""),
    ];
    for (token, says) in refusals {
        let (status, problem) = send(&client(token)).await;
        assert_eq!((status, &problem["type"]), (403, &"urn:egret:problem:wrong-sender".into()));
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    assert_eq!(send(&client(&shop)).await.0, 202);
    // Lines that name nobody are the token's; those that name another are not.
    let line = r#"{"http.request.method":"GET","url.full":"https://a.com/x"}"#;
    for (query, status) in [("", 202), ("?service=shop", 202), ("?service=pay", 403)] {
        let path = format!("/v1/batches{query}");
        let post = client(&shop).request(reqwest::Method::POST, &path);
        let post = post.header("content-type", "application/x-ndjson").body(line);
        assert_eq!(answer(post).await.0, status, "{query}");
    }
    let summary = client(&shop).get("/api/v1/summary?from=0&service=shop").await;
    assert_eq!(summary["count"], 4, "{summary}");
    assert_eq!(client(&shop).count().await, 4);
    let span = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":
        {"stringValue":"shop"}}]},"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",
        "spanId":"b7ad6b7169203331","name":"GET","kind":3,"startTimeUnixNano":"1790000000000000000",
        "endTimeUnixNano":"1790000000000000001","attributes":[{"key":"url.full","value":
        {"stringValue":"https://a.com/x"}},{"key":"http.request.method","value":{"stringValue":
        "GET"}}]}]}]}]}"#;
    for (token, status) in [(&pay, 403), (&shop, 200)] {
        let post = client(token).request(reqwest::Method::POST, "/v1/traces");
        let post = post.header("content-type", "application/json").body(span);
        assert_eq!(answer(post).await.0, status);
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn a_token_is_made_and_revoked_while_the_collector_runs() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let anyone = Client::new(&server.url);
    assert_eq!(ask(&anyone).await.0, 200);
    let token_text = create(dir.path(), &["--scope", "admin", "--service", "shop"]);
    // From the first token on, nobody comes without.
    until(&anyone, 401).await;
    let client = anyone.clone().with_token(&token_text);
    assert_eq!(send(&client).await.0, 202);
    let list = token(dir.path(), &["ls"]);
    assert!(list.contains(id(&token_text)) && list.contains("valid"), "{list}");
    assert!(!list.contains(&token_text), "{list}");
    token(dir.path(), &["revoke", id(&token_text)]);
    let problem = until(&client, 401).await;
    assert!(problem["detail"].as_str().unwrap().contains("was revoked"), "{problem}");
    assert_eq!(send(&client).await.0, 401);
    // That the last one is revoked opens nothing.
    assert_eq!(ask(&anyone).await.0, 401);
    let short = create(dir.path(), &["--scope", "read", "--expires", "2s"]);
    let problem = loop {
        let problem = until(&anyone.clone().with_token(&short), 401).await;
        // Before the collector knows it, it is unknown.
        if problem["detail"].as_str().unwrap().contains("has expired") {
            break problem;
        }
    };
    assert_eq!(problem["type"], "urn:egret:problem:unauthorized");
    server.signal("INT");
    assert!(server.wait().0.success());
    let list = token(dir.path(), &["ls"]);
    let line = list.lines().find(|line| line.contains(id(&token_text))).unwrap();
    assert!(line.contains("revoked") && !line.contains("last used never"), "{line}");
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        let secret = token_text.rsplit('_').next().unwrap().as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{path:?}");
    }
}

#[tokio::test]
async fn quotas_say_when_to_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let size = sample().bytes.len();
    let make =
        |quota: &str, n: usize| create(dir.path(), &["--scope", "admin", quota, &n.to_string()]);
    let requests = make("--requests-per-second", 1);
    let bytes = make("--bytes-per-minute", size + size / 2);
    let calls = make("--calls-per-minute", 3);
    let few = make("--calls-per-minute", 1);
    let collector = Collector::builder().data_dir(dir.path()).start().await.unwrap();
    let client = |token: &str| Client::new(collector.url()).with_token(token);
    for (token, says) in [(&bytes, "bytes a minute"), (&calls, "calls a minute")] {
        assert_eq!(send(&client(token)).await.0, 202);
        let refused = client(token).post().body(sample().bytes).send().await.unwrap();
        assert_eq!(refused.status(), 429, "{says}");
        let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&seconds), "{seconds}");
        let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
        assert_eq!(problem["type"], "urn:egret:problem:quota");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        // Questions are not what it counts.
        assert_eq!(ask(&client(token)).await.0, 200);
    }
    // What never fits is told as too large, so that its sender splits it.
    assert_eq!(send(&client(&few)).await.0, 413);
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client(&requests);
        answers.spawn(async move { ask(&client).await.0 });
    }
    let answers = answers.join_all().await;
    assert!(answers.contains(&200) && answers.contains(&429), "{answers:?}");
    assert_eq!(client(&bytes).count().await, 4);
    collector.shutdown().await;
}

#[tokio::test]
async fn a_stored_token_protects_an_open_address() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Collector::builder().data_dir(dir.path()).listen("0.0.0.0:0").start();
    assert!(open().await.is_err());
    let made = create(dir.path(), &["--scope", "read"]);
    let collector = open().await.unwrap();
    let url = format!("http://127.0.0.1:{}", collector.local_addr().port());
    assert_eq!(ask(&Client::new(&url)).await.0, 401);
    assert_eq!(ask(&Client::new(&url).with_token(&made)).await.0, 200);
    collector.shutdown().await;
    token(dir.path(), &["revoke", id(&made)]);
    assert!(open().await.is_err(), "a token with which nobody can come protects nothing of use");
}

#[test]
fn a_bad_token_command_says_what_would_be_good() {
    let dir = tempfile::tempdir().unwrap();
    let table: [(&[&str], &str); 5] = [
        (&["create", "--scope", "read", "--expires", "1h ago"], "a time from now (30m, 12h, 90d)"),
        (&["create", "--scope", "read", "--expires", "2001-01-01T00:00:00Z"], "or one to come"),
        (&["create", "--scope", "all"], "ingest, read, admin"),
        (&["create", "--scope", "read", "--service", ""], "must not be empty"),
        (&["revoke", "nobody"], "there is no token \"nobody\""),
    ];
    for (arguments, says) in table {
        let mut command = program();
        let command = command.arg("token").args(arguments).arg("--data-dir").arg(dir.path());
        let Output { status, stderr, .. } = command.output().unwrap();
        let log = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && log.contains(says), "{log} does not say {says}");
    }
}
