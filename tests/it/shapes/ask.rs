//! What a shape asks of a client, in words that every client understands.
//! Never names a client's own types.

use std::time::Duration;

use super::answer::Answer;

/// One exchange, or several with the same client, and how the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) asks: Vec<Ask>,
    /// What the scripted server answers, by path; HTTP/2's server knows its paths itself.
    pub(crate) answers: Vec<(String, Answer)>,
    pub(crate) origin: Origin,
    pub(crate) setup: Setup,
    /// What a client must be able to do to take part.
    pub(crate) needs: Vec<Need>,
    /// Where the borders between data frames hang on timing, only the bytes are compared.
    pub(crate) has_exact_frames: bool,
    /// Which ways of reading are enough, because the shape is slow or large; with none of them, a
    /// client's first.
    pub(crate) enough: Option<&'static [Reading]>,
}

/// Which server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The script, over TCP.
    Plain,
    /// The script, over TLS that offers HTTP/1.1 alone.
    Tls,
    /// HTTP/2 over TCP, without negotiation.
    Http2,
    /// HTTP/2 negotiated by TLS.
    Http2Tls,
}

/// What not every client can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Http2,
    Tls,
    Upgrade,
    StreamedRequest,
    Multipart,
    Cookies,
    /// Decoding of compressed bodies.
    Decoding,
    /// Following redirects, as reqwest does.
    Redirects,
    /// A deadline for the whole exchange.
    Timeout,
    /// A deadline between two reads.
    ReadTimeout,
}

/// How the client is configured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    pub(crate) timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) redirects: Redirects,
    pub(crate) keeps_cookies: bool,
    pub(crate) leaves_encoded: bool,
    /// Speaks HTTP/2 without asking.
    pub(crate) http2: bool,
    /// The certificate to trust, in DER; the differential fills it in.
    pub(crate) root: Option<Vec<u8>>,
    /// Trusts nobody, whatever the server shows.
    pub(crate) is_distrustful: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Redirects {
    #[default]
    Default,
    None,
    Max(usize),
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    /// `{server}` stands for the server's address, `{port}` for its port and `{closed}` for an
    /// address on which nobody listens.
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) payload: Payload,
    /// A deadline of this request alone.
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    None,
    Bytes(Vec<u8>),
    /// Sent as it comes, of unknown length.
    Stream(Vec<&'static str>),
    /// Breaks off with an error after its pieces.
    BrokenStream(Vec<&'static str>),
    Form(Vec<(&'static str, &'static str)>),
    Multipart(Vec<(&'static str, &'static str)>),
}

/// How the body of an answer is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Frame by frame, with trailers and size hints.
    Frames,
    /// At once, as bytes.
    Bytes,
    /// Piece by piece.
    Chunks,
    /// As a stream of pieces.
    Stream,
    /// At once, as text.
    Text,
    /// At once, as JSON.
    Json,
    /// One piece, then dropped.
    FirstPiece,
    /// Not at all.
    Head,
    /// As the connection that is left after a change of protocols.
    Upgrade,
}

impl Shape {
    /// One request to `/`, answered by the script.
    pub(crate) fn new(name: impl Into<String>, ask: Ask, answer: Answer) -> Self {
        Self::of(name, Origin::Plain, vec![ask]).answer("/", answer)
    }

    /// A `GET /` answered by the script.
    pub(crate) fn get(name: impl Into<String>, answer: Answer) -> Self {
        Self::new(name, Ask::get("/"), answer)
    }

    pub(crate) fn of(name: impl Into<String>, origin: Origin, asks: Vec<Ask>) -> Self {
        let needs = match origin {
            Origin::Plain => Vec::new(),
            Origin::Tls => vec![Need::Tls],
            Origin::Http2 => vec![Need::Http2],
            Origin::Http2Tls => vec![Need::Http2, Need::Tls],
        };
        Self {
            name: name.into(),
            asks,
            answers: Vec::new(),
            origin,
            setup: Setup { http2: origin == Origin::Http2, ..Setup::default() },
            needs,
            has_exact_frames: true,
            enough: None,
        }
    }

    pub(crate) fn answer(mut self, path: &str, answer: Answer) -> Self {
        self.answers.push((path.to_owned(), answer));
        self
    }

    pub(crate) fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    pub(crate) fn setup(mut self, change: impl FnOnce(&mut Setup)) -> Self {
        change(&mut self.setup);
        self
    }

    pub(crate) fn loose(mut self) -> Self {
        self.has_exact_frames = false;
        self
    }

    /// Slow: read in one way.
    pub(crate) fn costly(mut self) -> Self {
        self.enough = Some(&[Reading::Frames]);
        self
    }

    /// Of a size that takes time, and whose frames hang on timing.
    pub(crate) fn large(mut self) -> Self {
        self.enough = Some(&[Reading::Frames, Reading::Bytes, Reading::FirstPiece]);
        self.loose()
    }
}

impl Ask {
    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, payload: Payload) -> Self {
        Self { payload, ..Self::new("POST", path) }
    }

    /// A path of the server, or a whole URL.
    pub(crate) fn new(method: &'static str, url: &str) -> Self {
        let url = if url.starts_with('/') { format!("http://{{server}}{url}") } else { url.into() };
        Self { method, url, headers: Vec::new(), payload: Payload::None, timeout: None }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}
