//! Matches the comments to the sites and findings on the lines that they cover.
//! It never removes a site: a suppressed one stays in the report, with its reason.

use jiff::civil::Date;

use crate::findings::{Allowance, Allowed, Place, Report, Suppressed, Verdict};

/// What became of one comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// It suppressed this many sites and findings.
    Suppressed(usize),
    /// It suppressed something, and of what it names, these fit nothing on its lines.
    Partly(Vec<String>),
    /// Nothing on its lines fits it.
    Idle,
    /// It has no reason, so it does not count.
    NoReason,
    /// Its last day is over, so it does not count.
    Expired,
    /// It cannot be read; the text says why.
    Malformed(String),
}

/// Suppresses what the report's comments allow, and says what became of each comment, in the order
/// of `report.allowances`. What is suppressed already stays as it is.
pub fn apply(report: &mut Report, today: Date) -> Vec<Use> {
    let allowances = std::mem::take(&mut report.allowances);
    let uses = allowances.iter().map(|allowance| apply_one(allowance, report, today)).collect();
    report.allowances = allowances;
    uses
}

fn apply_one(allowance: &Allowance, report: &mut Report, today: Date) -> Use {
    let allowed = match &allowance.content {
        Ok(allowed) => allowed,
        Err(problem) => return Use::Malformed(problem.clone()),
    };
    let Some(reason) = allowed.reason.clone() else {
        return Use::NoReason;
    };
    if is_over(allowed, today) {
        return Use::Expired;
    }
    let mark = Suppressed::Inline { line: allowance.place.line, reason };
    let mut n_suppressed = 0;
    for slot in targets(allowance, allowed, report) {
        slot.get_or_insert_with(|| mark.clone());
        n_suppressed += 1;
    }
    if n_suppressed == 0 {
        return Use::Idle;
    }
    let idle: Vec<String> = allowed
        .subjects
        .iter()
        .filter(|subject| {
            let alone = Allowed { subjects: vec![(*subject).clone()], ..allowed.clone() };
            targets(allowance, &alone, report).next().is_none()
        })
        .cloned()
        .collect();
    if idle.is_empty() { Use::Suppressed(n_suppressed) } else { Use::Partly(idle) }
}

/// What the comment covers and names. A covered site needs no exception.
fn targets<'r>(
    allowance: &'r Allowance,
    allowed: &'r Allowed,
    report: &'r mut Report,
) -> impl Iterator<Item = &'r mut Option<Suppressed>> {
    let sites = report.sites.iter_mut().filter(move |site| {
        site.verdict != Verdict::Covered
            && covers(allowance, &site.place)
            && fits(allowed, &site.client, site.rule.map(|rule| rule.code))
    });
    let findings = report.findings.iter_mut().filter(move |finding| {
        finding.place.as_ref().is_some_and(|place| covers(allowance, place))
            && fits(allowed, &finding.subject, Some(finding.rule.code))
    });
    sites.map(|site| &mut site.suppressed).chain(findings.map(|found| &mut found.suppressed))
}

fn covers(allowance: &Allowance, place: &Place) -> bool {
    allowance.place.file == place.file && allowance.lines.contains(&place.line)
}

/// Crates are compared as Cargo does: `-` and `_` are the same.
fn fits(allowed: &Allowed, crate_name: &str, rule: Option<&str>) -> bool {
    let plain = |name: &str| name.replace('-', "_");
    allowed.subjects.iter().any(|subject| {
        rule.is_some_and(|code| code == subject) || plain(subject) == plain(crate_name)
    })
}

/// The last day itself still counts.
fn is_over(allowed: &Allowed, today: Date) -> bool {
    let last = allowed.until.as_deref().and_then(|until| until.parse::<Date>().ok());
    last.is_some_and(|last| last < today)
}
