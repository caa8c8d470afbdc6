//! The rule `outside-home`: a client comes to be outside of the modules that may make one.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "outside-home",
    title: "a client comes to be outside of the modules that may make one",
    page: include_str!("outside_home/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "make it in one of the modules of `forbid_outside`, and pass it on";
