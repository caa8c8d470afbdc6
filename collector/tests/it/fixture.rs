//! Calls, batches of them, and a client that sends and asks.
//! It never knows the collector's insides: only the format and HTTP.

use std::time::Duration;

use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::minute::Minutes;
use egret::record::{Kind, Outcome, Record};
use egret::redact::SafeUrl;
use egret::template::Templates;
use serde_json::Value;
use uuid::Uuid;

/// A moment two minutes ago, on a whole minute: in every default range.
pub(crate) fn recently_ns() -> u64 {
    let now_ns = egret::clock::unix_now_ns();
    (now_ns / 60_000_000_000 - 2) * 60_000_000_000
}

/// A call, as much of it as tests tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) status: Option<u16>,
    pub(crate) start_ns: u64,
    pub(crate) total_ns: u64,
}

impl Call {
    pub(crate) fn new(path: &str, status: u16) -> Self {
        Self {
            method: "GET",
            url: format!("https://api.example.com{path}"),
            status: Some(status),
            start_ns: recently_ns(),
            total_ns: 1_000_000,
        }
    }

    fn with_record<T>(&self, then: impl FnOnce(&Record<'_>) -> T) -> T {
        let mut scratch = String::new();
        let url = SafeUrl::parse(&self.url, &mut scratch);
        let mut record = Record::new(Kind::Client, self.method, url, self.start_ns);
        record.total_ns = Some(self.total_ns);
        record.status = self.status;
        record.response_body_bytes = Some(10);
        record.set_target("example");
        if self.status.is_none() {
            record.outcome = Outcome::Failed;
            record.set_error_type("connect");
        }
        then(&record)
    }
}

/// A batch and its id.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) id: Uuid,
    pub(crate) bytes: Vec<u8>,
}

/// A batch of calls that the collector folds itself.
pub(crate) fn batch(calls: &[Call]) -> Batch {
    batch_with(calls, None, &[])
}

/// A batch with roll-ups of its own and drops.
pub(crate) fn batch_with(
    calls: &[Call],
    minutes: Option<&Minutes>,
    dropped: &[(&str, u64)],
) -> Batch {
    let mut columns = CallsBuilder::default();
    calls.iter().for_each(|call| call.with_record(|record| columns.push(record)));
    let resource = Resource::from([("service.name".to_owned(), "shop".to_owned())]);
    let mut meta = BatchMeta::new(resource, 0);
    meta.dropped = dropped.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect();
    let bytes = Encoder::new().unwrap().encode(&meta, &columns, minutes).unwrap();
    Batch { id: meta.batch_id, bytes }
}

/// The roll-ups of calls, as the client makes them: under a template.
pub(crate) fn minutes_of(calls: &[Call]) -> Minutes {
    let mut templates = Templates::default();
    let mut minutes = Minutes::default();
    for call in calls {
        call.with_record(|record| {
            let template = templates.admit("", "", record.url().path());
            let mut record = record.clone();
            record.set_template(template);
            minutes.fold(&record);
        });
    }
    minutes
}

/// One collector's client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, url: url.into(), token: None }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) fn post(&self) -> reqwest::RequestBuilder {
        self.request(reqwest::Method::POST, "/v1/batches")
    }

    /// Sends a batch; the status, or what broke.
    pub(crate) async fn try_send(&self, batch: &Batch) -> Result<u16, reqwest::Error> {
        let post = self.post().header("content-type", "application/vnd.egret.batch");
        Ok(post.body(batch.bytes.clone()).send().await?.status().as_u16())
    }

    /// Sends a batch that must be taken; what it was answered.
    pub(crate) async fn send(&self, batch: &Batch) -> Value {
        let post = self.post().header("content-type", "application/vnd.egret.batch");
        let (status, answer) = answer(post.body(batch.bytes.clone())).await;
        assert_eq!(status, 202, "{answer}");
        assert_eq!(answer["batch_id"], batch.id.to_string());
        answer
    }

    /// Asks what must be answered.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = answer(self.request(reqwest::Method::GET, path)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Everything that is stored, page by page: (batch id, path) of each call.
    pub(crate) async fn all_calls(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/api/v1/calls?limit=1000&cursor={cursor}")).await;
            let text = |call: &Value, key: &str| call[key].as_str().unwrap().to_owned();
            let calls = page["calls"].as_array().unwrap();
            all.extend(calls.iter().map(|call| (text(call, "batch_id"), text(call, "url.path"))));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return all,
            }
        }
    }

    /// The calls that the summary counts, of all time.
    pub(crate) async fn count(&self) -> u64 {
        self.get("/api/v1/summary?from=0").await["count"].as_u64().unwrap()
    }
}

/// The status and the JSON of an answer.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A generator whose numbers are the same in every run.
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }
}
