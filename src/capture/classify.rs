//! From an error to its class.
//! Never lets an error's text out: where only the text tells, it is looked at here and forgotten.

use std::error::Error;
use std::io::ErrorKind;

use super::{reqwest, reqwest_middleware};
use crate::error::ErrorClass;

/// An error whose class can be told.
pub(crate) trait Classed {
    fn class(&self) -> ErrorClass;
}

/// What a client returned.
impl Classed for reqwest::Error {
    fn class(&self) -> ErrorClass {
        class_of_reqwest(self)
    }
}

/// What a middleware stack returned.
impl Classed for reqwest_middleware::Error {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Reqwest(error) => class_of_reqwest(error),
            Self::Middleware(error) => {
                error.chain().find_map(class_of_cause).unwrap_or(ErrorClass::Middleware)
            }
        }
    }
}

/// The class of an error that other middlewares (retries do) have put into one of theirs.
pub(super) fn class_of_cause(cause: &(dyn Error + 'static)) -> Option<ErrorClass> {
    if let Some(error) = cause.downcast_ref::<reqwest::Error>() {
        return Some(class_of_reqwest(error));
    }
    cause.downcast_ref::<reqwest_middleware::Error>().map(Classed::class)
}

/// The class of an error that a body ended with. What hyper did not report came from decoding.
pub(super) fn class_of_body(error: &reqwest::Error) -> ErrorClass {
    if error.is_timeout() {
        return ErrorClass::Timeout;
    }
    let from_wire = causes(error).any(|cause| cause.is::<hyper::Error>());
    if from_wire || !error.is_body() { ErrorClass::Body } else { ErrorClass::Decode }
}

/// The class of a reqwest error. The order matters: a timeout while connecting is a timeout, and
/// a failed name look-up is reported as a failed connect too.
pub(super) fn class_of_reqwest(error: &reqwest::Error) -> ErrorClass {
    if error.is_timeout() {
        ErrorClass::Timeout
    } else if error.is_redirect() {
        ErrorClass::Redirect
    } else if error.is_dns() {
        ErrorClass::Dns
    } else if error.is_connect() {
        if is_tls(error) { ErrorClass::Tls } else { ErrorClass::Connect }
    } else if error.is_decode() {
        ErrorClass::Decode
    } else if error.is_body() {
        ErrorClass::Body
    } else if error.is_builder() {
        ErrorClass::Request
    } else if is_reset(error) {
        ErrorClass::Reset
    } else if error.is_request() {
        ErrorClass::Request
    } else {
        ErrorClass::Other
    }
}

/// Reqwest 0.12 has no `is_dns`. Where reqwest has it, it comes before this one: a type's own methods
/// come before those of traits.
#[allow(dead_code, reason = "taken by the reqwest that lacks it")]
trait TellsDns {
    fn is_dns(&self) -> bool;
}

impl TellsDns for reqwest::Error {
    /// The text is hyper-util's, of whose error the type is not public.
    fn is_dns(&self) -> bool {
        causes(self).any(|cause| cause.to_string().starts_with("dns error"))
    }
}

/// TLS libraries are behind feature flags, so their errors are told by their words, or by the kind
/// that rustls gives what it cannot read.
pub(super) fn is_tls(error: &(dyn Error + 'static)) -> bool {
    const WORDS: [&str; 5] = ["certificate", "tls", "ssl", "handshake", "corrupt message"];
    causes(error).any(|cause| {
        let text = cause.to_string().to_ascii_lowercase();
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == ErrorKind::InvalidData)
            || WORDS.iter().any(|word| text.contains(word))
    })
}

/// The connection broke before the answer's head was complete.
pub(super) fn is_reset(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let broken = matches!(
            io,
            Some(
                ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::UnexpectedEof
            )
        );
        broken || cause.to_string().contains("connection closed")
    })
}

/// What lies below the outermost error; that one's text may hold the URL.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
