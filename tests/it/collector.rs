//! The real collector: in this process, or in one of its own that can be killed.
//! Never reads the collector's files to learn what it knows; it asks the HTTP API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Makes this test binary a collector: the address to listen on.
const LISTEN: &str = "EGRET_TEST_COLLECTOR_LISTEN";
/// Makes this test binary a collector: the data directory.
const DATA_DIR: &str = "EGRET_TEST_COLLECTOR_DATA";

/// A configuration that sends to `url` soon.
pub(crate) fn config(url: &str) -> egret::ConfigBuilder {
    egret::Config::builder()
        .collector_url(url)
        .service_name("it")
        .flush_interval(Duration::from_millis(50))
}

/// One page after the other, until there is no more.
pub(crate) async fn calls(url: &str, filter: &str) -> Vec<Value> {
    let client = reqwest::Client::new();
    let mut calls = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = format!("{url}/api/v1/calls?limit=1000&from=0{filter}{cursor}");
        let response = client.get(page).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        let mut page: Value = response.json().await.unwrap();
        calls.append(page["calls"].as_array_mut().unwrap());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return calls,
        }
    }
}

/// How many calls a collector with a token knows.
pub(crate) async fn calls_with(url: &str, token: &str) -> usize {
    let request = reqwest::Client::new().get(format!("{url}/api/v1/calls?from=0"));
    let answer: Value = request.bearer_auth(token).send().await.unwrap().json().await.unwrap();
    answer["calls"].as_array().unwrap().len()
}

/// Calls by outcome, status and error class, as `completed 200 -`.
pub(crate) async fn outcomes(url: &str) -> BTreeMap<String, u64> {
    let mut outcomes = BTreeMap::new();
    for call in calls(url, "").await {
        let outcome = call["outcome"].as_str().unwrap();
        let status = &call["http.response.status_code"];
        let class = call["error.type"].as_str().unwrap_or("-");
        *outcomes.entry(format!("{outcome} {status} {class}")).or_default() += 1;
    }
    outcomes
}

/// The sum of the summary's counts.
pub(crate) async fn total(url: &str) -> u64 {
    let summary = reqwest::get(format!("{url}/api/v1/summary?from=0")).await.unwrap();
    let summary: Value = summary.json().await.unwrap();
    let rows = summary["rows"].as_array().unwrap_or_else(|| panic!("{summary}"));
    rows.iter().map(|row| row["count"].as_u64().unwrap()).sum()
}

/// A collector in a process of its own.
pub(crate) struct Process(Child);

impl Process {
    /// Starts one and waits until it answers.
    pub(crate) async fn start(listen: SocketAddr, data_dir: &Path) -> Self {
        #[expect(clippy::zombie_processes, reason = "`kill` waits; a failed test ends the process")]
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "collector::collector_process", "--nocapture"])
            .env(LISTEN, listen.to_string())
            .env(DATA_DIR, data_dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let health = format!("http://{listen}/healthz");
        for _ in 0..600 {
            if reqwest::get(&health).await.is_ok_and(|answer| answer.status() == 200) {
                return Self(child);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the collector does not answer at {health}");
    }

    /// SIGKILL: no handler, no goodbye.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Not a test of its own: the body of [`Process`].
#[test]
fn collector_process() {
    let (Ok(listen), Ok(data_dir)) = (std::env::var(LISTEN), std::env::var(DATA_DIR)) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let _collector = egret_collector::Collector::builder()
            .listen(listen)
            .data_dir(data_dir)
            .start()
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
}
