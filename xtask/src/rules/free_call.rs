//! The rule `free-call`: a function that sends a request without a client.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "free-call",
    title: "a function that sends a request without a client",
    page: include_str!("free_call/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str =
    "make the call with a wrapped client, or around it: `egret::observe_async(..)`";
