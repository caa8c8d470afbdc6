//! The rule of reasons: an exception in the sources says why it may stay.
//! It never suppresses what has none.

use crate::allow::Use;
use crate::findings::{Allowance, Finding, Rule, Severity};
use crate::policy::Policy;

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "missing-reason",
    title: "an exception in the sources gives no reason",
    page: include_str!("missing_reason/README.md"),
};

/// Finds the comments without a reason.
#[must_use]
pub fn check(allowances: &[Allowance], uses: &[Use], policy: &Policy) -> Vec<Finding> {
    let severity = policy.severities.of_rule(&RULE, Severity::Error);
    let pairs = allowances.iter().zip(uses);
    let found = pairs.filter(|(_, used)| **used == Use::NoReason).map(|(allowance, _)| {
        let message = "has an exception without a reason, so it does not count";
        let hint = "append `reason=\"why this call may go unseen\"`";
        Finding::new(&RULE, severity, &allowance.place.file, message, hint)
            .at(allowance.place.clone())
    });
    found.collect()
}
