//! What every output says of the whole: how much was looked at, and how much of it is covered.
//! It never shortens a list: each file that was not judged is named.

use crate::findings::{Conclusion, Coverage, Report, Skipped};

/// The lines of the summary, in order.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![files(&report.coverage)];
    for (what, list) in
        [("token-scanned", &report.coverage.token_scanned), ("skipped", &report.coverage.skipped)]
    {
        lines.extend(list.iter().map(|file| format!("  {what}: {}", told(file))));
    }
    lines.push(sites(report));
    lines.push(conclusion(report));
    lines
}

/// `12 files scanned (1,240 lines, 8 parsed), 1 token-scanned only, 0 skipped`.
pub(super) fn files(coverage: &Coverage) -> String {
    format!(
        "{} scanned ({}, {} parsed), {} token-scanned only, {} skipped",
        count(coverage.n_scanned, "file"),
        count(coverage.n_lines, "line"),
        coverage.n_parsed,
        coverage.token_scanned.len(),
        coverage.skipped.len(),
    )
}

/// `9 sites found, 5 covered (55.5 %), 1 suppressed, 1 off by policy, 2 errors, 0 warnings`.
pub(super) fn sites(report: &Report) -> String {
    let tally = report.tally();
    let share = tally.share_covered().map(|share| format!(" ({share})")).unwrap_or_default();
    format!(
        "{} found, {} covered{share}, {} suppressed, {} off by policy, {}, {}",
        count(tally.n_found, "site"),
        tally.n_covered,
        tally.n_suppressed,
        tally.n_off,
        count(tally.n_errors, "error"),
        count(tally.n_warnings, "warning"),
    )
}

/// One sentence on what it amounts to.
pub(super) fn conclusion(report: &Report) -> String {
    let coverage = &report.coverage;
    match report.conclusion() {
        Conclusion::Clean => "clean".to_owned(),
        Conclusion::Found => {
            let n_findings = super::message::open(report).len();
            format!("not clean: {} above", count(n_findings, "finding"))
        }
        Conclusion::NotJudged if coverage.n_scanned == 0 => {
            "not judged: nothing was scanned; is there Rust code below this path?".to_owned()
        }
        Conclusion::NotJudged => format!(
            "not judged: {} may hold a call and could not be judged",
            count(coverage.unjudged().count(), "file"),
        ),
    }
}

pub(super) fn told(file: &Skipped) -> String {
    let anchor = if file.holds_anchor { " (may hold a call)" } else { "" };
    format!("{}: {}{anchor}", file.file, file.reason)
}

/// The word of the conclusion in machine-readable outputs.
pub(super) fn word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Clean => "clean",
        Conclusion::Found => "found",
        Conclusion::NotJudged => "not_judged",
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
