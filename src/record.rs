//! One finished call (or one attempt of it), borrowed from wherever it was seen.
//! Never holds a secret: its texts can only be set through redaction.

mod row;
#[cfg(test)]
mod tests;

pub use row::{RowError, read_row, write_row};

use std::borrow::Cow;
use std::net::IpAddr;

use crate::redact::{self, SafeUrl};

/// Defines a closed set of words that travel as text.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis $name:ident {
        $($(#[$doc:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        $vis enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of its number.
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that travels.
            #[must_use]
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value of a word, if it is one.
            #[must_use]
            #[allow(dead_code, reason = "not every set is read back")]
            $vis fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Where a record comes from.
    pub Kind {
        /// A call through a wrapped client.
        Client = "client",
        /// A request that this service answered.
        Server = "server",
        /// A call reported by `log()` or `observe()`.
        Manual = "manual",
        /// A call that the gateway forwarded.
        Gateway = "gateway",
        /// A monitor's probe.
        Probe = "probe",
    }
}

words! {
    /// How a call ended, whatever its status.
    pub Outcome {
        /// An answer came (4xx and 5xx are answers too).
        Completed = "completed",
        /// No answer came; `error.type` says why.
        Failed = "failed",
        /// The caller gave up before an answer came.
        Cancelled = "cancelled",
        /// An answer came and its body was dropped half-read.
        BodyDropped = "body_dropped",
    }
}

/// One record. Absent is `None`, or an empty text: nothing is invented.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// Where it comes from.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// When the call began, in unix nanoseconds.
    pub start_unix_ns: u64,
    /// From the beginning to the end of what was measured.
    pub total_ns: Option<u64>,
    /// Name resolution.
    pub dns_ns: Option<u64>,
    /// TCP and TLS together.
    pub connect_ns: Option<u64>,
    /// From the beginning to the answer's head.
    pub ttfb_ns: Option<u64>,
    /// From the answer's head to its body's end.
    pub body_ns: Option<u64>,
    /// `http.response.status_code`.
    pub status: Option<u16>,
    /// `http.request.resend_count`.
    pub resend_count: Option<u32>,
    /// Which attempt of its call this is, from 1; `None` when attempts are not told apart.
    pub attempt: Option<u32>,
    /// Whether the connection had served a call before.
    pub connection_reused: Option<bool>,
    /// `http.request.body.size`, in bytes.
    pub request_body_bytes: Option<u64>,
    /// `http.response.body.size`, in bytes.
    pub response_body_bytes: Option<u64>,
    /// `network.peer.address`.
    pub peer_address: Option<IpAddr>,
    /// Shared by the attempts of one logical call.
    pub call_id: Option<[u8; 16]>,
    /// On the last attempt of a call that can have several: from the call's beginning to its end,
    /// waits between attempts included.
    pub call_total_ns: Option<u64>,
    /// On the last attempt of a call that can have several: how the call ended.
    pub call_outcome: Option<Outcome>,
    /// The trace that the call belongs to.
    pub trace_id: Option<[u8; 16]>,
    /// The call's own span.
    pub span_id: Option<[u8; 8]>,
    /// The span that the call is a step of.
    pub parent_span_id: Option<[u8; 8]>,
    pub(crate) method: &'a str,
    pub(crate) url: SafeUrl<'a>,
    pub(crate) template: Cow<'a, str>,
    pub(crate) protocol_version: &'a str,
    pub(crate) error_type: &'a str,
    pub(crate) target: Cow<'a, str>,
    pub(crate) consumer: Cow<'a, str>,
    /// A JSON object of redacted strings; empty when there are none.
    pub(crate) attributes: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// A record of which only the given is known. An empty `method` is absent; one that HTTP does
    /// not know becomes `_OTHER`.
    #[must_use]
    #[inline]
    pub fn new(kind: Kind, method: &str, url: SafeUrl<'a>, start_unix_ns: u64) -> Self {
        Self {
            kind,
            outcome: Outcome::Completed,
            start_unix_ns,
            total_ns: None,
            dns_ns: None,
            connect_ns: None,
            ttfb_ns: None,
            body_ns: None,
            status: None,
            resend_count: None,
            attempt: None,
            connection_reused: None,
            request_body_bytes: None,
            response_body_bytes: None,
            peer_address: None,
            call_id: None,
            call_total_ns: None,
            call_outcome: None,
            trace_id: None,
            span_id: None,
            parent_span_id: None,
            method: redact::method(method),
            url,
            template: Cow::Borrowed(""),
            protocol_version: "",
            error_type: "",
            target: Cow::Borrowed(""),
            consumer: Cow::Borrowed(""),
            attributes: Cow::Borrowed(""),
        }
    }

    /// Sets `url.template`.
    #[inline]
    pub fn set_template(&mut self, template: &'a str) {
        set(&mut self.template, template);
    }

    /// Sets `network.protocol.version`: `1.1`, `2`, `3`.
    pub fn set_protocol_version(&mut self, version: &'a str) {
        self.protocol_version = redact::error_type(version);
    }

    /// Sets `error.type`; whatever is no short identifier becomes `_OTHER`.
    pub fn set_error_type(&mut self, error_type: &'a str) {
        self.error_type = redact::error_type(error_type);
    }

    /// Sets the vendor's name.
    pub fn set_target(&mut self, target: &'a str) {
        set(&mut self.target, target);
    }

    /// Sets on whose behalf the call was made.
    pub fn set_consumer(&mut self, consumer: &'a str) {
        set(&mut self.consumer, consumer);
    }

    /// Sets the attributes; values are redacted by key and by content. What goes beyond 48 KiB of
    /// JSON is left out, and `{truncated}` says how many.
    pub fn set_attributes<'k>(&mut self, pairs: impl IntoIterator<Item = (&'k str, &'k str)>) {
        let mut object = serde_json::Map::new();
        let (mut n_bytes, mut n_left_out) = (0, 0u64);
        for (key, value) in pairs {
            let (key, value) = (redact::text(key), redact::attribute(key, value));
            let n_json_bytes = json_bytes(&key) + json_bytes(&value) + 2;
            if n_bytes + n_json_bytes > 3 * redact::MAX_TEXT_BYTES {
                n_left_out += 1;
            } else {
                n_bytes += n_json_bytes;
                object.insert(key.into_owned(), value.into_owned().into());
            }
        }
        if n_left_out > 0 {
            object.insert(redact::TRUNCATED.to_owned(), n_left_out.to_string().into());
        }
        if !object.is_empty() {
            self.attributes = Cow::Owned(serde_json::Value::Object(object).to_string());
        }
    }

    /// `http.request.method`; empty when unknown.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method
    }

    /// The URL's parts.
    #[must_use]
    pub fn url(&self) -> SafeUrl<'_> {
        self.url
    }

    /// `url.template`; empty when unknown.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// `network.protocol.version`; empty when unknown.
    #[must_use]
    pub fn protocol_version(&self) -> &str {
        self.protocol_version
    }

    /// `error.type`; empty when there was no error.
    #[must_use]
    pub fn error_type(&self) -> &str {
        self.error_type
    }

    /// The vendor's name; empty when unknown.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// On whose behalf the call was made; empty when unknown.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.consumer
    }

    /// The user's attributes as a JSON object; empty when there are none.
    #[must_use]
    pub fn attributes(&self) -> &str {
        &self.attributes
    }

    /// Whether the call counts as an error: no answer, an error class, or a status of 400 and up
    /// (500 and up for requests that this service answered, as the conventions have it).
    #[must_use]
    pub fn is_error(&self) -> bool {
        is_error(self.kind, self.outcome, self.status, self.error_type)
    }
}

/// Sets a label. Almost all are as they were given, and a borrowed text is written in its place without
/// being put together elsewhere first.
#[inline]
fn set<'a>(place: &mut Cow<'a, str>, label: &'a str) {
    match redact::text(label) {
        Cow::Borrowed(label) => *place = Cow::Borrowed(label),
        changed => *place = changed,
    }
}

/// Bytes of a text as a JSON string.
fn json_bytes(text: &str) -> usize {
    let n_bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    });
    n_bytes.sum::<usize>() + 2
}

/// [`Record::is_error`] for who has the parts.
#[must_use]
pub fn is_error(kind: Kind, outcome: Outcome, status: Option<u16>, error_type: &str) -> bool {
    let first_error = if kind == Kind::Server { 500 } else { 400 };
    outcome == Outcome::Failed
        || !error_type.is_empty()
        || status.is_some_and(|status| status >= first_error)
}
