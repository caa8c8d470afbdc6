//! The rule `empty-stack`: a client with a stack of middlewares that is empty.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "empty-stack",
    title: "a client with a stack of middlewares that is empty",
    page: include_str!("empty_stack/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "put egret's in: `.with(egret::middleware())`";
