//! `webhook`: posts hits as JSON, each time under a key that tells the same hits again.
//! It never follows a redirect, and never puts its address or its token into a message.

use std::time::Duration;

use serde::Serialize;
use ureq::Agent;
use uuid::Uuid;

use super::{Failure, HitHandler};
use crate::model::Hit;
use crate::store::LoggedHits;

/// From the first look for the host to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Webhook {
    agent: Agent,
    name: String,
    url: String,
    token: Option<String>,
    log_id: Uuid,
}

#[derive(Serialize)]
struct Message<'m> {
    handler: &'m str,
    idempotency_key: &'m str,
    hits: Vec<Row<'m>>,
}

#[derive(Serialize)]
struct Row<'m> {
    #[serde(flatten)]
    hit: &'m Hit,
    count: u64,
}

impl Webhook {
    pub(super) fn new(name: &str, url: &str, token: Option<&str>, log_id: Uuid) -> Self {
        // egret: allow(ureq) reason="it tells what was received, and is no call of a service"
        let agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build()
            .into();
        let (name, url) = (name.to_owned(), url.to_owned());
        Self { agent, name, url, token: token.map(str::to_owned), log_id }
    }
}

impl HitHandler for Webhook {
    fn handle(&mut self, hits: &LoggedHits) -> Result<(), Failure> {
        if hits.counts.is_empty() {
            return Ok(());
        }
        let key = format!("{}:{}:{}-{}", self.log_id, self.name, hits.first, hits.last);
        let rows = hits.counts.iter().map(|(hit, count)| Row { hit, count });
        let message = Message { handler: &self.name, idempotency_key: &key, hits: rows.collect() };
        let body = serde_json::to_vec(&message)?;
        let mut post = self.agent.post(&self.url);
        post = post.header("content-type", "application/json").header("idempotency-key", &key);
        if let Some(token) = &self.token {
            post = post.header("authorization", format!("Bearer {token}"));
        }
        match post.send(body.as_slice()) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status().as_u16()).into()),
            Err(error) => Err(problem(&error).into()),
        }
    }
}

/// What went wrong, by its kind: other errors may name the address.
fn problem(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("it did not answer within {} s", TIMEOUT.as_secs()),
        ureq::Error::Io(error) => format!("it cannot be reached: {}", error.kind()),
        ureq::Error::HostNotFound => "its host is not found".to_owned(),
        ureq::Error::ConnectionFailed => "it cannot be reached".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its certificate is not valid".to_owned(),
        _ => "it does not answer as HTTP does".to_owned(),
    }
}
