//! Tries the way to the collector step by step and says in plain words what it found.
//! Never sends a call: its test batch holds a heartbeat and nothing else.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue};
use reqwest::{Client, Response, Url};

use super::http::{CONTENT_TYPE_BATCH, bare_client, is_html};
use crate::batch::{BatchMeta, Resource};
use crate::clock::unix_now_ns;
use crate::codec::{CallsBuilder, Encoder};
use crate::minute::Minutes;
use crate::process;

/// A step that takes longer has failed.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// Clocks further apart than this shift the minutes of the history visibly.
const TOLERATED_SKEW_S: i64 = 5;

/// What [`doctor`](crate::doctor) found, step by step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkup {
    /// The steps that were taken, in their order. After one that failed, those that need it are
    /// not taken.
    pub steps: Vec<Step>,
}

/// One step of a [`Checkup`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What was tried.
    pub name: &'static str,
    /// Whether it works.
    pub works: bool,
    /// What was found, and what to do where it does not work.
    pub finding: String,
}

impl Checkup {
    /// Whether every step works.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.works)
    }

    pub(crate) fn works(&mut self, name: &'static str, finding: impl Into<String>) {
        self.steps.push(Step { name, works: true, finding: finding.into() });
    }

    pub(crate) fn fails(&mut self, name: &'static str, finding: impl Into<String>) {
        self.steps.push(Step { name, works: false, finding: finding.into() });
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let verdict = if step.works { "works" } else { "FAILS" };
            writeln!(f, "{:<8} {verdict}  {}", step.name, step.finding)?;
        }
        Ok(())
    }
}

/// Tries to reach the door at `url`.
pub(crate) async fn check(
    url: &Url,
    authorization: Option<&HeaderValue>,
    resource: Resource,
) -> Checkup {
    let mut checkup = Checkup::default();
    let Some(addresses) = resolve(url, &mut checkup).await else { return checkup };
    if !connect(&addresses, &mut checkup).await {
        return checkup;
    }
    let Some(answer) = post(url, authorization, resource, &mut checkup).await else {
        return checkup;
    };
    judge_clock(&answer, &mut checkup);
    judge_status(&answer, authorization.is_some(), &mut checkup);
    checkup
}

async fn resolve(url: &Url, checkup: &mut Checkup) -> Option<Vec<SocketAddr>> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let looking = tokio::net::lookup_host((host.as_str(), port));
    match tokio::time::timeout(STEP_TIMEOUT, looking).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            checkup.works("dns", format!("{host} is {} address(es)", addresses.len()));
            Some(addresses)
        }
        Ok(Err(_)) => {
            let what = format!("{host} has no address; check EGRET_COLLECTOR_URL and the resolver");
            checkup.fails("dns", what);
            None
        }
        Err(_) => {
            checkup.fails("dns", format!("no answer about {host} in {STEP_TIMEOUT:?}"));
            None
        }
    }
}

async fn connect(addresses: &[SocketAddr], checkup: &mut Checkup) -> bool {
    // egret: allow(raw-socket) reason="the doctor looks at the way to the collector, step by step"
    let connecting = tokio::net::TcpStream::connect(addresses);
    match tokio::time::timeout(STEP_TIMEOUT, connecting).await {
        Ok(Ok(stream)) => {
            let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
            checkup.works("connect", peer);
            true
        }
        Ok(Err(error)) => {
            let what = format!("{:?} at {addresses:?}; is the collector running?", error.kind());
            checkup.fails("connect", what);
            false
        }
        Err(_) => {
            let what =
                format!("no answer from {addresses:?} in {STEP_TIMEOUT:?}; is a firewall between?");
            checkup.fails("connect", what);
            false
        }
    }
}

async fn post(
    url: &Url,
    authorization: Option<&HeaderValue>,
    resource: Resource,
    checkup: &mut Checkup,
) -> Option<Response> {
    let name = if url.scheme() == "https" { "tls" } else { "http" };
    let batch = test_batch(resource);
    let (Ok(client), Some(batch)) = (bare_client(), batch) else {
        checkup.fails(name, "this build of reqwest cannot make a client; check its TLS features");
        return None;
    };
    match request(&client, url, authorization, batch).send().await {
        Ok(answer) => {
            checkup.works(
                name,
                format!("{:?}, status {}", answer.version(), answer.status().as_u16()),
            );
            Some(answer)
        }
        Err(error) if error.is_timeout() => {
            checkup.fails(name, "the connection stands, but no answer comes; is it a collector?");
            None
        }
        Err(error) if error.is_connect() && name == "tls" => {
            let what = "the connection stands, its encryption does not; check the certificate, \
                        and whether the port speaks https";
            checkup.fails(name, what);
            None
        }
        Err(_) => {
            checkup.fails(name, "the answer is not HTTP; is it a collector?");
            None
        }
    }
}

fn request(
    client: &Client,
    url: &Url,
    authorization: Option<&HeaderValue>,
    batch: Vec<u8>,
) -> reqwest::RequestBuilder {
    let request = client.post(url.clone()).header(CONTENT_TYPE, CONTENT_TYPE_BATCH);
    let request = request.timeout(STEP_TIMEOUT).body(batch);
    match authorization {
        Some(token) => request.header(AUTHORIZATION, token.clone()),
        None => request,
    }
}

fn test_batch(resource: Resource) -> Option<Vec<u8>> {
    let mut meta = BatchMeta::new(resource, 0);
    meta.heartbeat = Some(process::heartbeat(unix_now_ns()));
    let empty = (CallsBuilder::default(), Minutes::default());
    Encoder::new().ok()?.encode(&meta, &empty.0, Some(&empty.1)).ok()
}

fn judge_clock(answer: &Response, checkup: &mut Checkup) {
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return;
    };
    let theirs = theirs.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let skew_s = (unix_now_ns() / 1_000_000_000).cast_signed() - theirs.cast_signed();
    if skew_s.abs() <= TOLERATED_SKEW_S {
        checkup.works("clock", "both agree");
    } else {
        let way = if skew_s > 0 { "ahead of" } else { "behind" };
        let what =
            format!("this machine is {} s {way} the collector; set the clocks", skew_s.abs());
        checkup.fails("clock", what);
    }
}

fn judge_status(answer: &Response, has_token: bool, checkup: &mut Checkup) {
    match answer.status().as_u16() {
        200..=299 if is_html(answer) => {
            checkup.fails(
                "batch",
                "what answers is no collector: it sends a page; is a proxy between?",
            );
        }
        300..=399 => {
            checkup
                .fails("batch", "what answers is no collector: it redirects; is a proxy between?");
        }
        200..=299 => checkup.works("batch", "the collector stored the test batch"),
        401 | 403 if has_token => checkup.fails("token", "the collector does not know EGRET_TOKEN"),
        401 | 403 => checkup.fails("token", "the collector wants one; set EGRET_TOKEN"),
        404 | 405 => {
            checkup.fails(
                "batch",
                "no collector at this address; check the path of EGRET_COLLECTOR_URL",
            );
        }
        415 => checkup.fails("version", "the collector does not know this batch format; update it"),
        429 | 500..=599 => checkup.fails("batch", "the collector asks to wait; see its log"),
        status => checkup.fails("batch", format!("the collector refused it with status {status}")),
    }
}
