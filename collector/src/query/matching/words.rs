//! Conditions in their text forms.
//! It never takes a text for something near it: what does not fit is none.

use crate::model::StatusClass;

/// A condition on a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    Exactly(u16),
    Class(StatusClass),
}

impl StatusFilter {
    /// The condition of a word: `404`, `5xx` or `none`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        if let Some(class) = StatusClass::from_word(word) {
            return Some(Self::Class(class));
        }
        let is_number = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let code = word.parse().ok().filter(|_| is_number)?;
        Some(Self::Exactly(code))
    }

    pub(super) fn class(self) -> StatusClass {
        match self {
            Self::Exactly(code) => StatusClass::of(Some(code)),
            Self::Class(class) => class,
        }
    }

    pub(in crate::query) fn holds(self, status: Option<u16>) -> bool {
        match self {
            Self::Exactly(code) => status == Some(code),
            Self::Class(class) => StatusClass::of(status) == class,
        }
    }
}

/// What [`parse_duration`] understands, for messages.
pub(crate) const DURATION_FORMS: &str =
    "a whole number with its unit (500us, 250ms, 2s, 1m; ns too)";

/// A duration in nanoseconds; `None` for what is none of [`DURATION_FORMS`].
pub(crate) fn parse_duration(text: &str) -> Option<u64> {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(n_digits);
    let unit_ns = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ns)
}

/// An id of 32 hexadecimal digits that is not all zero; `None` for anything else.
pub(crate) fn parse_id(text: &str) -> Option<[u8; 16]> {
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u128::from_str_radix(text, 16).ok().filter(|id| is_id && *id != 0)?;
    Some(id.to_be_bytes())
}
