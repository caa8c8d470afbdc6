//! The output for programs: everything in the report, as one JSON document.
//! `xtask/docs/report.schema.json` describes it; a test holds the two together.

use std::io::{self, Write};

use serde::Serialize;

use super::message::fingerprint;
use super::summary;
use crate::findings::{Evidence, Finding, Report, Request, Site, SiteKey, Skipped, Suppressed};

/// Counts up when a field changes its meaning or goes away; new fields do not count.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    tool: Tool,
    conclusion: &'static str,
    exit_code: u8,
    coverage: WireCoverage<'r>,
    sites: Vec<WireSite<'r>>,
    findings: Vec<WireFinding<'r>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
pub(super) struct WireCoverage<'r> {
    files_scanned: usize,
    files_parsed: usize,
    lines: usize,
    token_scanned: Vec<WireSkipped<'r>>,
    skipped: Vec<WireSkipped<'r>>,
    sites_found: usize,
    sites_covered: usize,
    /// Rounded down to one decimal; null when there is no site.
    sites_covered_percent: Option<f64>,
    sites_suppressed: usize,
    sites_off: usize,
    sites_errors: usize,
    sites_warnings: usize,
}

#[derive(Serialize)]
struct WireSkipped<'r> {
    file: &'r str,
    reason: &'r str,
    holds_anchor: bool,
}

#[derive(Serialize)]
struct WireSite<'r> {
    file: &'r str,
    line: usize,
    column: usize,
    #[serde(rename = "crate")]
    client: &'r str,
    symbol: &'r str,
    kind: &'static str,
    context: &'static str,
    verdict: &'static str,
    enclosing: &'r str,
    rule: Option<&'static str>,
    severity: &'static str,
    evidence: Vec<WireEvidence<'r>>,
    hint: &'r str,
    suppressed: Option<WireSuppressed<'r>>,
    package: &'r str,
    ordinal: usize,
    fingerprint: String,
    requests: Vec<WireRequest<'r>>,
}

#[derive(Serialize)]
struct WireFinding<'r> {
    rule: &'static str,
    severity: &'static str,
    file: Option<&'r str>,
    line: Option<usize>,
    column: Option<usize>,
    subject: &'r str,
    message: &'r str,
    hint: &'r str,
    evidence: Vec<WireEvidence<'r>>,
    suppressed: Option<WireSuppressed<'r>>,
}

#[derive(Serialize)]
struct WireEvidence<'r> {
    file: &'r str,
    line: usize,
    column: usize,
    text: &'r str,
}

#[derive(Serialize)]
struct WireSuppressed<'r> {
    by: &'static str,
    reason: Option<&'r str>,
    line: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct WireRequest<'r> {
    file: &'r str,
    line: usize,
    column: usize,
    method: Option<&'r str>,
    url: Option<&'r str>,
}

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let keys = report.keys();
    let conclusion = report.conclusion();
    let document = Document {
        version: VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        conclusion: summary::word(conclusion),
        exit_code: conclusion.exit_code(),
        coverage: coverage(report),
        sites: report.sites.iter().zip(&keys).map(|(site, key)| wire_site(site, key)).collect(),
        findings: report.findings.iter().map(wire_finding).collect(),
    };
    write_pretty(&document, out)
}

pub(super) fn write_pretty(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

pub(super) fn coverage(report: &Report) -> WireCoverage<'_> {
    let tally = report.tally();
    let coverage = &report.coverage;
    WireCoverage {
        files_scanned: coverage.n_scanned,
        files_parsed: coverage.n_parsed,
        lines: coverage.n_lines,
        token_scanned: coverage.token_scanned.iter().map(wire_skipped).collect(),
        skipped: coverage.skipped.iter().map(wire_skipped).collect(),
        sites_found: tally.n_found,
        sites_covered: tally.n_covered,
        sites_covered_percent: tally.share_covered().map(|share| share.permille as f64 / 10.0),
        sites_suppressed: tally.n_suppressed,
        sites_off: tally.n_off,
        sites_errors: tally.n_errors,
        sites_warnings: tally.n_warnings,
    }
}

fn wire_skipped(file: &Skipped) -> WireSkipped<'_> {
    WireSkipped { file: &file.file, reason: &file.reason, holds_anchor: file.holds_anchor }
}

fn wire_site<'r>(site: &'r Site, key: &SiteKey) -> WireSite<'r> {
    WireSite {
        file: &site.place.file,
        line: site.place.line,
        column: site.place.column,
        client: &site.client,
        symbol: &site.symbol,
        kind: site.kind.as_str(),
        context: site.context.as_str(),
        verdict: site.verdict.as_str(),
        enclosing: &site.enclosing,
        rule: site.rule.map(|rule| rule.code),
        severity: site.severity.as_str(),
        evidence: site.evidence.iter().map(wire_evidence).collect(),
        hint: &site.hint,
        suppressed: site.suppressed.as_ref().map(wire_suppressed),
        package: &site.package,
        ordinal: key.ordinal,
        fingerprint: fingerprint(key),
        requests: site.requests.iter().map(wire_request).collect(),
    }
}

fn wire_finding(finding: &Finding) -> WireFinding<'_> {
    let place = finding.place.as_ref();
    WireFinding {
        rule: finding.rule.code,
        severity: finding.severity.as_str(),
        file: place.map(|place| place.file.as_str()),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        subject: &finding.subject,
        message: &finding.message,
        hint: &finding.hint,
        evidence: finding.evidence.iter().map(wire_evidence).collect(),
        suppressed: finding.suppressed.as_ref().map(wire_suppressed),
    }
}

fn wire_evidence(evidence: &Evidence) -> WireEvidence<'_> {
    let place = &evidence.place;
    WireEvidence { file: &place.file, line: place.line, column: place.column, text: &evidence.text }
}

fn wire_suppressed(suppressed: &Suppressed) -> WireSuppressed<'_> {
    let line = match suppressed {
        Suppressed::Inline { line, .. } => Some(*line),
        Suppressed::Policy { .. } | Suppressed::Baseline | Suppressed::Unchanged { .. } => None,
    };
    WireSuppressed { by: suppressed.as_str(), reason: suppressed.reason(), line }
}

pub(super) fn wire_request(request: &Request) -> WireRequest<'_> {
    let place = &request.place;
    WireRequest {
        file: &place.file,
        line: place.line,
        column: place.column,
        method: request.method.as_deref(),
        url: request.url.as_deref(),
    }
}
