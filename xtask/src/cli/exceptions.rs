//! Everything that happens to a report between the scan and the outputs: dependencies are added,
//! exceptions applied, stale ones reported. It never removes a site.

use std::path::Path;
use std::thread;

use jiff::civil::Date;

use super::files::Named;
use super::{Failure, Scan};
use crate::allow;
use crate::baseline::Baseline;
use crate::findings::{Finding, Report, Skipped, Suppressed, Verdict};
use crate::graph::{self, Graph};
use crate::policy::Policy;
use crate::rules::hidden_client::{self, Table};
use crate::rules::{
    malformed_suppression, missing_reason, stale_baseline, stale_decision, stale_suppression,
};

/// Scans the sources, and asks for the dependencies meanwhile: cargo takes as long as the scan.
pub(super) fn scan_and_ask(
    root: &Path,
    policy: &Policy,
    scan: Scan<'_>,
) -> Result<(Report, Graph), Failure> {
    thread::scope(|scope| {
        let asked = scope.spawn(|| graph::load(root));
        let report = scan(root, policy)?;
        let graph = asked.join().map_err(|_| Failure::Graph)?;
        Ok((report, graph))
    })
}

/// Adds the findings about dependencies, and what the policy decided about them. Returns what is
/// wrong with the decisions.
pub(super) fn add_dependencies(
    report: &mut Report,
    graph: &Graph,
    policy: &Policy,
    policy_file: &Named,
) -> Result<Vec<Finding>, Failure> {
    if let Some(gap) = &graph.gap {
        report.coverage.skipped.push(Skipped {
            file: "Cargo.lock".to_owned(),
            reason: gap.clone(),
            holds_anchor: false,
        });
    }
    let checked = hidden_client::check(graph, &Table::load()?, policy);
    report.findings.extend(checked.findings);
    // Without a graph, nobody can say that a decision is stale.
    if graph.packages.is_empty() {
        return Ok(Vec::new());
    }
    Ok(stale_decision::check(policy, &checked.decisions_used, &policy_file.shown))
}

/// Applies the comments in the sources. Returns what is wrong with those that do not count.
pub(super) fn apply_comments(report: &mut Report, policy: &Policy, today: Date) -> Vec<Finding> {
    let uses = allow::apply(report, today);
    let allowances = &report.allowances;
    let mut found = missing_reason::check(allowances, &uses, policy);
    found.extend(malformed_suppression::check(allowances, &uses, policy));
    found.extend(stale_suppression::check(allowances, &uses, policy));
    found
}

/// Applies what the policy decided about paths, to what is wrong with exceptions too. Returns the
/// decisions that cover nothing.
///
/// A file that could not be judged and that a decision covers makes nothing unjudged any more; its
/// reason stays in the report.
pub(super) fn apply_paths(
    report: &mut Report,
    held: &mut [Finding],
    policy: &Policy,
    file: &Named,
) -> Vec<Finding> {
    let mut used = vec![false; policy.paths.len()];
    let mut reason_for = |path: &str| {
        let index = policy.paths.iter().position(|decision| decision.covers(path))?;
        used[index] = true;
        Some(policy.paths[index].reason.clone())
    };
    let sites = report.sites.iter_mut().filter(|site| site.verdict != Verdict::Covered);
    for (place, slot) in sites.map(|site| (&site.place, &mut site.suppressed)) {
        if let Some(reason) = reason_for(&place.file) {
            slot.get_or_insert(Suppressed::Policy { reason });
        }
    }
    for finding in report.findings.iter_mut().chain(held) {
        if let Some(reason) = finding.place.as_ref().and_then(|place| reason_for(&place.file)) {
            finding.suppressed.get_or_insert(Suppressed::Policy { reason });
        }
    }
    let coverage = &mut report.coverage;
    for skipped in coverage.token_scanned.iter_mut().chain(&mut coverage.skipped) {
        if let Some(reason) = reason_for(&skipped.file).filter(|_| skipped.holds_anchor) {
            skipped.holds_anchor = false;
            skipped.reason = format!("{}; allowed by the policy: {reason}", skipped.reason);
        }
    }
    stale_decision::check_paths(policy, &used, &file.shown)
}

/// Applies the baseline. Returns the entries that fit nothing any more.
pub(super) fn apply_baseline(
    report: &mut Report,
    baseline: &Baseline,
    file: &Named,
    policy: &Policy,
) -> Vec<Finding> {
    let stale = baseline.apply(report);
    stale_baseline::check(&stale, &file.shown, policy)
}
