//! Tests of the answer's own arithmetic: tallies, keys, conclusions.
//! They never scan anything.

use super::samples::{FINDING_RULE, site as sample_site};
use super::{Conclusion, Coverage, Finding, Report, Severity, Site, Skipped, Suppressed, Verdict};

fn site(line: usize, enclosing: &str, verdict: Verdict) -> Site {
    sample_site("src/lib.rs", line, enclosing, verdict)
}

fn report(sites: Vec<Site>) -> Report {
    let coverage = Coverage { n_scanned: 1, n_parsed: 1, ..Coverage::default() };
    Report { sites, coverage, ..Report::default() }
}

#[test]
fn ordinals_count_equal_sites_by_place_and_ignore_lines() {
    let sites = vec![
        site(30, "app::f", Verdict::Unwrapped),
        site(10, "app::f", Verdict::Unwrapped),
        site(20, "app::g", Verdict::Unwrapped),
    ];
    let ordinals: Vec<_> = report(sites).keys().iter().map(|key| key.ordinal).collect();
    assert_eq!(ordinals, [1, 0, 0]);
}

#[test]
fn a_share_is_never_rounded_up() {
    let mut sites = vec![site(1, "f", Verdict::Covered); 1999];
    sites.push(site(1, "f", Verdict::Unwrapped));
    assert_eq!(report(sites).tally().share_covered().unwrap().to_string(), "99.9 %");
    assert_eq!(report(Vec::new()).tally().share_covered(), None);
}

#[track_caller]
fn check(report: &Report, expected: Conclusion) {
    assert_eq!(report.conclusion(), expected);
}

#[test]
fn nothing_scanned_is_never_clean() {
    check(&Report::default(), Conclusion::NotJudged);
    check(&report(Vec::new()), Conclusion::Clean);
}

#[test]
fn only_open_errors_fail() {
    let mut warning = site(1, "f", Verdict::Unwrapped);
    warning.severity = Severity::Warning;
    let mut excepted = site(2, "f", Verdict::Unwrapped);
    excepted.suppressed = Some(Suppressed::Baseline);
    let mut sample = report(vec![warning, excepted, site(3, "f", Verdict::Covered)]);
    check(&sample, Conclusion::Clean);
    sample.findings.push(Finding::new(&FINDING_RULE, Severity::Error, "x", "is wrong", "mend it"));
    check(&sample, Conclusion::Found);
}

#[test]
fn an_unjudged_file_matters_only_with_an_anchor_word() {
    let mut sample = report(vec![site(3, "f", Verdict::Unwrapped)]);
    let file = "src/bad.rs".to_owned();
    let reason = "is no Rust".to_owned();
    sample.coverage.token_scanned.push(Skipped { file, reason, holds_anchor: false });
    check(&sample, Conclusion::Found);
    sample.coverage.token_scanned[0].holds_anchor = true;
    check(&sample, Conclusion::NotJudged);
}
