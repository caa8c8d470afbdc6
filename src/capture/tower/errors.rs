//! What a tower service's errors are recorded as.
//! Never takes an error from its owner, and never lets its text out.

use std::any::Any;
use std::error::Error;
use std::io::ErrorKind;

use crate::capture::classify::{causes, class_of_cause, is_reset, is_tls};
use crate::error::ErrorClass;

/// The error of services that have several, as tower's timeout and retries.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An error whose causes can be looked at: every [`Error`], and every [`BoxError`].
///
/// The two are told apart by `M`, which the compiler finds by itself.
pub trait Cause<M> {
    /// The error as one whose sources can be walked.
    fn as_error(&self) -> &(dyn Error + 'static);
}

/// Marks errors that are errors themselves.
#[derive(Debug, Clone, Copy)]
pub enum Plain {}

/// Marks errors that are errors in a box.
#[derive(Debug, Clone, Copy)]
pub enum Boxed {}

impl<E: Error + 'static> Cause<Plain> for E {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl Cause<Boxed> for BoxError {
    fn as_error(&self) -> &(dyn Error + 'static) {
        &**self
    }
}

/// The class of an error that a service answered with. The order matters: a timeout while
/// connecting is a timeout, and a failed name look-up is a failed connect too.
pub(super) fn class_of(error: &(dyn Error + 'static)) -> ErrorClass {
    let chain = || std::iter::once(error).chain(causes(error));
    if let Some(class) = chain().find_map(class_of_cause) {
        return class;
    }
    if chain().any(is_timeout) {
        return ErrorClass::Timeout;
    }
    // hyper-util's connector tells it by this word alone.
    if chain().any(|cause| cause.to_string().starts_with("dns error")) {
        return ErrorClass::Dns;
    }
    if chain().any(is_connect) {
        return if is_tls(error) { ErrorClass::Tls } else { ErrorClass::Connect };
    }
    if is_reset(error) || chain().any(is_closed) {
        return ErrorClass::Reset;
    }
    if chain().any(|cause| cause.is::<hyper::Error>()) {
        return ErrorClass::Request;
    }
    // tonic's connector does not say that it was connecting.
    if is_tls(error) {
        return ErrorClass::Tls;
    }
    // No word of HTTP: whatever stands in between refused to send it.
    ErrorClass::Middleware
}

/// The class of an error that a body ended with, whatever its type.
pub(super) fn class_of_body<E: 'static>(error: &E) -> ErrorClass {
    let error: &dyn Any = error;
    let boxed =
        error.downcast_ref::<BoxError>().map(|error| -> &(dyn Error + 'static) { &**error });
    let hyper = error.downcast_ref::<hyper::Error>().map(|error| error as &(dyn Error + 'static));
    let io = error.downcast_ref::<std::io::Error>().map(|error| error as &(dyn Error + 'static));
    let is_late =
        |error: &(dyn Error + 'static)| std::iter::once(error).chain(causes(error)).any(is_timeout);
    if boxed.or(hyper).or(io).is_some_and(is_late) { ErrorClass::Timeout } else { ErrorClass::Body }
}

/// tower, tower-http and tonic each have a timeout error of their own; all of them say so.
fn is_timeout(cause: &(dyn Error + 'static)) -> bool {
    if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
        return hyper.is_timeout();
    }
    if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        return io.kind() == ErrorKind::TimedOut;
    }
    if cause.is::<tokio::time::error::Elapsed>() {
        return true;
    }
    let text = cause.to_string().to_ascii_lowercase();
    text.contains("timed out") || text.contains("timeout")
}

/// No connection came about. hyper-util says so itself; tonic's connector by its text.
fn is_connect(cause: &(dyn Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect();
    }
    if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        return matches!(
            io.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::AddrNotAvailable
        );
    }
    cause.to_string().starts_with("tcp connect error")
}

/// The connection ended while the answer was awaited.
fn is_closed(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(|hyper| {
        hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled()
    })
}
