//! The rule `mixed-client`: a client that is covered on one way and not on another.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "mixed-client",
    title: "a client that is covered on one way and not on another",
    page: include_str!("mixed/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "wrap it before it is cloned or handed on, so that nothing raw is left";
