//! The rule `raw-socket`: a connection that is opened below HTTP.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "raw-socket",
    title: "a connection that is opened below HTTP",
    page: include_str!("raw_socket/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Warning;

/// What to do about it.
pub const HINT: &str = "if HTTP is spoken over it, observe the call: `egret::observe(..)`";
