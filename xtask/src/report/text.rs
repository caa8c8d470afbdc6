//! The output for people: each finding with the lines that decide it, then the summary.
//! Colour never carries what the words do not say.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::message::{Message, open, printable};
use super::{Colour, Sources, View, summary};
use crate::findings::{Place, Severity};

pub(super) fn render(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let renderer = match view.colour {
        Colour::Styled => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    };
    for message in &open(view.report) {
        let excerpts = Excerpts::of(message, view.sources);
        writeln!(out, "{}\n", renderer.render(&[group(message, &excerpts)]))?;
    }
    for line in summary::lines(view.report) {
        writeln!(out, "{}", printable(&line))?;
    }
    Ok(())
}

/// The files that a message points into, in the order of their first mark.
struct Excerpts<'m> {
    files: Vec<Excerpt<'m>>,
}

struct Excerpt<'m> {
    file: &'m str,
    text: Option<Arc<str>>,
    marks: Vec<Mark<'m>>,
}

struct Mark<'m> {
    place: &'m Place,
    label: Option<&'m str>,
    kind: AnnotationKind,
}

impl<'m> Excerpts<'m> {
    fn of(message: &'m Message<'m>, sources: &dyn Sources) -> Self {
        let primary =
            message.place.map(|place| Mark { place, label: None, kind: AnnotationKind::Primary });
        let context = message.evidence.iter().map(|evidence| Mark {
            place: &evidence.place,
            label: Some(&evidence.text),
            kind: AnnotationKind::Context,
        });
        let mut excerpts = Self { files: Vec::new() };
        let mut index_of = BTreeMap::new();
        for mark in primary.into_iter().chain(context) {
            let file = mark.place.file.as_str();
            let index = *index_of.entry(file).or_insert(excerpts.files.len());
            if index == excerpts.files.len() {
                let text = sources.text(file);
                excerpts.files.push(Excerpt { file, text, marks: Vec::new() });
            }
            excerpts.files[index].marks.push(mark);
        }
        excerpts
    }
}

fn group<'m>(message: &'m Message<'m>, excerpts: &'m Excerpts<'m>) -> Group<'m> {
    let level = if message.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    let mut group = Group::with_title(level.primary_title(&message.text).id(message.code()));
    for excerpt in &excerpts.files {
        group = match &excerpt.text {
            Some(text) => group.element(snippet(excerpt, text)),
            // Without the text, each place is still named, with what it shows.
            None => excerpt.marks.iter().fold(group, |group, mark| {
                let place = mark.place;
                let origin = Origin::path(excerpt.file);
                let group = group.element(origin.line(place.line).char_column(place.column));
                match mark.label {
                    Some(label) => group.element(Level::NOTE.message(label)),
                    None => group,
                }
            }),
        };
    }
    if message.hint.is_empty() { group } else { group.element(Level::HELP.message(message.hint)) }
}

/// The part of the text between the first and the last mark; the library walks all of what it gets.
fn snippet<'m>(excerpt: &'m Excerpt<'m>, text: &'m str) -> Snippet<'m, Annotation<'m>> {
    let lines = excerpt.marks.iter().map(|mark| mark.place.line);
    let (first, last) =
        lines.fold((usize::MAX, 1), |(first, last), line| (first.min(line), last.max(line)));
    let window = window(text, first, last);
    let marks = excerpt.marks.iter().map(|mark| {
        let annotation = mark.kind.span(span(window, mark.place.line - first, mark.place.column));
        match mark.label {
            Some(label) => annotation.label(label),
            None => annotation,
        }
    });
    Snippet::source(window).line_start(first).path(excerpt.file).annotations(marks)
}

/// The lines of a text from `first` to `last`, counted from 1. A text that became shorter since the
/// scan has fewer.
fn window(text: &str, first: usize, last: usize) -> &str {
    let start = line_start(text, first.saturating_sub(1));
    let rest = &text[start..];
    &rest[..line_start(rest, last.saturating_sub(first) + 1)]
}

/// The byte at which a line starts, counted from 0; the text's end if there are not so many.
fn line_start(text: &str, line: usize) -> usize {
    let mut newlines = text.match_indices('\n');
    match line.checked_sub(1) {
        None => 0,
        Some(before) => newlines.nth(before).map_or(text.len(), |(at, _)| at + 1),
    }
}

/// The bytes of the path that starts on a line, counted from 0, at a column, counted from 1; or the
/// first character when it is no path. A place outside of the text marks its end.
fn span(text: &str, line: usize, column: usize) -> Range<usize> {
    let line_start = line_start(text, line);
    let line = text[line_start..].split('\n').next().unwrap_or_default();
    let offset = line.char_indices().nth(column.saturating_sub(1));
    let start = line_start + offset.map_or(line.len(), |(offset, _)| offset);
    let rest = &text[start..line_start + line.len()];
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let path = rest.find(|letter| !is_path(letter)).unwrap_or(rest.len());
    let first = rest.chars().next().map_or(0, char::len_utf8);
    start..start + path.max(first)
}
