//! Takes secrets out of URLs and texts before anything is handed on.
//! Never allocates when there is nothing to take out, and never keeps what it could not understand.

#[cfg(feature = "client")]
mod body;
pub(crate) mod closed;
mod key;
#[cfg(feature = "wire")]
mod known;
#[cfg(feature = "wire")]
mod places;
#[cfg(feature = "wire")]
mod plain;
mod route;
mod secret;
mod signs;
#[cfg(test)]
mod tests;
mod url;

#[cfg(feature = "client")]
pub use body::{BodyKind, body, whole_words};
#[cfg(feature = "wire")]
pub(crate) use key::decoded;
pub use key::is_sensitive_key;
pub use route::path_by_template;
pub use secret::REDACTED;
pub use url::SafeUrl;

use std::borrow::Cow;

use closed::{METHODS, method_place};
use signs::Signs;

/// Longest text that a record keeps of one field, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// What stands at the end of a text that was longer than [`MAX_TEXT_BYTES`].
pub const TRUNCATED: &str = "{truncated}";

/// A label (target, consumer, template, attribute value) without secrets: the text itself, or
/// [`REDACTED`] as a whole where it holds one. Longer texts end with [`TRUNCATED`].
#[must_use]
#[inline]
pub fn text(raw: &str) -> Cow<'_, str> {
    #[cfg(feature = "wire")]
    if known::is_harmless(raw, plain::is_harmless) {
        return Cow::Borrowed(raw);
    }
    doubtful(raw)
}

/// [`text`], looked at closely.
fn doubtful(raw: &str) -> Cow<'_, str> {
    let looked_at = looked_at(raw);
    let signs = Signs::of(looked_at);
    if secret::signed_holds_secret(looked_at, signs)
        || (signs.has(signs::SLASH) && url::path_holds_secret(looked_at))
    {
        return Cow::Borrowed(REDACTED);
    }
    bounded(raw)
}

/// An `error.type`: a short identifier. Whatever does not look like one (a message, a URL) becomes
/// `_OTHER`, as the conventions have it for values that are not of low cardinality.
#[must_use]
pub fn error_type(raw: &str) -> &str {
    let fits = !raw.is_empty()
        && raw.len() <= 128
        && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-<>".contains(&b))
        && !secret::looks_secret(raw, Signs::of(raw));
    if fits { raw } else { "_OTHER" }
}

/// A method as the conventions want it: one of the known ones in upper case, else `_OTHER`; none
/// stays none.
#[must_use]
pub fn method(raw: &str) -> &'static str {
    if let Some(place) = method_place(raw) {
        return METHODS[usize::from(place)];
    }
    METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(raw)).unwrap_or("_OTHER")
}

/// An attribute's value: redacted by its key, else by what it holds.
#[must_use]
pub fn attribute<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if is_sensitive_key(key) { Cow::Borrowed(REDACTED) } else { text(value) }
}

/// Bytes behind what is kept that are looked at and not shown, so that a secret which the cut goes
/// through is known by its other half.
const MARGIN_BYTES: usize = 1024;

/// As much of a text as is judged: one of megabytes must not hold its caller.
fn looked_at(raw: &str) -> &str {
    up_to(raw, MAX_TEXT_BYTES + MARGIN_BYTES)
}

/// Cuts at a character boundary, visibly.
fn bounded(raw: &str) -> Cow<'_, str> {
    if raw.len() <= MAX_TEXT_BYTES {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(cut(raw))
}

/// As much of a text as fits before the sign that more of it was there.
fn cut(raw: &str) -> String {
    format!("{}{TRUNCATED}", up_to(raw, MAX_TEXT_BYTES - TRUNCATED.len()))
}

/// The first `n_bytes` of a text, or fewer where a character stands across their end.
fn up_to(raw: &str, n_bytes: usize) -> &str {
    let mut end = raw.len().min(n_bytes);
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    &raw[..end]
}
