//! JUnit: each site is a test case, an open error is a failure, an unjudged file is an error.
//! It uses only what both the Jenkins and the Ant schema know, so that no server refuses it.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::message::{Message, of_finding, of_site, open, printable, reason};
use super::summary;
use crate::findings::{Finding, Report, Severity, Site, Skipped};

type Xml<'o> = Writer<&'o mut dyn Write>;

/// One test case.
struct Case {
    class: String,
    name: String,
    /// The element, its type, its message and its text.
    problem: Option<Problem>,
}

struct Problem {
    element: &'static str,
    kind: String,
    message: String,
    text: String,
}

pub(super) fn render(report: &Report, started: &str, out: &mut dyn Write) -> io::Result<()> {
    let cases = cases(report);
    let mut xml: Xml<'_> = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    open_element(&mut xml, "testsuites", &[])?;
    suite(&mut xml, report, &cases, started)?;
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    writeln!(xml.get_mut())
}

fn suite(xml: &mut Xml<'_>, report: &Report, cases: &[Case], started: &str) -> io::Result<()> {
    let n_of = |element| {
        let problems = cases.iter().filter_map(|case| case.problem.as_ref());
        problems.filter(|problem| problem.element == element).count().to_string()
    };
    let attributes = [
        ("name", "egret audit"),
        ("tests", &cases.len().to_string()),
        ("failures", &n_of("failure")),
        ("errors", &n_of("error")),
        ("time", "0"),
        ("timestamp", started),
        ("hostname", "localhost"),
        ("id", "0"),
        ("package", "egret"),
    ];
    open_element(xml, "testsuite", &attributes)?;
    properties(xml, report)?;
    for case in cases {
        write_case(xml, case)?;
    }
    element_with_text(xml, "system-out", &[], &notes(report))?;
    element_with_text(xml, "system-err", &[], "")?;
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

/// The numbers of the summary, for who reads the XML with a program.
fn properties(xml: &mut Xml<'_>, report: &Report) -> io::Result<()> {
    let (coverage, tally) = (&report.coverage, report.tally());
    let share = tally.share_covered().map_or("none".to_owned(), |share| share.to_string());
    open_element(xml, "properties", &[])?;
    for (name, value) in [
        ("files_scanned", coverage.n_scanned.to_string()),
        ("files_token_scanned", coverage.token_scanned.len().to_string()),
        ("files_skipped", coverage.skipped.len().to_string()),
        ("sites_found", tally.n_found.to_string()),
        ("sites_covered", tally.n_covered.to_string()),
        ("sites_covered_percent", share),
    ] {
        let property = element("property", &[("name", name), ("value", &value)]);
        xml.write_event(Event::Empty(property))?;
    }
    xml.write_event(Event::End(BytesEnd::new("properties")))
}

fn cases(report: &Report) -> Vec<Case> {
    let sites = report.sites.iter().map(site_case);
    let findings = report.findings.iter().map(finding_case);
    let unjudged = report.coverage.unjudged().map(unjudged_case);
    let mut cases: Vec<_> = sites.chain(findings).chain(unjudged).collect();
    if report.coverage.n_scanned == 0 {
        let text = summary::conclusion(report);
        cases.push(Case {
            class: "egret".to_owned(),
            name: "something was scanned".to_owned(),
            problem: Some(Problem {
                element: "error",
                kind: "not-judged".to_owned(),
                message: text.clone(),
                text,
            }),
        });
    }
    cases
}

fn site_case(site: &Site) -> Case {
    let place = &site.place;
    Case {
        class: clean(&site.enclosing),
        name: clean(&format!("{} at {}:{}", site.symbol, place.file, place.line)),
        problem: failure(&of_site(site), site.open_severity()),
    }
}

fn finding_case(finding: &Finding) -> Case {
    let name = format!("{}: {}", finding.rule.code, finding.subject);
    Case {
        class: "egret".to_owned(),
        name: clean(&name),
        problem: failure(&of_finding(finding), finding.open_severity()),
    }
}

fn unjudged_case(file: &Skipped) -> Case {
    Case {
        class: "egret".to_owned(),
        name: clean(&format!("{} can be judged", file.file)),
        problem: Some(Problem {
            element: "error",
            kind: "not-judged".to_owned(),
            message: clean(&file.reason),
            text: clean(&summary::told(file)),
        }),
    }
}

fn failure(message: &Message<'_>, open: Severity) -> Option<Problem> {
    if open < Severity::Error {
        return None;
    }
    let mut lines = vec![message.text.clone()];
    for evidence in message.evidence {
        let place = &evidence.place;
        lines.push(format!("{}:{}: {}", place.file, place.line, evidence.text));
    }
    if !message.hint.is_empty() {
        lines.push(format!("help: {}", message.hint));
    }
    Some(Problem {
        element: "failure",
        kind: message.code().to_owned(),
        message: clean(&message.text),
        text: lines.iter().map(|line| clean(line)).collect::<Vec<_>>().join("\n"),
    })
}

/// What is no failure and still has to be told: warnings, suppressed sites, the summary.
fn notes(report: &Report) -> String {
    let warnings = open(report).into_iter().filter(|found| found.severity == Severity::Warning);
    let mut lines: Vec<String> = warnings
        .map(|found| {
            let place = found.place.map(|place| format!("{}:{}: ", place.file, place.line));
            format!("{}warning: {}", place.unwrap_or_default(), found.text)
        })
        .collect();
    for site in &report.sites {
        if let Some(suppressed) = &site.suppressed {
            let (place, by) = (&site.place, suppressed.as_str());
            let reason = reason(suppressed);
            lines.push(format!("{}:{}: suppressed ({by}): {reason}", place.file, place.line));
        }
    }
    lines.extend(summary::lines(report));
    lines.iter().map(|line| clean(line)).collect::<Vec<_>>().join("\n")
}

fn write_case(xml: &mut Xml<'_>, case: &Case) -> io::Result<()> {
    let attributes = [("name", case.name.as_str()), ("classname", &case.class), ("time", "0")];
    let Some(problem) = &case.problem else {
        return xml.write_event(Event::Empty(element("testcase", &attributes)));
    };
    open_element(xml, "testcase", &attributes)?;
    let attributes = [("type", problem.kind.as_str()), ("message", &problem.message)];
    element_with_text(xml, problem.element, &attributes, &problem.text)?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn element<'n>(name: &'n str, attributes: &[(&str, &str)]) -> BytesStart<'n> {
    BytesStart::new(name).with_attributes(attributes.iter().copied())
}

fn open_element(xml: &mut Xml<'_>, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    xml.write_event(Event::Start(element(name, attributes)))
}

fn element_with_text(
    xml: &mut Xml<'_>,
    name: &str,
    attributes: &[(&str, &str)],
    text: &str,
) -> io::Result<()> {
    open_element(xml, name, attributes)?;
    xml.write_event(Event::Text(BytesText::new(text)))?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

/// XML 1.0 has no place for control characters, escaped or not, nor for two code points more.
fn clean(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
