//! The rules: one folder each, with its check, its findings and its page.
//! No rule knows another; only this list knows them all.

pub mod hidden_client;
pub mod malformed_suppression;
pub mod missing_reason;
pub mod stale_baseline;
pub mod stale_decision;
pub mod stale_suppression;

#[cfg(test)]
mod tests;

use crate::findings::Rule;

/// Every rule, in the order in which the documentation lists them.
pub const ALL: &[&Rule] = &[
    &hidden_client::RULE,
    &missing_reason::RULE,
    &malformed_suppression::RULE,
    &stale_suppression::RULE,
    &stale_decision::RULE,
    &stale_baseline::RULE,
];

/// The rule of that code.
#[must_use]
pub fn named(code: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.code == code)
}

/// The codes of all rules.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    ALL.iter().map(|rule| rule.code).collect()
}
