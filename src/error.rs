//! The classes that errors are recorded as.
//! Never holds an error's text: a `reqwest::Error` prints the full URL.

/// Why a call failed, as the record's `error.type` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The host's name could not be resolved.
    Dns,
    /// No connection came about: refused, unreachable, reset while connecting.
    Connect,
    /// The connection stood, its encryption did not.
    Tls,
    /// A time limit passed, whichever.
    Timeout,
    /// The request could not be built or sent as it was asked for.
    Request,
    /// The connection broke while the answer was awaited.
    Reset,
    /// The answer's body broke off.
    Body,
    /// The answer's body could not be decoded.
    Decode,
    /// Too many redirects, or one that leads nowhere.
    Redirect,
    /// The caller dropped the call before it ended.
    Cancelled,
    /// Another middleware of the stack failed.
    Middleware,
    /// A panic passed through the call.
    Panic,
    /// None of these.
    Other,
}

impl ErrorClass {
    /// The class as it is recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Request => "request",
            Self::Reset => "reset",
            Self::Body => "body",
            Self::Decode => "decode",
            Self::Redirect => "redirect",
            Self::Cancelled => "cancelled",
            Self::Middleware => "middleware",
            Self::Panic => "panic",
            Self::Other => "_OTHER",
        }
    }
}
