//! The rule of stale baseline entries: what was mended leaves the baseline, which only shrinks.
//! It never rewrites the baseline itself.

use crate::baseline::Stale;
use crate::findings::{Finding, Place, Rule, Severity};
use crate::policy::Policy;

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "stale-baseline",
    title: "a baseline entry fits nothing any more",
    page: include_str!("stale_baseline/README.md"),
};

/// Turns stale entries into findings. `file` is the baseline's, relative to the scanned root.
#[must_use]
pub fn check(stale: &[Stale], file: &str, policy: &Policy) -> Vec<Finding> {
    let severity = policy.severities.of_rule(&RULE, Severity::Error);
    let found = stale.iter().map(|stale| {
        let message = "is in the baseline and nowhere else";
        let hint = "run `cargo egret audit --update-baseline`, which takes it out";
        Finding::new(&RULE, severity, stale.entry.to_string(), message, hint)
            .at(Place::new(file, stale.line, 1))
    });
    found.collect()
}
