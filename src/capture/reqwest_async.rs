//! Sees every call of a `reqwest` client, as a middleware.
//! Never touches the request or the answer: both pass through as they are.

use http::Extensions;
use reqwest::{Request, Response, Version};
use reqwest_middleware::{Next, Result};

use super::classify::class_of;
use super::recorder::{Recorder, Scratch, Started};
use crate::clock::Tick;
use crate::error::ErrorClass;
use crate::record::{Kind, Outcome, Record};

/// Records each pass through the stack exactly once: an answer, an error, or a dropped future.
#[derive(Debug, Clone)]
pub struct Middleware(Source);

/// Who records. A client may be wrapped before egret is initialised.
#[derive(Debug, Clone)]
enum Source {
    Fixed(Option<Recorder>),
    Default(fn() -> Option<Recorder>),
}

impl Middleware {
    /// Records with `recorder`; with none, calls pass unseen.
    pub(crate) fn fixed(recorder: Option<Recorder>) -> Self {
        Self(Source::Fixed(recorder))
    }

    /// Asks for the recorder at every call.
    pub(crate) fn with_default(recorder: fn() -> Option<Recorder>) -> Self {
        Self(Source::Default(recorder))
    }

    fn recorder(&self) -> Option<Recorder> {
        match &self.0 {
            Source::Fixed(recorder) => recorder.clone(),
            Source::Default(recorder) => recorder(),
        }
    }
}

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Middleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(recorder) = self.recorder() else {
            return next.run(request, extensions).await;
        };
        let pass = Pass::begin(recorder, &request);
        let result = next.run(request, extensions).await;
        pass.end(&result);
        result
    }
}

/// A pass that has begun. It is recorded when it ends, or when it is dropped before.
struct Pass {
    recorder: Recorder,
    method: http::Method,
    url: String,
    start: Tick,
    request_bytes: Option<u64>,
    is_recorded: bool,
}

impl Pass {
    fn begin(recorder: Recorder, request: &Request) -> Self {
        let body = request.body().and_then(|body| body.as_bytes());
        Self {
            recorder,
            method: request.method().clone(),
            url: request.url().as_str().to_owned(),
            start: Tick::now(),
            request_bytes: body.map(|bytes| bytes.len() as u64),
            is_recorded: false,
        }
    }

    fn end(mut self, result: &Result<Response>) {
        match result {
            Ok(response) => self.record(|record| fill(record, response)),
            Err(error) => {
                let class = class_of(error).as_str();
                self.record(|record| {
                    record.outcome = Outcome::Failed;
                    record.set_error_type(class);
                });
            }
        }
    }

    fn record(&mut self, complete: impl FnOnce(&mut Record<'_>)) {
        self.is_recorded = true;
        let now = Tick::now();
        let total_ns = now.ns_since(self.start);
        let start = Started::At(self.start);
        let mut scratch = Scratch::take();
        let method = self.method.as_str();
        let mut record = self.recorder.begin(Kind::Client, method, &self.url, start, &mut scratch);
        record.total_ns = Some(total_ns);
        record.request_body_bytes = self.request_bytes;
        complete(&mut record);
        self.recorder.offer(&record, now);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_recorded {
            return;
        }
        let (outcome, class) = if std::thread::panicking() {
            (Outcome::Failed, ErrorClass::Panic)
        } else {
            (Outcome::Cancelled, ErrorClass::Cancelled)
        };
        self.record(|record| {
            record.outcome = outcome;
            record.set_error_type(class.as_str());
        });
    }
}

/// What an answer's head tells. Its time is the time to the first byte.
fn fill(record: &mut Record<'_>, response: &Response) {
    record.status = Some(response.status().as_u16());
    record.ttfb_ns = record.total_ns;
    record.response_body_bytes = response.content_length();
    record.peer_address = response.remote_addr().map(|address| address.ip());
    record.set_protocol_version(match response.version() {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    });
}
