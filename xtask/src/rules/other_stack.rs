//! The rule `other-stack`: a client whose middlewares do not record.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "other-stack",
    title: "a client whose middlewares do not record",
    page: include_str!("other_stack/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "put egret's in, too: `.with(egret::middleware())`";
