//! Very many findings, on one line and on many, as text.
//! They keep out a cost that grows faster than what is written.

use std::sync::Arc;

use super::{Colour, Format, Report, Sources, Verdict, View, render, site};
use crate::findings::{Evidence, Place};

struct One(Arc<str>);

impl Sources for One {
    fn text(&self, _file: &str) -> Option<Arc<str>> {
        Some(Arc::clone(&self.0))
    }
}

fn text(report: &Report, source: &str) -> String {
    let sources = One(source.into());
    let view = View { report, sources: &sources, started: "", colour: Colour::Plain };
    let mut out = Vec::new();
    render(Format::Text, &view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn each_of_many_on_one_line_is_shown_with_what_is_around_it() {
    let call = "é(); reqwest::Client::new(); ";
    let n = 3_000;
    let source = format!("fn f() {{ {}}}\n", call.repeat(n));
    let mut report = Report::default();
    for index in 0..n {
        let mut found = site("src/a.rs", 1, "app::f", Verdict::Unwrapped);
        found.place = Place::new("src/a.rs", 1, 15 + index * call.chars().count());
        report.sites.push(found);
    }
    let shown = text(&report, &source);
    // Whole lines would be 3,000 times 90 kB.
    assert!(shown.len() < n * 1_000, "{} bytes", shown.len());
    assert_eq!(shown.matches("^^^^^^^^^^^^^^^^^^^^\n").count(), n);
    let column = 15 + 1_000 * call.chars().count();
    let at = shown.find(&format!("src/a.rs:1:{column}\n")).unwrap();
    let excerpt: Vec<&str> = shown[at..].lines().skip(2).take(2).collect();
    let mark = excerpt[1].chars().position(|letter| letter == '^').unwrap();
    let marked: String = excerpt[0].chars().skip(mark).take(20).collect();
    assert_eq!(marked, "reqwest::Client::new", "{excerpt:?}");
    assert!(!shown.contains(":::"), "{excerpt:?}");
}

#[test]
fn lines_far_apart_stand_in_snippets_of_their_own() {
    let n = 20_000;
    let source = "    let c = reqwest::Client::new();\n".repeat(n);
    let mut report = Report::default();
    for line in 1..=n {
        let mut found = site("src/a.rs", line, "app::f", Verdict::Unwrapped);
        let far = Place::new("src/a.rs", n + 1 - line, 5);
        found.evidence.push(Evidence::new(far, "made here"));
        report.sites.push(found);
    }
    let shown = text(&report, &source);
    assert_eq!(shown.matches("made here").count(), n);
    assert!(shown.contains("--> src/a.rs:1:13\n") && shown.contains("::: src/a.rs:20000:5"));
}
