//! What is open in a report, in one shape and order for every output.
//! It never leaves a finding out: each output shows all of them.

use crate::findings::{
    Evidence, Finding, Place, Report, Rule, Severity, Site, SiteKey, Suppressed, Verdict,
};

/// One thing that somebody should look at: a site or another finding.
#[derive(Debug)]
pub(super) struct Message<'r> {
    /// The rule that is broken.
    pub(super) rule: Option<&'static Rule>,
    pub(super) severity: Severity,
    pub(super) place: Option<&'r Place>,
    /// One sentence without a final dot.
    pub(super) text: String,
    pub(super) hint: &'r str,
    pub(super) evidence: &'r [Evidence],
}

impl Message<'_> {
    /// The rule's code, as every output writes it.
    pub(super) fn code(&self) -> &'static str {
        self.rule.map_or("none", |rule| rule.code)
    }
}

/// Everything open, errors and warnings, by place.
pub(super) fn open(report: &Report) -> Vec<Message<'_>> {
    let sites = report.sites.iter().filter(|site| site.open_severity() > Severity::Off);
    let findings = report.findings.iter().filter(|found| found.open_severity() > Severity::Off);
    let mut messages: Vec<_> = sites.map(of_site).chain(findings.map(of_finding)).collect();
    messages.sort_by(|a, b| a.place.cmp(&b.place));
    messages
}

pub(super) fn of_site(site: &Site) -> Message<'_> {
    Message {
        rule: site.rule,
        severity: site.severity,
        place: Some(&site.place),
        text: sentence(site),
        hint: &site.hint,
        evidence: &site.evidence,
    }
}

pub(super) fn of_finding(finding: &Finding) -> Message<'_> {
    Message {
        rule: Some(finding.rule),
        severity: finding.severity,
        place: finding.place.as_ref(),
        text: format!("`{}` {}", finding.subject, finding.message),
        hint: &finding.hint,
        evidence: &finding.evidence,
    }
}

/// What is to be said of a site: the callee and the verdict in words.
pub(super) fn sentence(site: &Site) -> String {
    let verdict = match site.verdict {
        Verdict::Covered => "is seen by egret",
        Verdict::WrappedEmpty => "is handed to a middleware stack that is empty",
        Verdict::WrappedOther => "is handed to middlewares, none of which is egret's",
        Verdict::Mixed => "is covered on one path and not on another",
        Verdict::Unwrapped => "is not seen by egret",
        Verdict::Unknown => "could not be followed to where it is wrapped",
    };
    format!("`{}` {verdict}", site.symbol)
}

/// Why something does not count, in words.
pub(super) fn reason(suppressed: &Suppressed) -> String {
    match suppressed {
        Suppressed::Inline { reason, .. } | Suppressed::Policy { reason } => reason.clone(),
        Suppressed::Baseline => "it was there before the audit".to_owned(),
        Suppressed::Unchanged { since } => format!("it was not changed since {since}"),
    }
}

/// A short stable text for a site, from its key alone.
pub(super) fn fingerprint(key: &SiteKey) -> String {
    let SiteKey { package, enclosing, symbol, ordinal } = key;
    hash(&[package, enclosing, symbol, &ordinal.to_string()])
}

/// 64 bits of FNV-1a over the parts, in hex. Stable across programs and versions, unlike the
/// standard library's hashers.
pub(super) fn hash(parts: &[&str]) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    // The 0 after each part keeps ("ab", "c") apart from ("a", "bc").
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{state:016x}")
}

/// A text without control characters: a file's name may hold some, and a terminal obeys them.
pub(super) fn printable(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            plain.extend(letter.escape_default());
        } else {
            plain.push(letter);
        }
    }
    plain
}
