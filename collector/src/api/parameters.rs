//! The query string: each parameter is asked for by name, and what nobody asked for is an error.
//! It never guesses: a value that does not fit is refused with the form that would.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use egret::record::Kind;

use super::body;
use super::problem::Problem;
use crate::model::TimeRange;
use crate::query::{MOMENT_FORMS, RollupFilter, StatusFilter, parse_moment};
use crate::store::SeriesFilter;

/// What a status may be.
pub(super) const STATUSES: &str = "a code such as 404, a class such as 5xx, or none";

/// The most that one answer lists.
pub(super) const MAX_LIMIT: usize = 1_000;

/// Refuses a query string that does not decode: what cannot be read would be looked for as something
/// else, and not found.
pub(super) async fn readable(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let Some(bad) = query.split('&').find(|pair| !pair.split('=').all(decodes)) else {
        return next.run(request).await;
    };
    let name = bad.split('=').next().unwrap_or_default();
    let detail = format!(
        "`{name}` cannot be read; a query string must be UTF-8 and have two hexadecimal digits after \
         each %"
    );
    body::discard(request.into_body());
    Problem::bad_parameter(detail).into_response()
}

/// Whether a part of a query string without separators is text.
fn decodes(part: &str) -> bool {
    let mut pieces = part.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        // A sign before a digit is a number too, and no escape.
        let escape = piece.split_at_checked(2).filter(|(digits, _)| !digits.starts_with('+'));
        let Some((digits, rest)) = escape else {
            return false;
        };
        let Ok(byte) = u8::from_str_radix(digits, 16) else {
            return false;
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// The parameters of a request that were not asked for yet.
#[derive(Debug)]
pub(super) struct Parameters {
    left: Vec<(String, String)>,
    /// What was asked for, so that an unknown name can be answered with the known ones.
    known: Vec<&'static str>,
}

impl Parameters {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self { left: pairs, known: Vec::new() }
    }

    /// The text of a parameter; an empty one counts as not given.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.known.push(name);
        let mut found = None;
        while let Some(place) = self.left.iter().position(|(other, _)| other == name) {
            let (_, value) = self.left.remove(place);
            if found.replace(value).is_some() {
                let detail = format!("`{name}` is given twice; give it once");
                return Err(Problem::bad_parameter(detail));
            }
        }
        Ok(found.filter(|value| !value.is_empty()))
    }

    /// A parameter that `parse` understands; `forms` says what that is.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        forms: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let value = parse(&text).ok_or_else(|| {
            Problem::bad_parameter(format!("`{name}` is {text:?}, but must be {forms}"))
        })?;
        Ok(Some(value))
    }

    /// `limit`: how much one answer may list.
    pub(super) fn limit(&mut self) -> Result<Option<usize>, Problem> {
        let limit = |text: &str| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
        self.parsed("limit", &format!("a number from 1 to {MAX_LIMIT}"), limit)
    }

    /// `from` and `to`, with these defaults.
    pub(super) fn range(&mut self, default: TimeRange, now_ns: u64) -> Result<TimeRange, Problem> {
        let moment = |text: &str| parse_moment(text, now_ns);
        let from_ns = self.parsed("from", MOMENT_FORMS, moment)?;
        let to_ns = self.parsed("to", MOMENT_FORMS, moment)?;
        let range = TimeRange {
            from_ns: from_ns.unwrap_or(default.from_ns),
            to_ns: to_ns.unwrap_or(default.to_ns),
        };
        if range.from_ns >= range.to_ns {
            let detail = "`from` must be before `to`; without `to` it must be in the past";
            return Err(Problem::bad_parameter(detail.to_owned()));
        }
        Ok(range)
    }

    /// Which roll-ups: `service`, `host` and so on.
    pub(super) fn rollup_filter(&mut self) -> Result<RollupFilter, Problem> {
        let kinds = one_of(Kind::ALL.iter().map(|kind| kind.as_str()));
        Ok(RollupFilter {
            series: SeriesFilter {
                service: self.text("service")?,
                environment: self.text("environment")?,
                kind: self.parsed("kind", &kinds, Kind::from_word)?,
                target: self.text("target")?,
                method: self.text("method")?.map(|method| method.to_ascii_uppercase()),
                host: self.text("host")?.map(|host| host.to_ascii_lowercase()),
                template: self.text("template")?,
                error_type: self.text("error_type")?,
                consumer: self.text("consumer")?,
            },
            status: self.parsed("status", STATUSES, StatusFilter::parse)?,
        })
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) if self.known.is_empty() => Err(Problem::bad_parameter(format!(
                "`{name}` is not a parameter; there are none here"
            ))),
            Some((name, _)) => Err(Problem::bad_parameter(format!(
                "`{name}` is not a parameter here; there are {}",
                self.known.join(", ")
            ))),
        }
    }
}

/// The words of a closed set, for messages.
pub(super) fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    format!("one of {}", words.join(", "))
}
