//! From the errors of reading a blocking body to their classes.
//! Never lets an error's text out.

use std::error::Error;
use std::io;

use crate::capture::classify::class_of_body;
use crate::error::ErrorClass;

/// The class of an error that reading a body to its end returned: reqwest puts the body's own error
/// into one of its.
pub(super) fn class_of_whole(error: &reqwest::Error) -> ErrorClass {
    if error.is_timeout() {
        return ErrorClass::Timeout;
    }
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(own) = cause.downcast_ref::<reqwest::Error>() {
            return class_of_body(own);
        }
        next = cause.source();
    }
    class_of_body(error)
}

/// The class of an error that reading from a body returned.
pub(super) fn class_of_read(error: &io::Error) -> ErrorClass {
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    own.map_or(ErrorClass::Body, class_of_whole)
}
