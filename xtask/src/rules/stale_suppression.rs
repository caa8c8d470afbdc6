//! The rule of stale exceptions: one that suppresses nothing, or whose last day is over, goes.
//! It never keeps an exception for later.

use crate::allow::Use;
use crate::findings::{Allowance, Evidence, Finding, Place, Rule, Severity};
use crate::policy::Policy;

/// What every finding of this rule carries.
pub static RULE: Rule = Rule {
    code: "stale-suppression",
    title: "an exception in the sources suppresses nothing",
    page: include_str!("stale_suppression/README.md"),
};

/// Finds the comments that suppress nothing.
#[must_use]
pub fn check(allowances: &[Allowance], uses: &[Use], policy: &Policy) -> Vec<Finding> {
    let severity = policy.severities.of_rule(&RULE, Severity::Error);
    let pairs = allowances.iter().zip(uses);
    pairs.filter_map(|(allowance, used)| finding(allowance, used, severity)).collect()
}

fn finding(allowance: &Allowance, used: &Use, severity: Severity) -> Option<Finding> {
    let Ok(allowed) = &allowance.content else { return None };
    let subjects = allowed.subjects.join(", ");
    let until = allowed.until.as_deref().unwrap_or_default();
    let (message, hint, shows) = match used {
        Use::Idle => (
            format!("allows `{subjects}` where nothing of it is"),
            "remove the comment, or put it on the line before the call",
            "it covers this, which makes no such call",
        ),
        Use::Partly(idle) => (
            format!("allows `{}` where nothing of it is", idle.join(", ")),
            "remove that part of the list; the rest is used",
            "it covers this, which has nothing of that part",
        ),
        Use::Expired => (
            format!("allows `{subjects}` until {until}, which is over"),
            "mend the call, or decide again and write a later day",
            "it covered this",
        ),
        Use::Suppressed(_) | Use::NoReason | Use::Malformed(_) => return None,
    };
    let place = &allowance.place;
    let mut finding = Finding::new(&RULE, severity, &place.file, message, hint).at(place.clone());
    let covered = *allowance.lines.start();
    if covered != place.line {
        finding.evidence.push(Evidence::new(Place::new(&place.file, covered, 1), shows));
    }
    Some(finding)
}
