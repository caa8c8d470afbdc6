//! The output for people: each finding with the lines that decide it, then the summary.
//! Colour never carries what the words do not say.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::rc::Rc;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};
use anstream::adapter::strip_str;

use super::lines::Lines;
use super::message::{Message, open, printable};
use super::{Colour, Sources, View, summary};
use crate::findings::{Place, Severity};

pub(super) fn render(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let renderer = match view.colour {
        Colour::Styled => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    };
    let mut texts = Texts { sources: view.sources, known: BTreeMap::new() };
    for message in &open(view.report) {
        let excerpts = Excerpts::of(message, &mut texts);
        let rendered = renderer.render(&[group(message, &excerpts)]);
        // The library announces a snippet without a path, as a cut line has, by this sign alone.
        let is_empty_sign = |line: &&str| strip_str(line).to_string().trim() == ":::";
        for line in rendered.lines().filter(|line| !is_empty_sign(line)) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    for line in summary::lines(view.report) {
        writeln!(out, "{}", printable(&line))?;
    }
    Ok(())
}

/// Marks that are further apart stand in snippets of their own.
const MAX_GAP_LINES: usize = 60;

/// Lines that are longer, on average, are cut.
const MAX_LINE_BYTES: usize = 400;

/// What stays of a long line on each side of a mark.
const MARGIN_BYTES: usize = 50;

/// The texts, each put into lines once: thousands of findings may lie in one.
struct Texts<'v> {
    sources: &'v dyn Sources,
    known: BTreeMap<String, Option<Rc<Lines>>>,
}

impl Texts<'_> {
    fn lines(&mut self, file: &str) -> Option<Rc<Lines>> {
        if let Some(known) = self.known.get(file) {
            return known.clone();
        }
        let lines = self.sources.text(file).map(|text| Rc::new(Lines::new(text)));
        self.known.insert(file.to_owned(), lines.clone());
        lines
    }
}

/// The files that a message points into, in the order of their first mark.
struct Excerpts<'m> {
    files: Vec<Excerpt<'m>>,
}

struct Excerpt<'m> {
    file: &'m str,
    lines: Option<Rc<Lines>>,
    marks: Vec<Mark<'m>>,
}

struct Mark<'m> {
    place: &'m Place,
    label: Option<&'m str>,
    kind: AnnotationKind,
}

impl<'m> Excerpts<'m> {
    fn of(message: &'m Message<'m>, texts: &mut Texts<'_>) -> Self {
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
                let lines = texts.lines(file);
                excerpts.files.push(Excerpt { file, lines, marks: Vec::new() });
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
        group = match &excerpt.lines {
            Some(lines) => group.elements(snippets(excerpt, lines)),
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

/// The lines around some marks of one file.
fn snippets<'m>(excerpt: &Excerpt<'m>, lines: &'m Lines) -> Vec<Element<'m>> {
    let mut marks: Vec<&Mark<'m>> = excerpt.marks.iter().collect();
    // The primary mark leads: the library shows the place of the first snippet as the finding's.
    let first_line = marks.first().map(|mark| mark.place.line);
    marks.sort_by_key(|mark| mark.place.line);
    let mut clusters: Vec<Vec<&Mark<'m>>> = Vec::new();
    for mark in marks {
        match clusters.last_mut() {
            Some(cluster) if is_near(cluster, mark) => cluster.push(mark),
            _ => clusters.push(vec![mark]),
        }
    }
    clusters.sort_by_key(|cluster| !cluster.iter().any(|mark| Some(mark.place.line) == first_line));
    clusters.iter().flat_map(|cluster| snippet(excerpt.file, cluster, lines)).collect()
}

/// Whether a mark may share the snippet of marks above it: the library walks all between them.
fn is_near(cluster: &[&Mark<'_>], mark: &Mark<'_>) -> bool {
    let last = cluster.last().map_or(0, |last| last.place.line);
    mark.place.line <= last.saturating_add(MAX_GAP_LINES)
}

/// One snippet of whole lines; or, where a line is long, each mark with what stands around it.
fn snippet<'m>(file: &'m str, marks: &[&Mark<'m>], lines: &'m Lines) -> Vec<Element<'m>> {
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else { return Vec::new() };
    let (first, last) = (first.place.line, last.place.line);
    let whole = lines.range(first, last);
    let n_lines = last - first + 1;
    if whole.len() <= MAX_LINE_BYTES * n_lines {
        let annotations = marks.iter().map(|mark| {
            let span = lines.span(mark.place.line, mark.place.column);
            mark.annotation(span.start - whole.start..span.end - whole.start)
        });
        let snippet = Snippet::source(lines.slice(whole.clone())).line_start(first).path(file);
        return vec![snippet.annotations(annotations).into()];
    }
    marks.iter().flat_map(|mark| cut(file, mark, lines)).collect()
}

/// A long line, cut around a mark. The place is written by itself: a column that the library counts
/// in what is left of the line would be wrong.
fn cut<'m>(file: &'m str, mark: &Mark<'m>, lines: &Lines) -> [Element<'m>; 2] {
    let Place { line, column, .. } = *mark.place;
    let (whole, span) = (lines.range(line, line), lines.span(line, column));
    let start = lines.boundary(span.start.saturating_sub(MARGIN_BYTES)).max(whole.start);
    let end = lines.boundary(span.end.saturating_add(MARGIN_BYTES).min(whole.end)).max(span.end);
    let before = if start > whole.start { "..." } else { "" };
    let after = if end < whole.end { "..." } else { "" };
    let text = format!("{before}{}{after}", lines.slice(start..end));
    let shift = |byte: usize| byte - start + before.len();
    let annotation = mark.annotation(shift(span.start)..shift(span.end));
    let snippet = Snippet::source(text).line_start(line).annotation(annotation);
    [Origin::path(file).line(line).char_column(column).into(), snippet.into()]
}

impl<'m> Mark<'m> {
    fn annotation(&self, span: Range<usize>) -> Annotation<'m> {
        let annotation = self.kind.span(span);
        match self.label {
            Some(label) => annotation.label(label),
            None => annotation,
        }
    }
}
