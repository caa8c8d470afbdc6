//! Tests of the six outputs, on one report that has something of everything.
//! They never scan; `tests/audit.rs` does.

mod many;
mod shapes;
mod standards;

use std::sync::Arc;

use super::{Colour, Format, Sources, View, render};
use crate::findings::samples::{FINDING_RULE, site};
use crate::findings::{
    Coverage, Evidence, Finding, Place, Report, Request, Severity, Skipped, Suppressed, Verdict,
};

struct Texts;

impl Sources for Texts {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        let text = match file {
            "src/a.rs" => "fn f() {\n    let é = reqwest::Client::new();\n    wrap(é);\n}\n",
            _ => return None,
        };
        Some(text.into())
    }
}

/// One site of each fate, findings with and without a place, names that try to break out.
fn sample() -> Report {
    let mut empty = site("src/a.rs", 2, "app::f", Verdict::WrappedEmpty);
    let place = Place::new("src/a.rs", 3, 5);
    empty.evidence.push(Evidence::new(place.clone(), "wrapped here, with nothing in the stack"));
    let (method, url) = (Some("GET".to_owned()), Some("https://api.example.com/{}".to_owned()));
    empty.requests.push(Request { place, method, url });
    let mut warning = site("src/b,c:d%.rs", 7, "app::g", Verdict::Unwrapped);
    warning.severity = Severity::Warning;
    let mut inline = site("src/c.rs", 1, "app::h", Verdict::Unwrapped);
    let reason = "a probe | with <b>".to_owned();
    inline.suppressed = Some(Suppressed::Inline { line: 1, reason });
    let mut old = site("src/c.rs", 9, "app::h", Verdict::Unwrapped);
    old.suppressed = Some(Suppressed::Baseline);
    let mut off = site("src/c.rs", 12, "app::h", Verdict::Unwrapped);
    off.severity = Severity::Off;
    let covered = site("src/c.rs", 20, "app::i", Verdict::Covered);
    let hidden = Finding::new(
        &FINDING_RULE,
        Severity::Error,
        "sentry",
        "sends\nwith a client | of its own",
        "hand it yours",
    );
    let skipped = |file: &str, holds_anchor| Skipped {
        file: file.to_owned(),
        reason: "is no UTF-8".to_owned(),
        holds_anchor,
    };
    let mut report = Report {
        sites: vec![empty, warning, inline, old, off, covered],
        findings: vec![hidden],
        coverage: Coverage {
            n_scanned: 4,
            n_parsed: 3,
            n_lines: 120,
            token_scanned: vec![skipped("src/odd\u{1b}[31m.rs", false)],
            skipped: vec![skipped("src/binary.rs", false)],
        },
        allowances: Vec::new(),
    };
    report.sort();
    report
}

fn rendered(format: Format, report: &Report) -> String {
    let started = "2026-11-21T12:00:00";
    let view = View { report, sources: &Texts, started, colour: Colour::Plain };
    let mut out = Vec::new();
    render(format, &view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
