//! The rule `unwrapped-client`: a client that egret does not see.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "unwrapped-client",
    title: "a client that egret does not see",
    page: include_str!("unwrapped_client/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "wrap it where it is made: `egret::wrap(client)`";
