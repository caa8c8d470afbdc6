//! Masks what a body's text holds under sensitive keys, also where the text breaks off.
//! Never parses into values: what cannot be understood is masked by the rules for plain text.

use super::{REDACTED, is_sensitive_key, secret};

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

/// A body's text without secrets. A secret outside of any key masks the whole.
#[must_use]
pub fn body(kind: BodyKind, text: &str) -> String {
    let masked = match kind {
        BodyKind::Json => json(text),
        BodyKind::Form => form(text),
        BodyKind::Text => text.to_owned(),
    };
    if secret::holds_secret(&masked) { REDACTED.to_owned() } else { masked }
}

fn form(text: &str) -> String {
    let masked = text.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if is_sensitive_key(key) => format!("{key}={REDACTED}"),
        Some((key, value)) if secret::holds_secret(value) => format!("{key}={REDACTED}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Goes over JSON token by token and leaves out the values of sensitive keys.
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        out.push_str(&rest[..start]);
        let string = &rest[start..start + string_length(&rest[start..])];
        rest = &rest[start + string.len()..];
        let after = rest.trim_start();
        let Some(value) = after.strip_prefix(':') else {
            out.push_str(if secret::holds_secret(string) { "\"REDACTED\"" } else { string });
            continue;
        };
        out.push_str(string);
        out.push_str(&rest[..rest.len() - value.len()]);
        rest = value;
        let key = serde_json::from_str::<String>(string).unwrap_or_else(|_| string.to_owned());
        if is_sensitive_key(&key) {
            let blank = rest.len() - rest.trim_start().len();
            out.push_str(&rest[..blank]);
            out.push_str("\"REDACTED\"");
            rest = &rest[blank + value_length(&rest[blank..])..];
        }
    }
    out.push_str(rest);
    out
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
