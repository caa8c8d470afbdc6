//! Masks what a body's text holds under sensitive keys, also where the text breaks off.
//! Never parses into values: what cannot be understood is masked by the rules for plain text.

use super::key::{decoded, is_sensitive_key};
use super::secret::{self, REDACTED};

/// How a body's text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// JSON, one value or many.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Anything else.
    Text,
}

impl BodyKind {
    /// The kind of a media type in lower case, without parameters.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        if media_type == "application/x-www-form-urlencoded" {
            Self::Form
        } else if media_type.ends_with("json") || media_type.ends_with("ndjson") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// A body's text without secrets: the values of sensitive keys are masked in JSON and in forms.
/// Where a secret stands outside of any key, or where a sensitive name stands in a way that does not
/// tell its value (in any other text; as a value of JSON), the whole is.
#[must_use]
pub fn body(kind: BodyKind, text: &str) -> String {
    let masked = match kind {
        BodyKind::Json => json(text),
        // What is sent as a form by mistake is read as a text.
        BodyKind::Form if !is_structured(text) => Some(form(text)),
        BodyKind::Form | BodyKind::Text => (!names_secret(text)).then(|| text.to_owned()),
    };
    let masked = masked.filter(|masked| !secret::holds_secret(masked));
    masked.unwrap_or_else(|| REDACTED.to_owned())
}

/// The beginning of a text that breaks off, without the word (or the half of a URL's authority)
/// that the end went through: half a secret does not look like one.
#[must_use]
pub fn whole_words(text: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || "\"'`,;&=<>()[]{}|".contains(c);
    let whole = text.trim_end_matches(|c| !is_end(c));
    let ends = [' ', '\t', '\r', '\n', '"', '\'', '`', '<', '>', '/', '?', '#'];
    match whole.rfind("//") {
        Some(at) if !whole[at + 2..].contains(ends) => &whole[..at],
        _ => whole,
    }
}

/// Whether any word of a text names a secret.
fn names_secret(text: &str) -> bool {
    let is_between = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    text.split(is_between).any(|word| !word.is_empty() && is_sensitive_key(word))
}

/// Whether a text has more structure than a form or a plain value: markup, JSON, lines.
fn is_structured(text: &str) -> bool {
    text.contains(['<', '"', '\n', '\r'])
}

/// Whether a value, decoded, holds a secret or a document that names one.
fn is_secret_value(value: &str) -> bool {
    secret::holds_secret(value) || (is_structured(value) && names_secret(value))
}

fn form(text: &str) -> String {
    let masked = text.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if is_sensitive_key(key) => format!("{key}={REDACTED}"),
        Some((key, value)) if is_secret_value(&decoded(value)) => format!("{key}={REDACTED}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Goes over JSON token by token and leaves out the values of sensitive keys. `None` where that is
/// not enough: a sensitive name stands outside of strings, or is a value itself, whose own value
/// may stand anywhere (`{"name":"Authorization","value":"x"}`).
fn json(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let between = &rest[..start];
        if names_secret(between) {
            return None;
        }
        out.push_str(between);
        let string = &rest[start..start + string_length(&rest[start..])];
        let meant = unescaped(string);
        rest = &rest[start + string.len()..];
        let after = rest.trim_start();
        let Some(value) = after.strip_prefix(':') else {
            if meant.as_deref().is_some_and(is_secret_name) {
                return None;
            }
            let is_harmless = meant.is_some_and(|meant| !is_secret_value(&meant));
            out.push_str(if is_harmless { string } else { "\"REDACTED\"" });
            continue;
        };
        if meant.as_deref().is_some_and(secret::holds_secret) {
            return None;
        }
        out.push_str(string);
        out.push_str(&rest[..rest.len() - value.len()]);
        rest = value;
        if meant.is_none_or(|key| is_sensitive_key(&key)) {
            let blank = rest.len() - rest.trim_start().len();
            out.push_str(&rest[..blank]);
            out.push_str("\"REDACTED\"");
            rest = &rest[blank + value_length(&rest[blank..])..];
        }
    }
    if names_secret(rest) {
        return None;
    }
    out.push_str(rest);
    Some(out)
}

/// What a string of JSON means, also one that breaks off; `None` where it cannot be told.
fn unescaped(string: &str) -> Option<String> {
    let whole = |string: &str| serde_json::from_str(string).ok();
    whole(string).or_else(|| whole(&format!("{string}\"")))
}

/// Whether a value is one word that names a secret. Longer ones are data (digests, identifiers).
fn is_secret_name(value: &str) -> bool {
    let value = value.trim();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (1..64).contains(&value.len()) && value.bytes().all(is_word) && is_sensitive_key(value)
}

/// Bytes of the string that `text` begins with, both quotes included; all where it has no end.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Bytes of the value that `text` begins with; all where it has no end.
fn value_length(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += string_length(&text[at..]);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}
