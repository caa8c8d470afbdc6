//! The rule of exceptions that cannot be read: a typo must not pass for a decision.
//! It never guesses what was meant.

use crate::allow::Use;
use crate::findings::{Allowance, Finding, Rule, Severity};
use crate::policy::Policy;

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "malformed-suppression",
    title: "an exception in the sources cannot be read",
    page: include_str!("malformed_suppression/README.md"),
};

/// Finds the comments that cannot be read.
#[must_use]
pub fn check(allowances: &[Allowance], uses: &[Use], policy: &Policy) -> Vec<Finding> {
    let severity = policy.severities.of_rule(&RULE, Severity::Error);
    let pairs = allowances.iter().zip(uses);
    let found = pairs.filter_map(|(allowance, used)| {
        let Use::Malformed(problem) = used else { return None };
        let message = "has an exception that cannot be read, so it does not count";
        let file = &allowance.place.file;
        Some(Finding::new(&RULE, severity, file, message, problem).at(allowance.place.clone()))
    });
    found.collect()
}
