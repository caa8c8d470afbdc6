//! The rule `unparsable-file`: a file that could not be judged.
//! It never looks at sources; the verdict on a site is all that it needs.

use crate::findings::{Rule, Severity};

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "unparsable-file",
    title: "a file that could not be judged",
    page: include_str!("unparsable_file/README.md"),
};

/// The weight of breaking it in code that ships, unless the policy says otherwise.
pub const SEVERITY: Severity = Severity::Error;

/// What to do about it.
pub const HINT: &str = "mend its syntax, or take it out of the tree";
