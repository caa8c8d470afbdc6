//! Which fields an answer of 400 or 422 says were wrong, by name.
//! Never tells a value, and never holds an answer back: it looks at the beginning as it passes.
//!
//! Understood are problem details (RFC 9457: `errors` with `pointer`s, `invalid-params`), JSON:API's
//! `source.pointer`, errors by field (`{"errors": {"email": ["..."]}}`), FastAPI's
//! `{"detail": [{"loc": ["body", "email"]}]}`, Google's `fieldViolations`, and the texts of axum's
//! own rejections.

mod names;
#[cfg(test)]
mod tests;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::capture::flight::Flight;
use crate::capture::watched::Look;
use crate::redact::TRUNCATED;

/// As much of a body as is looked at.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Most names in one record.
const MAX_FIELDS: usize = 20;

const VALIDATION_FIELDS: &str = "validation.fields";

/// The beginning of an answer that names fields.
#[derive(Debug)]
pub(super) struct Fields {
    format: Format,
    seen: Vec<u8>,
    is_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    /// axum's rejections are.
    Text,
}

impl Fields {
    /// Looks at this answer, if it is one that names fields.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Option<Box<dyn Look>> {
        if !matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
            || headers.contains_key(CONTENT_ENCODING)
        {
            return None;
        }
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let format = Format::of(content_type)?;
        Some(Box::new(Self { format, seen: Vec::new(), is_cut: false }))
    }

    /// The names, in the order in which they were found, each once.
    fn names(&self) -> Vec<String> {
        let text = match std::str::from_utf8(&self.seen) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&self.seen[..error.valid_up_to()]).unwrap_or(""),
        };
        let found = match self.format {
            Format::Json => names::in_json(text, self.is_cut),
            Format::Text => names::in_text(text).into_iter().collect(),
        };
        let mut names: Vec<String> = Vec::new();
        for name in found {
            if names.len() > MAX_FIELDS {
                break;
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > MAX_FIELDS || (self.is_cut && !names.is_empty()) {
            names.truncate(MAX_FIELDS);
            names.push(TRUNCATED.to_owned());
        }
        names
    }
}

impl Format {
    fn of(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next()?.trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/json" | "text/json" => Some(Self::Json),
            "text/plain" => Some(Self::Text),
            other if other.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }
}

impl Look for Fields {
    fn take(&mut self, bytes: &[u8]) {
        let n_fitting = bytes.len().min(MAX_BODY_BYTES - self.seen.len());
        self.is_cut |= n_fitting < bytes.len();
        self.seen.extend_from_slice(&bytes[..n_fitting]);
    }

    fn tell(&self, flight: &mut Flight) {
        let names = self.names();
        if !names.is_empty() {
            flight.fact(VALIDATION_FIELDS, names.join(", "));
        }
    }
}
