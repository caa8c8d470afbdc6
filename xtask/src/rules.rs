//! The rules: one folder each, with its check, its findings and its page.
//! No rule knows another; only this list knows them all.

pub mod bypass;
pub mod empty_stack;
pub mod free_call;
pub mod hidden_client;
pub mod malformed_suppression;
pub mod missing_reason;
pub mod mixed;
pub mod orphan;
pub mod other_library;
pub mod other_stack;
pub mod outside_home;
pub mod raw_socket;
mod site;
pub mod stale_baseline;
pub mod stale_decision;
pub mod stale_suppression;
pub mod unknown_client;
pub mod unparsable_file;
pub mod unwrapped_client;

pub use site::{Broken, of_site};

#[cfg(test)]
mod tests;

use crate::findings::Rule;

/// Every rule, in the order in which the documentation lists them.
pub const ALL: &[&Rule] = &[
    &unwrapped_client::RULE,
    &free_call::RULE,
    &empty_stack::RULE,
    &other_stack::RULE,
    &mixed::RULE,
    &bypass::RULE,
    &unknown_client::RULE,
    &other_library::RULE,
    &raw_socket::RULE,
    &outside_home::RULE,
    &unparsable_file::RULE,
    &orphan::RULE,
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
