//! One attempt of a call from its beginning to its end, whichever client makes it.
//! Never ends twice, and never unrecorded: a flight that is dropped is recorded as given up.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, Method, Version};

use super::calls::{CallEnd, LogicalCall};
use super::content::Lease;
use super::recorder::{Recorder, Scratch, begin};
use super::spares::Spares;
use super::tags::Tags;
use super::trace::Trace;
use crate::clock::Tick;
use crate::error::ErrorClass;
use crate::record::{Kind, Outcome};
use crate::redact;

/// An attempt under way. Whoever carries it says what happens; dropping it is an end too.
pub(super) struct Flight {
    recorder: Recorder,
    /// `None` once it has ended.
    attempt: Option<Box<Attempt>>,
}

thread_local! {
    /// Attempts that are over: their memory, and that of their URL, is used again.
    static SPARE: Spares<Box<Attempt>> = const { Spares::new() };
}

/// A longer URL's memory is given back.
const MAX_SPARE_URL_BYTES: usize = 1024;

/// What an attempt has shown.
pub(super) struct Attempt {
    kind: Kind,
    method: Method,
    url: String,
    started: Tick,
    /// The answer's head, and when it came.
    head: Option<(Tick, Head)>,
    ended: Option<Ended>,
    sent: Sent,
    received_bytes: u64,
    /// Whether the body is out of sight: neither its size nor its time is known then.
    is_body_left: bool,
    connection: Connection,
    /// The other side's address, where it is known before there is an answer.
    peer: Option<IpAddr>,
    /// What the answer itself says went wrong, in another word than its status.
    refusal: &'static str,
    tags: Option<Tags>,
    /// Facts beside the tags: headers that may be kept, bodies, redirects.
    facts: Vec<(String, String)>,
    /// What the bodies among the facts hold of the budget.
    leases: Vec<Lease>,
    trace: Option<Trace>,
    call_id: Option<[u8; 16]>,
    number: Option<u32>,
    /// The call that is to be told of the end; `None` where attempts are on their own.
    call: Option<Arc<LogicalCall>>,
}

/// The answer's head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) status: u16,
    /// `None` where the client does not tell it.
    pub(super) version: Option<Version>,
    pub(super) peer: Option<IpAddr>,
    /// Bytes that the body will have, where that is known.
    pub(super) body_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Ended {
    at: Tick,
    outcome: Outcome,
    error_type: &'static str,
}

/// How much of the request's body was sent.
#[derive(Debug, Clone, Default)]
pub(super) enum Sent {
    #[default]
    Unknown,
    /// It goes as a whole.
    Whole(u64),
    /// It is counted as it streams past.
    Streaming(Arc<AtomicU64>),
}

/// What is known of the connection. Absent stays absent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Connection {
    pub(super) dns_ns: Option<u64>,
    pub(super) connect_ns: Option<u64>,
    pub(super) reused: Option<bool>,
}

impl Flight {
    pub(super) fn begin(recorder: Recorder, kind: Kind, method: Method, url: &str) -> Self {
        let started = Tick::now();
        let attempt = match Spares::take(&SPARE) {
            Some(mut spare) => {
                let mut text = std::mem::take(&mut spare.url);
                text.push_str(url);
                *spare = Attempt::new(kind, method, text, started);
                spare
            }
            None => Box::new(Attempt::new(kind, method, url.to_owned(), started)),
        };
        Self { recorder, attempt: Some(attempt) }
    }

    /// Where the request goes, as it was when the attempt began.
    pub(super) fn url(&self) -> &str {
        self.attempt.as_ref().map_or("", |attempt| &attempt.url)
    }

    /// The attempt is one of this call's, and the call waits for its end.
    pub(super) fn attempt_of(&mut self, call: &Arc<LogicalCall>) {
        let number = call.next_attempt();
        self.numbered(call.id(), number);
        self.change(|attempt| attempt.call = Some(Arc::clone(call)));
    }

    /// The attempt is one of a call's that nobody sees the end of.
    pub(super) fn numbered(&mut self, call_id: [u8; 16], number: u32) {
        self.change(|attempt| {
            attempt.call_id = Some(call_id);
            attempt.number = Some(number);
        });
    }

    pub(super) fn tags(&mut self, own: Option<&Tags>) {
        let tags = Tags::of_call(own);
        self.change(|attempt| attempt.tags = tags);
    }

    pub(super) fn sent(&mut self, sent: Sent) {
        self.change(|attempt| attempt.sent = sent);
    }

    pub(super) fn trace(&mut self, trace: Option<Trace>) {
        self.change(|attempt| attempt.trace = trace);
    }

    /// A fact is of a body, for which the budget has lent so much.
    pub(super) fn borrowed(&mut self, lease: Lease) {
        self.change(|attempt| attempt.leases.push(lease));
    }

    pub(super) fn connection(&mut self, connection: Connection) {
        self.change(|attempt| attempt.connection = connection);
    }

    #[cfg(feature = "tower")]
    pub(super) fn peer(&mut self, peer: IpAddr) {
        self.change(|attempt| attempt.peer = Some(peer));
    }

    /// The answer says that the call failed, though its status does not: its `error.type`.
    pub(super) fn refused(&mut self, refusal: &'static str) {
        self.change(|attempt| attempt.refusal = refusal);
    }

    /// Tags that are only known with the answer, over those that were known before.
    #[cfg(feature = "tower")]
    pub(super) fn more_tags(&mut self, more: &Tags) {
        self.change(|attempt| {
            let before = attempt.tags.take().unwrap_or_default();
            attempt.tags = Some(more.clone().over(&before));
        });
    }

    /// A fact beside the tags, under its attribute's name.
    pub(super) fn fact(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.change(|attempt| attempt.facts.push((key.into(), value.into())));
    }

    /// Notes the headers that may be recorded, under their attributes' names.
    pub(super) fn headers(&mut self, prefix: &str, headers: &HeaderMap, allowed: &[HeaderName]) {
        for name in allowed {
            let values =
                headers.get_all(name).iter().filter_map(|value| match value.is_sensitive() {
                    true => Some(redact::REDACTED),
                    false => value.to_str().ok(),
                });
            let joined = values.collect::<Vec<_>>().join(", ");
            if !joined.is_empty() {
                self.fact(format!("{prefix}{name}"), joined);
            }
        }
    }

    /// The answer's head has come.
    pub(super) fn head(&mut self, head: Head) {
        let now = Tick::now();
        self.change(|attempt| attempt.head = Some((now, head)));
    }

    /// So many bytes of the answer's body have passed.
    pub(super) fn received(&mut self, n_bytes: usize) {
        self.change(|attempt| attempt.received_bytes += n_bytes as u64);
    }

    /// Whether as much of the answer's body has passed as there will be. Trailers may follow.
    pub(super) fn has_whole_body(&self) -> bool {
        self.attempt.as_deref().is_some_and(Attempt::has_whole_body)
    }

    /// The answer has been read to its end.
    pub(super) fn complete(&mut self) {
        self.end(Outcome::Completed, self.attempt.as_ref().map_or("", |attempt| attempt.refusal));
    }

    /// The answer has come, and nobody will see what becomes of its body.
    #[cfg(any(feature = "blocking", feature = "ureq"))]
    pub(super) fn leave_body(&mut self) {
        self.change(|attempt| attempt.is_body_left = true);
        self.complete();
    }

    /// The attempt failed, before or after its head came.
    pub(super) fn fail(&mut self, class: ErrorClass) {
        self.end(Outcome::Failed, class.as_str());
    }

    /// Forgets the attempt: somebody else records it.
    pub(super) fn forget(&mut self) {
        self.attempt = None;
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.attempt.as_ref().map(|attempt| attempt.kind)
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The id that the attempts of a call share.
    pub(super) fn call_id(&self) -> Option<[u8; 16]> {
        self.attempt.as_ref()?.call_id
    }

    fn change(&mut self, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = &mut self.attempt {
            change(attempt);
        }
    }

    fn end(&mut self, outcome: Outcome, error_type: &'static str) {
        let Some(mut attempt) = self.attempt.take() else { return };
        attempt.ended = Some(Ended { at: Tick::now(), outcome, error_type });
        match attempt.call.take() {
            Some(call) => call.land(attempt),
            None => attempt.record_and_retire(&self.recorder, None),
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(attempt) = &self.attempt else { return };
        match attempt.head {
            // Readers that know the length stop without asking for the end.
            _ if attempt.has_whole_body() => self.complete(),
            Some(_) => self.end(Outcome::BodyDropped, ""),
            // A panic with an answer in hand is the user's own.
            None if std::thread::panicking() => self.fail(ErrorClass::Panic),
            None => self.end(Outcome::Cancelled, ErrorClass::Cancelled.as_str()),
        }
    }
}

impl Attempt {
    fn new(kind: Kind, method: Method, url: String, started: Tick) -> Self {
        Self {
            kind,
            method,
            url,
            started,
            head: None,
            ended: None,
            sent: Sent::Unknown,
            received_bytes: 0,
            is_body_left: false,
            connection: Connection::default(),
            peer: None,
            refusal: "",
            tags: None,
            facts: Vec::new(),
            leases: Vec::new(),
            trace: None,
            call_id: None,
            number: None,
            call: None,
        }
    }

    fn has_whole_body(&self) -> bool {
        self.head.is_some_and(|(_, head)| head.body_bytes == Some(self.received_bytes))
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.ended.map_or(Outcome::Cancelled, |ended| ended.outcome)
    }

    /// Hands the attempt to the queue, and keeps its memory for the next one.
    pub(super) fn record_and_retire(
        mut self: Box<Self>,
        recorder: &Recorder,
        call: Option<CallEnd>,
    ) {
        self.record(recorder, call);
        self.url.clear();
        if self.url.capacity() > MAX_SPARE_URL_BYTES {
            self.url = String::new();
        }
        // The rest goes now: tags and facts are the service's, and leases are the budget's.
        let url = std::mem::take(&mut self.url);
        *self = Self::new(self.kind, Method::GET, url, self.started);
        Spares::give(&SPARE, self);
    }

    /// `call` is known for the last attempt of a call.
    fn record(&self, recorder: &Recorder, call: Option<CallEnd>) {
        let Some(ended) = self.ended else { return };
        let (mut scratch, masked);
        scratch = Scratch::default();
        let (method, start_unix_ns) = (self.method.as_str(), recorder.unix_ns(self.started));
        let mut record = begin(self.kind, method, &self.url, start_unix_ns, &mut scratch);
        record.outcome = ended.outcome;
        record.total_ns = Some(ended.at.ns_since(self.started));
        record.request_body_bytes = self.sent.n_bytes();
        record.dns_ns = self.connection.dns_ns;
        record.connect_ns = self.connection.connect_ns;
        record.connection_reused = self.connection.reused;
        record.peer_address = self.peer;
        if let Some((at, head)) = self.head {
            record.status = Some(head.status);
            record.peer_address = head.peer.or(self.peer);
            record.ttfb_ns = Some(at.ns_since(self.started));
            if !self.is_body_left {
                record.body_ns = Some(ended.at.ns_since(at));
                record.response_body_bytes = Some(self.received_bytes);
            }
            record.set_protocol_version(head.version.map_or("", version_text));
        }
        if !ended.error_type.is_empty() {
            record.set_error_type(ended.error_type);
        }
        record.call_id = self.call_id;
        record.attempt = self.number;
        record.resend_count = self.number.map(|n| n.saturating_sub(1)).filter(|n| *n > 0);
        if let Some(trace) = self.trace {
            record.trace_id = Some(trace.trace_id);
            (record.span_id, record.parent_span_id) = (trace.span_id, trace.parent_span_id);
        }
        if let Some(call) = call {
            record.call_total_ns = Some(call.total_ns);
            record.call_outcome = Some(call.outcome);
        }
        if let Some(tags) = &self.tags {
            tags.label(&mut record);
        }
        if let Some(path) = redact::path_by_template(record.url.path, record.template()) {
            masked = path;
            record.url.path = &masked;
        }
        let tagged = self.tags.iter().flat_map(Tags::attribute_pairs);
        let facts = self.facts.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        record.set_attributes(facts.chain(tagged));
        recorder.offer(&record);
    }
}

impl Sent {
    fn n_bytes(&self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Whole(n_bytes) => Some(*n_bytes),
            Self::Streaming(n_bytes) => Some(n_bytes.load(Ordering::Relaxed)),
        }
    }
}

fn version_text(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
