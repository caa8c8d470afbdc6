//! The rule of hidden clients: dependencies that make HTTP calls with a client of their own.
//! It never says covered: whether the way in that a crate offers is used, it cannot see.

mod check;
mod table;

#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use table::{BadTable, Kind, Sdk, Table};

use crate::findings::Rule;

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "hidden-client",
    title: "a dependency makes HTTP calls with a client of its own",
    page: include_str!("hidden_client/README.md"),
};
