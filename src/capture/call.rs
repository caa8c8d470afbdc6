//! A call as the user tells it, for SDKs that no wrapper reaches.
//! Never allocates for borrowed texts, unless there are attributes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::recorder::{Recorder, Scratch, begin};
use super::tags::Tags;
use crate::clock::{Tick, saturating_ns};
use crate::error::ErrorClass;
use crate::record::{Kind, Outcome};

/// The last time that a table's signed numbers hold: in the year 2262.
const MAX_UNIX_NS: u64 = i64::MAX.cast_unsigned();

/// A stopwatch for a call that is logged: a reading when it starts, and the other one by
/// [`log`](crate::log), of the processor's own counter where that can be trusted.
///
/// ```
/// # fn charge() -> u16 { 201 }
/// let timer = egret::Timer::start();
/// let status = charge();
/// let call = egret::Call::new("POST", "https://api.example.com/v1/charges");
/// egret::log(call.status(status).timed(timer));
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "a timer is of use when a call is `timed` by it"]
pub struct Timer(Tick);

impl Timer {
    /// Starts now.
    pub fn start() -> Self {
        Self(Tick::now())
    }
}

/// One call that happened, told by hand.
///
/// ```
/// use std::time::Duration;
///
/// egret::log(
///     egret::Call::new("POST", "https://api.example.com/v1/charges")
///         .status(201)
///         .duration(Duration::from_millis(87)),
/// );
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "a call is recorded by handing it to `log`"]
pub struct Call<'a> {
    method: &'a str,
    url: &'a str,
    status: Option<u16>,
    duration: Option<Duration>,
    started: Option<SystemTime>,
    timer: Option<Timer>,
    error_type: &'a str,
    cancelled: bool,
    target: &'a str,
    template: &'a str,
    consumer: &'a str,
    request_bytes: Option<u64>,
    response_bytes: Option<u64>,
    attempt: Option<u32>,
    attributes: &'a [(&'a str, &'a str)],
}

impl<'a> Call<'a> {
    /// A call of `method` to `url`. Secrets in the URL are taken out before it is recorded.
    pub fn new(method: &'a str, url: &'a str) -> Self {
        Self {
            method,
            url,
            status: None,
            duration: None,
            started: None,
            timer: None,
            error_type: "",
            cancelled: false,
            target: "",
            template: "",
            consumer: "",
            request_bytes: None,
            response_bytes: None,
            attempt: None,
            attributes: &[],
        }
    }

    /// The answer's status code.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// How long the call took. It is taken to have ended when it is logged.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// When the call began. Defaults to the time of logging less the duration.
    pub fn started(mut self, at: SystemTime) -> Self {
        self.started = Some(at);
        self
    }

    /// The call began when the timer did, and ends when it is logged; whatever
    /// [`duration`](Self::duration) and [`started`](Self::started) say.
    pub fn timed(mut self, timer: Timer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// The call failed; `error_type` is a short identifier (`timeout`, `card::Declined`), never a
    /// message: what is not of letters, digits and `_.:-<>` is recorded as `_OTHER`. It is recorded
    /// as it is, so it must not be taken from outside.
    pub fn error(mut self, error_type: &'a str) -> Self {
        self.error_type = if error_type.is_empty() { "_OTHER" } else { error_type };
        self
    }

    /// The caller gave the call up before it ended.
    pub fn cancelled(mut self) -> Self {
        self.cancelled = true;
        self
    }

    /// The vendor's name, as `stripe`.
    pub fn target(mut self, target: &'a str) -> Self {
        self.target = target;
        self
    }

    /// The route, as `/v1/charges/{id}`. Defaults to a guess from the path.
    pub fn template(mut self, template: &'a str) -> Self {
        self.template = template;
        self
    }

    /// On whose behalf the call was made.
    pub fn consumer(mut self, consumer: &'a str) -> Self {
        self.consumer = consumer;
        self
    }

    /// Size of the request's body.
    pub fn request_bytes(mut self, n: u64) -> Self {
        self.request_bytes = Some(n);
        self
    }

    /// Size of the answer's body.
    pub fn response_bytes(mut self, n: u64) -> Self {
        self.response_bytes = Some(n);
        self
    }

    /// Which attempt this was, from 1.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// Further facts. Values with a sensitive key or content are recorded as `REDACTED`.
    pub fn attributes(mut self, attributes: &'a [(&'a str, &'a str)]) -> Self {
        self.attributes = attributes;
        self
    }

    pub(crate) fn record(self, recorder: &Recorder) {
        let (start_unix_ns, duration_ns) = self.time(recorder);
        let mut scratch = Scratch::default();
        let scope = Tags::of_call(None);
        let mut record = begin(Kind::Manual, self.method, self.url, start_unix_ns, &mut scratch);
        record.status = self.status;
        record.total_ns = duration_ns;
        record.request_body_bytes = self.request_bytes;
        record.response_body_bytes = self.response_bytes;
        record.attempt = self.attempt;
        if !self.error_type.is_empty() {
            record.set_error_type(self.error_type);
            if self.status.is_none() {
                record.outcome = Outcome::Failed;
            }
        }
        if self.cancelled {
            record.outcome = Outcome::Cancelled;
            record.set_error_type(ErrorClass::Cancelled.as_str());
        }
        if let Some(scope) = &scope {
            scope.label(&mut record);
        }
        // What the call says of itself goes before what is said around it.
        if !self.target.is_empty() {
            record.set_target(self.target);
        }
        if !self.template.is_empty() {
            record.set_template(self.template);
        }
        if !self.consumer.is_empty() {
            record.set_consumer(self.consumer);
        }
        if scope.is_some() || !self.attributes.is_empty() {
            let around = scope.iter().flat_map(Tags::attribute_pairs);
            record.set_attributes(around.chain(self.attributes.iter().copied()));
        }
        recorder.offer(&record);
    }

    /// When it began, and how long it took.
    #[inline]
    fn time(&self, recorder: &Recorder) -> (u64, Option<u64>) {
        if let Some(Timer(start)) = self.timer {
            return (recorder.unix_ns(start), Some(Tick::now().ns_since(start)));
        }
        let duration_ns = self.duration.map(saturating_ns);
        let start_unix_ns = match self.started {
            Some(at) => at.duration_since(UNIX_EPOCH).map_or(0, saturating_ns).min(MAX_UNIX_NS),
            None => recorder.unix_ns(Tick::now()).saturating_sub(duration_ns.unwrap_or(0)),
        };
        (start_unix_ns, duration_ns)
    }
}
