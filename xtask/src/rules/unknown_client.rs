//! The rule `unknown-client`: a client whose way cannot be followed to its end.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "unknown-client",
    title: "a client whose way cannot be followed to its end",
    page: include_str!("unknown_client/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str =
    "wrap it where it is made, or give the audit the type or function that it lacks";
