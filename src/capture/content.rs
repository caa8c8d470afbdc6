//! The beginning of a body, kept where the configuration asks for it.
//! Never keeps more than its cap or than the process's budget, and tells nothing unmasked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::flight::Flight;
use crate::allow::BodyRules;
use crate::redact::{self, BodyKind};

/// Bytes of bodies that are held at this moment, in the whole process.
static HELD_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The part of a body that is kept.
pub(super) struct Content {
    /// The attribute that it will be.
    name: &'static str,
    kind: BodyKind,
    rules: Arc<BodyRules>,
    bytes: Vec<u8>,
    lease: Lease,
    cut: Option<Cut>,
}

/// Bytes that the budget has lent; given back when the body's record has been made.
#[derive(Debug, Default)]
pub(super) struct Lease(usize);

/// Why a body was not kept as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Cap,
    Budget,
}

pub(super) const REQUEST_BODY: &str = "http.request.body";
pub(super) const RESPONSE_BODY: &str = "http.response.body";

impl Content {
    /// Keeps the body that goes with these headers, if the rules allow its content type.
    pub(super) fn of(
        name: &'static str,
        rules: Option<&Arc<BodyRules>>,
        headers: &HeaderMap,
    ) -> Option<Self> {
        let rules = Arc::clone(rules?);
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next()?.trim().to_ascii_lowercase();
        if !rules.allows(&media_type) {
            return None;
        }
        let kind = BodyKind::of(&media_type);
        Some(Self { name, kind, rules, bytes: Vec::new(), lease: Lease::default(), cut: None })
    }

    /// Keeps what still fits of these bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.cut.is_some() {
            return;
        }
        let n_fitting = bytes.len().min(self.rules.cap_bytes - self.bytes.len());
        if n_fitting < bytes.len() {
            self.cut = Some(Cut::Cap);
        }
        if HELD_BYTES.fetch_add(n_fitting, Ordering::Relaxed) + n_fitting > self.rules.budget_bytes
        {
            HELD_BYTES.fetch_sub(n_fitting, Ordering::Relaxed);
            self.cut = Some(Cut::Budget);
            return;
        }
        self.lease.0 += n_fitting;
        self.bytes.extend_from_slice(&bytes[..n_fitting]);
    }

    /// The body as an attribute, masked; and another one where it is not whole.
    pub(super) fn tell(self, flight: &mut Flight) {
        if !self.bytes.is_empty() {
            // A character that the cut went through is left out.
            let text = match std::str::from_utf8(&self.bytes) {
                Ok(text) => text,
                Err(error) => std::str::from_utf8(&self.bytes[..error.valid_up_to()]).unwrap_or(""),
            };
            // A text has no NUL; what has is in no encoding that could be judged (UTF-16, say).
            let is_text = text.len() + 4 > self.bytes.len() && !self.bytes.contains(&0);
            let text = if self.cut.is_some() { redact::whole_words(text) } else { text };
            let shown = if is_text { redact::body(self.kind, text) } else { "{binary}".to_owned() };
            if !shown.is_empty() {
                flight.fact(self.name, shown);
                flight.borrowed(self.lease);
            }
        }
        let reason = match self.cut {
            None => return,
            Some(Cut::Cap) => "cap",
            Some(Cut::Budget) => "budget",
        };
        flight.fact(format!("{}.truncated", self.name), reason);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        HELD_BYTES.fetch_sub(self.0, Ordering::Relaxed);
    }
}
