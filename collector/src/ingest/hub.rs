//! The hub protocol of Apitally's SDKs (0.x): what a server answered, counted and as samples.
//! It never keeps a header, a body or an exception's text that an SDK sends along.
//!
//! | message | becomes |
//! |---|---|
//! | `startup` | a batch with [`egret::batch::Startup`] |
//! | `sync` | a batch with roll-ups of its minute and a heartbeat |
//! | `log` | a batch of calls that count nowhere: `sync` counts them |

mod clients;
mod log;
mod startup;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use clients::{HubClient, HubClients};

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::minute::Minutes;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::id::batch_id;
use super::{Compression, IngestLimits, Refusal, admit_batch, decompress, resource};
use crate::model::Received;

/// Which of the three it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    Startup,
    Sync,
    /// With the file's id, under which it is sent again.
    Log(Uuid),
}

/// A service of which a message tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubSender {
    pub(crate) client: HubClient,
    pub(crate) environment: String,
}

/// What a message is read with.
struct Reading<'r> {
    sender: &'r HubSender,
    limits: &'r IngestLimits,
    now_ns: u64,
}

/// Whether the protocol allows an environment's name.
pub(crate) fn is_environment(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=32).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Reads a message. `now_ns` is the time of receipt, in unix nanoseconds.
pub(crate) fn admit_hub(
    message: Message,
    sender: &HubSender,
    compression: Compression,
    body: &Bytes,
    limits: &IngestLimits,
    now_ns: u64,
) -> Result<Received, Refusal> {
    let text = text(compression, body, limits)?;
    let reading = Reading { sender, limits, now_ns };
    let batch = match message {
        Message::Startup => startup::to_batch(&text, &reading)?,
        Message::Sync => sync::to_batch(&text, &reading)?,
        Message::Log(file) => log::to_batch(&text, file, &reading)?,
    };
    admit_batch(batch.into(), &limits.made_here(), now_ns)
}

/// The SDKs compress logs without saying so: gzip's first bytes say it.
fn text<'b>(
    compression: Compression,
    body: &'b Bytes,
    limits: &IngestLimits,
) -> Result<Cow<'b, str>, Refusal> {
    let is_gzip = body.starts_with(&[0x1f, 0x8b]);
    let is_untold = compression == Compression::Identity && is_gzip;
    decompress::text(if is_untold { Compression::Gzip } else { compression }, body, limits)
}

/// A whole message that is one JSON object.
fn object<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    super::depth::check(text.as_bytes())?;
    serde_json::from_str(text).map_err(|error| {
        let problem = super::json_problem(&error);
        Refusal::Malformed(format!("the message cannot be read: {problem}"))
    })
}

/// The moment of a time in seconds since 1970.
fn unix_ns(seconds: f64, field: &str, now_ns: u64) -> Result<u64, String> {
    if !(0.0..1e10).contains(&seconds) {
        return Err(format!("{field}: {seconds} is no time in seconds since 1970"));
    }
    let since = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let ns = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    super::start_problem(ns, now_ns).map_or(Ok(ns), |problem| Err(format!("{field}: {problem}")))
}

impl Reading<'_> {
    /// The same message from the same sender is the same batch.
    fn meta(&self, message: &str, id: Uuid, instance: Option<Uuid>) -> BatchMeta {
        let HubSender { client, environment } = self.sender;
        let mut resource: Resource = resource(Some(&client.service), Some(environment));
        resource.insert("telemetry.sdk.name".to_owned(), "apitally".to_owned());
        if let Some(instance) = instance {
            resource.insert("service.instance.id".to_owned(), instance.to_string());
        }
        let mut meta = BatchMeta::new(resource, 0);
        let client = client.id();
        let parts =
            [b"hub", message.as_bytes(), &client, environment.as_bytes(), id.as_bytes().as_slice()];
        meta.batch_id = batch_id(&parts);
        meta
    }

    /// A batch that says itself what is counted: `minutes`, and nothing of the calls.
    fn encode(
        &self,
        meta: &BatchMeta,
        calls: &CallsBuilder,
        minutes: &Minutes,
    ) -> Result<Vec<u8>, Refusal> {
        Encoder::new()
            .and_then(|mut encoder| encoder.encode(meta, calls, Some(minutes)))
            .map_err(|error| Refusal::TooLarge(error.to_string()))
    }

    fn at_most(&self, what: &str, n: usize) -> Result<(), Refusal> {
        let limit = self.limits.n_records;
        if n <= limit {
            return Ok(());
        }
        Err(Refusal::TooLarge(format!("{n} {what} exceed the limit of {limit} in one message")))
    }
}
