//! Promise: an export has every call and every value, in each format, or it visibly fails.
//! They never read a format with the writer's own library: Python's csv and pyarrow do.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use egret_collector::Collector;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::binary::{Server, program};
use crate::document::full_line;
use crate::fixture::{Call, Client, answer, batch};
use crate::python::{has, python, run};

/// What Python finds in an export, when there is a Python that can read it.
async fn read(url: &str) -> Option<Value> {
    if !has("pyarrow.parquet", "pyarrow").await {
        return None;
    }
    let mut command = Command::new(python());
    command.env("no_proxy", "127.0.0.1");
    Some(serde_json::from_str(&run(&mut command, "export.py", &[url]).await).unwrap())
}

async fn send_line(client: &Client, line: &Value) {
    let path = "/v1/batches?service=shop&environment=prod";
    let post = client.request(reqwest::Method::POST, path);
    let post = post.header("content-type", "application/x-ndjson");
    let (status, told) = answer(post.body(line.to_string())).await;
    assert_eq!(status, 202, "{told}");
}

#[tokio::test]
async fn every_value_is_in_every_format() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    send_line(&client, &full_line()).await;
    // Nothing but what every call has, and texts that are hard to write.
    let hard = "=1+1, \"quoted\"\n'and' ü";
    send_line(&client, &json!({ "url.path": "/", "consumer": hard, "target": "@x" })).await;
    send_line(&client, &json!({ "url.path": "/", "http.response.status_code": 500 })).await;
    let url = format!("{}/api/v1/export/calls?from=0", collector.url());
    let Some(found) = read(&url).await else {
        return;
    };
    assert_eq!(found["rows"], 3, "{found}");
    let of_full = client.get("/api/v1/calls?method=get&host=api.example.com").await;
    let mut names: Vec<&String> = of_full["calls"][0].as_object().unwrap().keys().collect();
    let mut columns: Vec<String> = serde_json::from_value(found["columns"].clone()).unwrap();
    columns.sort();
    names.sort();
    assert_eq!(names, columns.iter().collect::<Vec<_>>());

    let url = format!("{}/api/v1/export/summary?from=0", collector.url());
    let found = read(&url).await.unwrap();
    let rows = client.get("/api/v1/summary?from=0").await["rows"].as_array().unwrap().clone();
    assert_eq!(found["rows"], rows.len());
    collector.shutdown().await;
}

#[tokio::test]
async fn an_export_of_many_pages_and_row_groups_is_whole() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    for n in 0..23 {
        let calls: Vec<Call> = (0..1_000)
            .map(|call| {
                let mut call = Call::new(&format!("/calls/{}", n * 1_000 + call), 200);
                call.start_ns -= n * 1_000_000_000;
                call
            })
            .collect();
        client.send(&batch(&calls)).await;
    }
    let text = client.request(reqwest::Method::GET, "/api/v1/export/calls").send().await.unwrap();
    let text = text.text().await.unwrap();
    let mut paths: Vec<u64> = text
        .lines()
        .map(|line| {
            let call: Value = serde_json::from_str(line).unwrap();
            call["url.path"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
        })
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, (0..23_000).collect::<Vec<u64>>());
    // Four at a time: who does not read holds a place.
    let ask = || client.request(reqwest::Method::GET, "/api/v1/export/calls").send();
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(ask().await.unwrap());
        assert_eq!(unread.last().unwrap().status(), 200);
    }
    let fifth = ask().await.unwrap();
    assert_eq!((fifth.status().as_u16(), fifth.headers().contains_key("retry-after")), (503, true));
    for response in unread {
        assert_eq!(response.text().await.unwrap().lines().count(), 23_000);
    }
    let url = format!("{}/api/v1/export/calls?host=API.example.com", collector.url());
    if let Some(found) = read(&url).await {
        assert_eq!((&found["rows"], &found["groups"]), (&json!(23_000), &json!([20_000, 3_000])));
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn the_format_is_the_parameter_or_the_accepted_type() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    for (query, accept, expected) in [
        ("", None, Some("application/x-ndjson")),
        ("", Some("*/*"), Some("application/x-ndjson")),
        ("", Some("text/csv"), Some("text/csv")),
        ("", Some("text/html;q=0.9, text/*;q=0.8"), Some("text/csv")),
        ("", Some("application/vnd.apache.parquet"), Some("application/vnd.apache.parquet")),
        ("?format=csv", Some("application/json"), Some("text/csv")),
        ("", Some("text/html, application/json"), None),
    ] {
        let request = client.request(reqwest::Method::GET, &format!("/api/v1/export/calls{query}"));
        let request = match accept {
            Some(accept) => request.header("accept", accept),
            None => request,
        };
        let response = request.send().await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap();
        match expected {
            Some(expected) => assert_eq!(content_type, expected, "{query} {accept:?}"),
            None => assert_eq!(response.status(), 406, "{query} {accept:?}"),
        }
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn a_damaged_batch_is_left_out_only_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::builder().data_dir(dir.path()).start().await.unwrap();
    let client = Client::new(collector.url());
    let bad = batch(&[Call::new("/bad", 200)]);
    client.send(&bad).await;
    client.send(&batch(&[Call::new("/good", 200)])).await;
    assert_eq!(client.count().await, 2);
    let day = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let day = day.into_iter().find(|path| {
        path.display().to_string().ends_with(".db") && path.display().to_string().contains("calls-")
    });
    let database = rusqlite::Connection::open(day.unwrap()).unwrap();
    let damage = "UPDATE blocks SET batch = zeroblob(length(batch)) WHERE batch_id = ?1";
    assert_eq!(database.execute(damage, [bad.id.as_bytes()]).unwrap(), 1);
    let (status, told) =
        answer(client.request(reqwest::Method::GET, "/api/v1/export/calls?format=csv")).await;
    assert_eq!((status, told["status"].as_u64()), (500, Some(500)), "{told}");
    let lines = client.get("/api/v1/export/calls?damaged=skip").await;
    assert_eq!(lines["url.path"], "/good", "{lines}");

    // On a later page the answer has begun already, and breaks off; not where its first piece, a
    // whole row group, would come later still.
    for _ in 0..6 {
        let mut later = Call::new("/good", 200);
        later.start_ns += 1_000_000_000;
        client.send(&batch(&vec![later; 1_000])).await;
    }
    let request = client.request(reqwest::Method::GET, "/api/v1/export/calls?format=parquet");
    assert_eq!(request.send().await.unwrap().status(), 500);
    let request = client.request(reqwest::Method::GET, "/api/v1/export/calls");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    collector.shutdown().await;
}

/// Whether `egret-collector export` succeeds, and what it says.
fn export(dir: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = program();
    command.arg("export").args(arguments).arg("--data-dir").arg(dir).stdout(Stdio::piped());
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn the_command_exports_beside_a_running_collector_and_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    let client = Client::new(server.url.as_str());
    client.send(&batch(&[Call::new("/a", 200), Call::new("/b", 503)])).await;
    assert_eq!(client.count().await, 2);
    let out = |name: &str| dir.path().join(name).display().to_string();
    let (done, said) = export(&data, &["--from", "7d", "--out", &out("beside.csv")]);
    assert!(done && said.contains("n_rows=2"), "{said}");
    server.signal("TERM");
    assert!(server.wait().0.success());
    for (what, name, n) in [("calls", "after.csv", 2), ("summary", "summary.parquet", 2)] {
        let (done, said) = export(&data, &[what, "--from", "7d", "--out", &out(name)]);
        assert!(done && said.contains(&format!("n_rows={n}")), "{what}: {said}");
    }
    let read = |name: &str| std::fs::read(out(name)).unwrap();
    assert_eq!(read("beside.csv"), read("after.csv"));
    let parquet = read("summary.parquet");
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let (done, said) = export(&data, &["--from", "7d", "--out", "-", "--format", "ndjson"]);
    assert!(done && said.contains("\"url.path\":\"/a\""), "{said}");
}

#[test]
fn the_command_says_what_is_wrong_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("calls.csv").display().to_string();
    for (arguments, expected) in [
        (vec!["--from", "yesterday", "--out", &out], "--from is \"yesterday\", but must be an RFC"),
        (vec!["--from", "7d", "--to", "8d", "--out", &out], "--from is \"7d\", but must be before"),
        (vec!["--from", "7d", "--out", "calls.xls"], "ends with .csv, .ndjson or .parquet"),
        (vec!["--from", "7d", "--out", &out, "--format", "xml"], "must be csv, ndjson or parquet"),
        (vec!["routes", "--from", "7d", "--out", &out], "must be calls or summary"),
    ] {
        let (done, said) = export(dir.path(), &arguments);
        assert!(!done && said.contains(expected), "{arguments:?}: {said}");
    }
    let (done, said) = export(&dir.path().join("none"), &["--from", "7d", "--out", &out]);
    assert!(!done && said.contains("there is no data directory"), "{said}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn the_command_follows_links_writes_into_pipes_and_refuses_directories() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    server.signal("TERM");
    assert!(server.wait().0.success());
    let path = |name: &str| dir.path().join(name);
    let to = |name: &str| {
        let out = path(name).display().to_string();
        export(&data, &["summary", "--from", "7d", "--format", "csv", "--out", &out])
    };
    assert!(to("plain").0);
    let expected = std::fs::read(path("plain")).unwrap();
    assert!(expected.starts_with(b"host,"));
    std::fs::create_dir(path("far")).unwrap();
    std::fs::write(path("far/old"), "old").unwrap();
    for (link, target) in [("link", "far/old"), ("dangling", "far/new")] {
        std::os::unix::fs::symlink(target, path(link)).unwrap();
        assert!(to(link).0, "{link}");
        assert_eq!(std::fs::read_link(path(link)).unwrap(), Path::new(target));
        assert_eq!(std::fs::read(path(target)).unwrap(), expected);
    }
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    // Open for both, so that nobody waits; what is written fits into the pipe.
    let mut pipe = std::fs::File::options().read(true).write(true).open(path("pipe")).unwrap();
    assert!(to("pipe").0);
    let is_pipe = std::os::unix::fs::FileTypeExt::is_fifo;
    assert!(is_pipe(&path("pipe").metadata().unwrap().file_type()));
    let mut found = vec![0; expected.len()];
    pipe.read_exact(&mut found).unwrap();
    assert_eq!(found, expected);
    let (done, said) = to("far");
    assert!(!done && said.contains("it is a directory; name a file in it"), "{said}");
    assert_eq!(std::fs::read_dir(path("far")).unwrap().count(), 2);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 6);
}
