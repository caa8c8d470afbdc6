//! The rule of stale decisions: the policy decides only about what is there.
//! It never touches the policy file.

use crate::findings::{Finding, Place, Rule, Severity};
use crate::policy::Policy;

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "stale-decision",
    title: "the policy decides about something that is not there",
    page: include_str!("stale_decision/README.md"),
};

/// Finds the decisions that fit nothing. `used` says which do, in the policy's order; `file` is the
/// policy's, relative to the scanned root.
#[must_use]
pub fn check(policy: &Policy, used: &[bool], file: &str) -> Vec<Finding> {
    let severity = policy.severities.of_rule(&RULE, Severity::Error);
    let stale = policy.dependencies.iter().zip(used).filter(|(_, is_used)| !**is_used);
    let found = stale.map(|(decision, _)| {
        let message = "is decided about and carries no client, or is no dependency";
        let hint = "remove its `[[dependency]]` table";
        Finding::new(&RULE, severity, &decision.dependency, message, hint).at(Place::new(
            file,
            decision.line,
            1,
        ))
    });
    found.collect()
}

/// Finds the decisions about paths that cover nothing.
#[must_use]
pub fn check_paths(policy: &Policy, used: &[bool], file: &str) -> Vec<Finding> {
    let severity = policy.severities.of_rule(&RULE, Severity::Error);
    let stale = policy.paths.iter().zip(used).filter(|(_, is_used)| !**is_used);
    let found = stale.map(|(decision, _)| {
        let message = "is allowed by the policy and holds nothing to allow";
        let hint = "remove its `[[allow]]` table, or mend the path";
        Finding::new(&RULE, severity, &decision.path, message, hint).at(Place::new(
            file,
            decision.line,
            1,
        ))
    });
    found.collect()
}
