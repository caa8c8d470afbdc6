//! What of a span a record can be made of, however the span was written.
//! It never holds an attribute that nobody asks for, so that a small body cannot fill the memory.

/// The attributes that are looked at, under their present and their former names.
const KNOWN: [&str; 48] = [
    "deployment.environment",
    "deployment.environment.name",
    "error.type",
    "exception.type",
    "http.flavor",
    "http.host",
    "http.method",
    "http.request.body.size",
    "http.request.method",
    "http.request.resend_count",
    "http.request_content_length",
    "http.resend_count",
    "http.response.body.size",
    "http.response.status_code",
    "http.response_content_length",
    "http.route",
    "http.scheme",
    "http.server_name",
    "http.status_code",
    "http.target",
    "http.url",
    "http.user_agent",
    "net.host.name",
    "net.host.port",
    "net.peer.ip",
    "net.peer.name",
    "net.peer.port",
    "net.protocol.version",
    "net.sock.peer.addr",
    "net.sock.peer.name",
    "network.peer.address",
    "network.protocol.version",
    "peer.service",
    "server.address",
    "server.port",
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.peer.name",
    "service.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "url.full",
    "url.path",
    "url.query",
    "url.scheme",
    "url.template",
];

/// Without these it is not one of HTTP but, say, one of a database.
const TELLING: [&[&str]; 3] = [
    &["http.request.method", "http.method"],
    &["http.response.status_code", "http.status_code"],
    &["http.url", "http.target"],
];

/// Beside `user_agent.original`, which nothing is decided by.
pub(super) const USER_AGENT: &str = "user_agent.original";

/// An attribute's value, as far as one is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// The known ones of a span's, an event's or a resource's attributes.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<(&'static str, Value)>);

impl Attributes {
    /// Keeps an attribute when it is known; the first of several under one name.
    pub(super) fn put(&mut self, key: &str, value: Value) {
        let known = KNOWN.iter().chain([&USER_AGENT]).find(|known| **known == key);
        if let Some(key) = known.filter(|key| self.find(key).is_none()) {
            self.0.push((key, value));
        }
    }

    /// The first of these names that has a text that says something.
    pub(super) fn text(&self, names: &[&str]) -> &str {
        let texts = names.iter().filter_map(|name| match self.find(name)? {
            Value::Text(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        });
        texts.take(1).next().unwrap_or_default()
    }

    /// The first of these names that has a number; digits are one too.
    pub(super) fn number<T: TryFrom<i64>>(&self, names: &[&str]) -> Option<T> {
        names.iter().find_map(|name| {
            let number = match self.find(name)? {
                Value::Number(number) => *number,
                Value::Text(text) => text.trim().parse().ok()?,
            };
            T::try_from(number).ok()
        })
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// A span as it was read.
#[derive(Debug, Default)]
pub(super) struct HttpSpan {
    pub(super) side: Side,
    pub(super) trace_id: Vec<u8>,
    pub(super) span_id: Vec<u8>,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    /// Whether its status is an error. The status' text is not looked at.
    pub(super) has_failed: bool,
    /// The class of the first exception that it tells of.
    pub(super) exception_type: String,
    pub(super) attributes: Attributes,
}

/// Who tells: the one who called or the one who answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
    /// Neither: work within a service, or messages.
    #[default]
    Other,
}

impl Side {
    /// The side of a `SpanKind`'s number.
    pub(super) fn of(kind: i64) -> Self {
        match kind {
            2 => Self::Server,
            3 => Self::Client,
            _ => Self::Other,
        }
    }
}

impl HttpSpan {
    fn is_http(&self) -> bool {
        let tells = |names: &&[&str]| names.iter().any(|name| self.attributes.find(name).is_some());
        self.side != Side::Other && TELLING.iter().any(tells)
    }
}

/// The HTTP spans of one resource.
#[derive(Debug, Default)]
pub(super) struct Sender {
    pub(super) resource: Attributes,
    pub(super) spans: Vec<HttpSpan>,
    pub(super) n_ignored: u64,
}

impl Sender {
    /// Keeps a span of HTTP, counts any other.
    pub(super) fn add(&mut self, span: HttpSpan) {
        if span.is_http() {
            self.spans.push(span);
        } else {
            self.n_ignored += 1;
        }
    }
}

/// Everyone of whom a request tells.
#[derive(Debug, Default)]
pub(super) struct Senders {
    /// Those with HTTP spans.
    pub(super) all: Vec<Sender>,
    pub(super) n_http: usize,
    pub(super) n_ignored: u64,
}

impl Senders {
    pub(super) fn add(&mut self, sender: Sender) {
        self.n_http += sender.spans.len();
        self.n_ignored += sender.n_ignored;
        if !sender.spans.is_empty() {
            self.all.push(sender);
        }
    }
}
