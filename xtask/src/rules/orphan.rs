//! The rule `orphan`: a file that no target reaches.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "orphan",
    title: "a file that no target reaches",
    page: include_str!("orphan/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Warning;

/// What to do about it.
pub const HINT: &str = "declare it as a module, or delete it";
