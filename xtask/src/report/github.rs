//! Workflow commands: GitHub shows each finding beside its line in the pull request.
//! It never lets a text break out of its command: line ends and separators are escaped.

use std::io::{self, Write};

use super::message::{Message, open, printable};
use super::summary;
use crate::findings::{Conclusion, Report, Severity};

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for message in &open(report) {
        writeln!(out, "{}", command(message))?;
    }
    let level = match report.conclusion() {
        Conclusion::Clean => "notice",
        Conclusion::Found | Conclusion::NotJudged => "error",
    };
    let lines = summary::lines(report).join("\n");
    writeln!(out, "::{level} title=egret audit::{}", data(&lines))
}

fn command(message: &Message<'_>) -> String {
    let level = if message.severity == Severity::Error { "error" } else { "warning" };
    let mut properties = Vec::new();
    if let Some(place) = message.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
        properties.push(format!("col={}", place.column));
    }
    properties.push(format!("title={}", property(&format!("egret: {}", message.code()))));
    let mut text = message.text.clone();
    for evidence in message.evidence {
        let place = &evidence.place;
        text.push_str(&format!("\n{}:{}: {}", place.file, place.line, evidence.text));
    }
    if !message.hint.is_empty() {
        text.push_str(&format!("\nhelp: {}", message.hint));
    }
    format!("::{level} {}::{}", properties.join(","), data(&text))
}

/// As the runner's own toolkit escapes a command's text, without control characters besides.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| printable(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

/// As the runner's own toolkit escapes a property, whose end is a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
