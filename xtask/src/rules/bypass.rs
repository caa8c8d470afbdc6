//! The rule `bypass`: a covered client is taken out of its stack.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "bypass",
    title: "a covered client is taken out of its stack",
    page: include_str!("bypass/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "send with the wrapped client itself";
