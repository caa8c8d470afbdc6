//! The outputs of an audit: one report in six shapes, for people and for programs.
//! It never judges: what counts is in the report already.

mod github;
mod inventory;
mod json;
mod junit;
mod lines;
mod markdown;
mod message;
mod sarif;
mod summary;
mod text;

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use crate::findings::Report;

/// Everything that an output may need.
#[derive(Clone, Copy)]
pub struct View<'r> {
    /// What was found.
    pub report: &'r Report,
    /// Where the excerpts come from.
    pub sources: &'r dyn Sources,
    /// When the audit started, as `2026-11-21T12:00:00` in UTC: JUnit asks for it.
    pub started: &'r str,
    /// Whether the text may be coloured; the words say the same without.
    pub colour: Colour,
}

/// The texts of the scanned files.
pub trait Sources {
    /// The text of a file of the report, if it can be had.
    fn text(&self, file: &str) -> Option<Arc<str>>;
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With terminal styles.
    Styled,
    /// Without.
    Plain,
}

/// One of the shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, with excerpts of the sources.
    Text,
    /// Everything, for programs; `docs/report.schema.json` describes it.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines.
    Github,
    /// For CI servers that show test results.
    Junit,
    /// A summary, for `$GITHUB_STEP_SUMMARY` or a merge request.
    Markdown,
}

impl Format {
    /// All shapes, in the order in which the help lists them.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::Json, Self::Sarif, Self::Github, Self::Junit, Self::Markdown];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == word).ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            format!("`{word}` is no format; write one of {words}")
        })
    }
}

/// Writes the report in one shape.
///
/// # Errors
/// What writing to `out` answers.
pub fn render(format: Format, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::render(view, out),
        Format::Json => json::render(view.report, out),
        Format::Sarif => sarif::render(view.report, out),
        Format::Github => github::render(view.report, out),
        Format::Junit => junit::render(view.report, view.started, out),
        Format::Markdown => markdown::render(view.report, out),
    }
}

/// Writes the inventory: every site with the requests that are seen to go through it, as JSON.
///
/// # Errors
/// What writing to `out` answers.
pub fn render_inventory(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    inventory::render(report, out)
}
