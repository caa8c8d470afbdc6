//! `sync`: what was answered since the last one becomes the roll-ups of its minute.
//! It never counts a request twice: an error's class is told of a request that `requests` counts.

use std::collections::BTreeMap;

use egret::batch::Heartbeat;
use egret::codec::CallsBuilder;
use egret::minute::{Cell, MINUTE_NS, Minutes, SeriesKey};
use egret::record::Kind;
use egret::redact;
use serde::Deserialize;
use uuid::Uuid;

use super::{Reading, Refusal, object, unix_ns};

/// What an exception that nobody handled is answered with.
const UNHANDLED: u16 = 500;

/// Bins are milliseconds floored to 10; their middle stands for them.
const BIN_MIDDLE_MS: u64 = 5;

#[derive(Deserialize)]
struct SyncMessage {
    instance_uuid: Uuid,
    message_uuid: Uuid,
    /// Seconds since 1970, of the sending.
    timestamp: f64,
    #[serde(default)]
    requests: Vec<Requests>,
    #[serde(default)]
    server_errors: Vec<ServerErrors>,
    /// Checked and not kept: a request can have several, and a roll-up has no place for them.
    #[serde(default)]
    #[expect(dead_code, reason = "reading it is what checks it")]
    validation_errors: Vec<ValidationErrors>,
    #[serde(default)]
    resources: Option<Resources>,
}

#[derive(Deserialize)]
struct Requests {
    #[serde(default)]
    consumer: Option<String>,
    method: String,
    path: String,
    status_code: u16,
    request_count: u64,
    #[serde(default)]
    request_size_sum: Option<u64>,
    #[serde(default)]
    response_size_sum: Option<u64>,
    /// Counts by the bin's lower bound.
    #[serde(default)]
    response_times: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct ServerErrors {
    #[serde(default)]
    consumer: Option<String>,
    method: String,
    path: String,
    r#type: String,
    error_count: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what checks it")]
struct ValidationErrors {
    method: String,
    path: String,
    r#type: String,
    error_count: u64,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(default)]
    memory_rss: Option<u64>,
}

/// Requests under one key, from which classes of errors take their share.
type Counted = BTreeMap<Key, Cell>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    consumer: String,
    method: &'static str,
    path: String,
    status: u16,
    error_type: String,
}

pub(super) fn to_batch(text: &str, reading: &Reading<'_>) -> Result<Vec<u8>, Refusal> {
    let message: SyncMessage = object(text)?;
    reading.at_most("requests", message.requests.len())?;
    let unix_ns =
        unix_ns(message.timestamp, "timestamp", reading.now_ns).map_err(Refusal::Malformed)?;
    let mut counted = Counted::new();
    for (n, requests) in message.requests.iter().enumerate() {
        let add = add(&mut counted, requests);
        add.map_err(|problem| Refusal::Malformed(format!("requests[{n}].{problem}")))?;
    }
    message.server_errors.iter().for_each(|errors| classify(&mut counted, errors));
    let mut meta = reading.meta("sync", message.message_uuid, Some(message.instance_uuid));
    let mut heartbeat = Heartbeat::default();
    heartbeat.unix_ns = unix_ns;
    heartbeat.rss_bytes = message.resources.and_then(|resources| resources.memory_rss);
    meta.heartbeat = Some(heartbeat);
    reading.encode(&meta, &CallsBuilder::default(), &minutes(&counted, unix_ns / MINUTE_NS))
}

fn key(consumer: Option<&String>, method: &str, path: &str, status: u16) -> Key {
    Key {
        consumer: redact::text(consumer.map_or("", String::as_str)).into_owned(),
        method: redact::method(method),
        path: redact::text(path).into_owned(),
        status,
        error_type: String::new(),
    }
}

fn add(counted: &mut Counted, requests: &Requests) -> Result<(), String> {
    let Requests { consumer, method, path, status_code, .. } = requests;
    if !(100..1_000).contains(status_code) {
        return Err(format!("status_code: {status_code} is not from 100 to 999"));
    }
    let mut cell = Cell {
        count: requests.request_count,
        request_bytes: requests.request_size_sum.unwrap_or(0),
        response_bytes: requests.response_size_sum.unwrap_or(0),
        ..Cell::default()
    };
    for (bin, count) in &requests.response_times {
        let bin_ms: u64 = bin
            .parse()
            .map_err(|_| format!("response_times: {bin:?} is not a number of milliseconds"))?;
        let middle_ns = bin_ms.saturating_add(BIN_MIDDLE_MS).saturating_mul(1_000_000);
        cell.duration.record_many(middle_ns, *count);
    }
    let key = key(consumer.as_ref(), method, path, *status_code);
    counted.entry(key).or_default().merge(&cell);
    Ok(())
}

/// Moves requests to their error's class. Who takes the last of them takes their durations and
/// bytes too, which are not told apart.
fn classify(counted: &mut Counted, errors: &ServerErrors) {
    let unclassified = key(errors.consumer.as_ref(), &errors.method, &errors.path, UNHANDLED);
    let Some(cell) = counted.get_mut(&unclassified) else {
        return;
    };
    let count = cell.count.min(errors.error_count);
    let moved = if count == cell.count {
        counted.remove(&unclassified).unwrap_or_default()
    } else {
        cell.count -= count;
        Cell { count, ..Cell::default() }
    };
    let error_type = redact::error_type(&errors.r#type).to_owned();
    counted.entry(Key { error_type, ..unclassified }).or_default().merge(&moved);
}

fn minutes(counted: &Counted, minute: u64) -> Minutes {
    let mut minutes = Minutes::default();
    for (key, cell) in counted.iter().filter(|(_, cell)| cell.count > 0) {
        let key = SeriesKey {
            minute,
            kind: Kind::Server,
            status: key.status,
            target: "",
            method: key.method,
            host: "",
            template: key.path.as_str(),
            error_type: key.error_type.as_str(),
            consumer: key.consumer.as_str(),
        };
        minutes.merge(key, cell);
    }
    minutes
}
