//! The rule `other-library`: a client of a library that egret cannot wrap.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "other-library",
    title: "a client of a library that egret cannot wrap",
    page: include_str!("other_library/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str =
    "make the call through a client that egret wraps, or around it: `egret::observe(..)`";
