//! The summary for a job's page or a merge request, as GitHub's Markdown.
//! It never lets a text from the sources format itself.

use std::io::{self, Write};

use super::message::{Message, open, printable};
use super::summary;
use crate::findings::{Conclusion, Report};

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let sign = match report.conclusion() {
        Conclusion::Clean => "✅",
        Conclusion::Found => "❌",
        Conclusion::NotJudged => "⚠️",
    };
    writeln!(out, "## egret audit: {sign} {}\n", text(&summary::conclusion(report)))?;
    writeln!(out, "- {}\n- {}\n", summary::sites(report), summary::files(&report.coverage))?;
    let messages = open(report);
    if !messages.is_empty() {
        writeln!(out, "| severity | rule | place | what | help |\n|---|---|---|---|---|")?;
        for message in &messages {
            writeln!(out, "{}", row(message))?;
        }
        writeln!(out)?;
    }
    let coverage = &report.coverage;
    for (title, files) in
        [("Token-scanned only", &coverage.token_scanned), ("Skipped", &coverage.skipped)]
    {
        if files.is_empty() {
            continue;
        }
        writeln!(out, "<details><summary>{title}: {}</summary>\n", files.len())?;
        for file in files {
            writeln!(out, "- {}", text(&summary::told(file)))?;
        }
        writeln!(out, "\n</details>\n")?;
    }
    Ok(())
}

fn row(message: &Message<'_>) -> String {
    let place = message.place.map(|place| format!("{}:{}", place.file, place.line));
    format!(
        "| {} | {} | {} | {} | {} |",
        message.severity,
        message.code(),
        text(&place.unwrap_or_default()),
        text(&message.text),
        text(message.hint),
    )
}

/// A text in which nothing formats: code spans stay, everything else that means something to
/// Markdown or HTML is escaped, and a line stays a line.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let is_balanced = text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    for letter in printable(&text.replace('\n', " ")).chars() {
        match letter {
            '`' if is_balanced => in_code = !in_code,
            '|' => escaped.push('\\'),
            '<' if !in_code => {
                escaped.push_str("&lt;");
                continue;
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' if !in_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(letter);
    }
    escaped
}
