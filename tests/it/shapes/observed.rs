//! Everything that a user can see of an exchange, whichever client made it.
//! Never holds what differs between two runs of the same client: ports that the system chose.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

/// What became of one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observed(pub(crate) Result<(Head, Body), ErrorShape>);

/// What was known before the body was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) version: String,
    /// In order, as name and value.
    pub(crate) headers: Vec<(String, String)>,
    /// The URL that answered in the end, with its fragment.
    pub(crate) url: Option<String>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) content_length: Option<u64>,
    pub(crate) n_extensions: Option<usize>,
    /// Those extensions whose types are known to the public, with what they say.
    pub(crate) extensions: Vec<String>,
    /// What the client makes of the status, where it can tell it from a success.
    pub(crate) status_error: Option<ErrorShape>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Body {
    /// The sizes of the data frames, where the reading shows them.
    pub(crate) frames: Vec<usize>,
    pub(crate) data: Data,
    /// What the body says of its rest: before each frame and after the last.
    pub(crate) size_hints: Vec<String>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) ending: Ending,
}

/// How the reading ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Ending {
    #[default]
    Complete,
    /// Given up by the reader.
    Dropped,
    Failed(ErrorShape),
}

/// What a user can ask an error.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ErrorShape {
    /// The questions that it answers with yes, such as `is_timeout`.
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) display: String,
    pub(crate) debug: String,
    /// The texts of its sources, outermost first.
    pub(crate) causes: Vec<String>,
    pub(crate) url: Option<String>,
    pub(crate) status: Option<u16>,
}

/// Bytes that print as what one needs to see of them.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Data(pub(crate) Vec<u8>);

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        let shown = &self.0[..self.0.len().min(64)];
        write!(f, "{} bytes, hash {:x}: {}", self.0.len(), hasher.finish(), shown.escape_ascii())
    }
}

impl Body {
    pub(crate) fn dropped() -> Self {
        Self { ending: Ending::Dropped, ..Self::default() }
    }

    pub(crate) fn complete(data: impl Into<Vec<u8>>) -> Self {
        Self { data: Data(data.into()), ..Self::default() }
    }

    pub(crate) fn failed(error: ErrorShape) -> Self {
        Self { ending: Ending::Failed(error), ..Self::default() }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.frames.push(piece.len());
        self.data.0.extend_from_slice(piece);
    }

    /// Forgets where one frame ended and the next began.
    fn forget_frames(&mut self) {
        self.frames.clear();
        self.size_hints.truncate(1);
    }
}

/// How reqwest names an error of a body, as a cause and in debug output.
const BODY_ERROR: &str = "request or response body error";
const BODY_LINK: &str = "reqwest::Error { kind: Body, source: ";

impl ErrorShape {
    /// Takes out so many of such links, where at least two stand in a row.
    fn forget_links(&mut self, n_links: usize) {
        let is_link = |cause: &String| cause == BODY_ERROR;
        let row = self.causes.windows(2).position(|pair| pair.iter().all(is_link));
        if let (Some(at), true) = (row, self.debug.contains(&BODY_LINK.repeat(2))) {
            self.causes.drain(at..at + n_links);
            self.debug = self.debug.replacen(&BODY_LINK.repeat(n_links), "", 1);
            // Each link closes with a brace, innermost first; they all stand together.
            self.debug = self.debug.replacen(&" }".repeat(n_links), "", 1);
        }
    }
}

impl Observed {
    /// What became of it, in a few words.
    pub(crate) fn outcome(&self) -> String {
        let (head, body) = match &self.0 {
            Ok(answer) => answer,
            Err(error) => return format!("no answer, {}", error.kinds.join(" ")),
        };
        let length = body.data.0.len();
        let mut text = format!("{} {}, {length} bytes", head.status, head.version);
        if !body.trailers.is_empty() {
            text += &format!(", {} trailers", body.trailers.len());
        }
        if let Ending::Failed(error) = &body.ending {
            text += &format!(", then {}", error.kinds.join(" "));
        }
        text
    }

    /// Without the links that an error of a reqwest body gains above its cause when the body is
    /// handed on (two of an answer's, one of a streamed request's): the one difference that
    /// reqwest leaves no way around, for its bodies name every error that passes through them.
    pub(crate) fn forget_links(&mut self) {
        match &mut self.0 {
            Ok((_, Body { ending: Ending::Failed(error), .. })) => error.forget_links(2),
            Ok(_) => {}
            Err(error) => error.forget_links(1),
        }
    }

    pub(crate) fn forget_frames(&mut self) {
        if let Ok((_, body)) = &mut self.0 {
            body.forget_frames();
        }
    }

    /// Makes a first piece comparable whose size hangs on timing.
    pub(crate) fn forget_data(&mut self) {
        if let Ok((_, body)) = &mut self.0 {
            body.data.0.clear();
        }
    }
}

/// Names and values in order; what is not printable is escaped, so that nothing is lost.
pub(crate) fn pairs(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| value.as_bytes().escape_ascii().to_string();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// The lines in which two prints differ: what the bare client showed, and what the wrapped one did.
pub(crate) fn difference(bare: &impl fmt::Debug, wrapped: &impl fmt::Debug) -> String {
    let (bare, wrapped) = (format!("{bare:#?}"), format!("{wrapped:#?}"));
    let (bare, wrapped): (Vec<_>, Vec<_>) = (bare.lines().collect(), wrapped.lines().collect());
    let missing = |lines: &[&str], others: &[&str], mark: &str| -> String {
        let only = lines.iter().filter(|line| !others.contains(line));
        only.map(|line| format!("\n      {mark} {line}")).collect()
    };
    missing(&bare, &wrapped, "bare   ") + &missing(&wrapped, &bare, "wrapped")
}
