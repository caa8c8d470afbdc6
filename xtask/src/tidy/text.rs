//! The rules that need only a file's lines: first line, whitespace, final newline, length.
//! It never parses.

use super::model::{Rule, SourceFile, Violation};

/// A file longer than this is split, or stands in [`LONG_FILES`].
const MAX_LINES: usize = 600;

/// Files that may be longer, as (path, reason): a table that is only readable in one piece.
const LONG_FILES: &[(&str, &str)] = &[];

pub(super) fn check(file: &SourceFile, found: &mut Vec<Violation>) {
    trailing_space(file, found);
    if !file.is_rust() {
        return;
    }
    first_line(file, found);
    final_newline(file, found);
    tabs(file, found);
    length(file, found);
}

fn first_line(file: &SourceFile, found: &mut Vec<Violation>) {
    if !file.text.starts_with("//! ") {
        let what = "the first line does not say what this file is; start it with `//! `";
        found.push(file.violation(1, Rule::FirstLine, what.to_owned()));
    }
}

fn trailing_space(file: &SourceFile, found: &mut Vec<Violation>) {
    for (line, text) in numbered(&file.text) {
        if text.trim_end() != text {
            let what = "the line ends in whitespace; remove it";
            found.push(file.violation(line, Rule::TrailingSpace, what.to_owned()));
        }
    }
}

fn final_newline(file: &SourceFile, found: &mut Vec<Violation>) {
    let n_newlines = file.text.len() - file.text.trim_end_matches('\n').len();
    if n_newlines != 1 {
        let what = format!("the file ends with {n_newlines} newlines; end it with exactly one");
        found.push(file.violation(n_lines(&file.text), Rule::FinalNewline, what));
    }
}

fn tabs(file: &SourceFile, found: &mut Vec<Violation>) {
    for (line, text) in numbered(&file.text) {
        if text.contains('\t') {
            let what = "the line holds a tab; use spaces, or `\\t` inside a string";
            found.push(file.violation(line, Rule::Tab, what.to_owned()));
        }
    }
}

fn length(file: &SourceFile, found: &mut Vec<Violation>) {
    let n_lines = n_lines(&file.text);
    let excepted = LONG_FILES.iter().any(|(path, _)| *path == file.path);
    let what = match (n_lines > MAX_LINES, excepted) {
        (true, false) => format!("{n_lines} lines are more than {MAX_LINES}; split the file"),
        // An exception that nobody needs any more would let the file grow back unseen.
        (false, true) => "the file no longer needs its entry; take it out of LONG_FILES".to_owned(),
        _ => return,
    };
    found.push(file.violation(n_lines.max(1), Rule::FileLength, what));
}

/// The lines with their numbers from 1. Splits at `\n` alone, so that a `\r` shows as whitespace.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
}

fn n_lines(text: &str) -> usize {
    text.lines().count().max(1)
}
