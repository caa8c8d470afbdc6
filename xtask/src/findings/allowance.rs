//! A comment that says that a site may stay: what it names, what it covers, why, and until when.
//! It never decides whether it applies.

use std::ops::RangeInclusive;

use super::Place;

/// One `egret: allow(..)` comment, as it was found in a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Where `egret:` stands.
    pub place: Place,
    /// What the comment says, or what is wrong with it.
    pub content: Result<Allowed, String>,
    /// The lines that it covers: its own when code stands before it, else the statement after it.
    pub lines: RangeInclusive<usize>,
}

/// What a well-formed comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Crates and rule codes, of which at least one has to fit.
    pub subjects: Vec<String>,
    /// Why. `None` is a finding of its own, and the comment does not count.
    pub reason: Option<String>,
    /// The last day on which it counts, as `2027-01-01`; always a real date.
    pub until: Option<String>,
}
