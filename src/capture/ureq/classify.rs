//! From a ureq error to its class.
//! Never lets an error's text out: where only the text tells, it is looked at here and forgotten.

use std::io::{self, ErrorKind};

use ::ureq::Error;

use crate::error::ErrorClass;

/// The class of an error that came in the place of an answer.
pub(super) fn class_of(error: &Error) -> ErrorClass {
    match error {
        Error::HostNotFound => ErrorClass::Dns,
        Error::ConnectionFailed | Error::ConnectProxyFailed(_) => ErrorClass::Connect,
        Error::Timeout(_) => ErrorClass::Timeout,
        Error::Tls(_) | Error::TlsRequired => ErrorClass::Tls,
        Error::RedirectFailed | Error::TooManyRedirects => ErrorClass::Redirect,
        Error::Io(error) => class_of_io(error),
        Error::Other(_) => ErrorClass::Other,
        Error::Http(_)
        | Error::BadUri(_)
        | Error::Protocol(_)
        | Error::InvalidProxyUrl
        | Error::BodyExceedsLimit(_)
        | Error::RequireHttpsOnly(_)
        | Error::LargeResponseHeader(..) => ErrorClass::Request,
        error => class_by_words(error),
    }
}

/// The class of an error that reading from a body returned.
pub(super) fn class_of_read(error: &io::Error) -> ErrorClass {
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match own.map(class_of) {
        Some(class @ (ErrorClass::Timeout | ErrorClass::Decode)) => class,
        _ => ErrorClass::Body,
    }
}

fn class_of_io(error: &io::Error) -> ErrorClass {
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable => ErrorClass::Connect,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof
        | ErrorKind::NotConnected => ErrorClass::Reset,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ErrorClass::Timeout,
        // What rustls gives what it cannot read or does not trust.
        ErrorKind::InvalidData => ErrorClass::Tls,
        _ if is_lookup(error) => ErrorClass::Dns,
        _ => ErrorClass::Other,
    }
}

/// The system's resolver has no error kind: it is told by std's words, or by Windows' numbers
/// (`WSAHOST_NOT_FOUND` to `WSANO_DATA`).
fn is_lookup(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| (11_001..=11_004).contains(&code))
        || error.to_string().contains("failed to lookup address")
}

/// Variants that exist with features of ureq's only are told by their first words.
fn class_by_words(error: &Error) -> ErrorClass {
    let text = error.to_string();
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if begins(&["rustls:", "native-tls:", "PEM:", "der:"]) {
        ErrorClass::Tls
    } else if begins(&["gzip decompression", "brotli decompression"]) {
        ErrorClass::Decode
    } else if begins(&["invalid MIME type"]) {
        ErrorClass::Request
    } else {
        ErrorClass::Other
    }
}
