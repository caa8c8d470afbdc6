//! The house rules as a check: layout, lengths, floors, doors, names.
//! It never does I/O while it judges: [`check`] takes texts and answers violations.

use std::io::{self, Write};
use std::path::Path;

mod doors;
mod floors;
mod imports;
mod mentions;
mod model;
mod place;
mod shape;
mod syntax;
mod text;
mod tree;

pub use model::{Rule, SourceFile, Violation};
use place::Place;

#[cfg(test)]
mod tests;

/// What a run of tidy came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No file breaks a rule.
    Clean,
    /// At least one does; each was printed.
    Violated,
}

/// Judges the files, and returns the violations sorted by path and line.
#[must_use]
pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut found = Vec::new();
    let unplaced = imports::unplaced(files);
    for file in files {
        text::check(file, &mut found);
        if file.is_rust() {
            check_rust(file, &unplaced, &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Reads the tree under `root`, judges it, and prints every violation or the count of what was
/// checked.
///
/// # Errors
/// When the tree cannot be read, or holds no Rust file: a check of nothing passes nothing.
pub fn run(root: &Path, out: &mut dyn Write) -> io::Result<Verdict> {
    let files = tree::read(root)?;
    if !files.iter().any(SourceFile::is_rust) {
        return Err(io::Error::other("no Rust file to check; is this the root of the workspace?"));
    }
    let violations = check(&files);
    for violation in &violations {
        writeln!(out, "{violation}")?;
    }
    if violations.is_empty() {
        writeln!(out, "tidy: {} files keep {} rules", files.len(), Rule::ALL.len())?;
        return Ok(Verdict::Clean);
    }
    writeln!(out, "tidy: {} violations in {} files checked", violations.len(), files.len())?;
    Ok(Verdict::Violated)
}

/// The rules that need the file's syntax, not only its lines.
fn check_rust(file: &SourceFile, unplaced: &[Place], found: &mut Vec<Violation>) {
    let parsed = match syn::parse_file(&file.text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let what = format!("this is not valid Rust ({error}); fix the syntax");
            found.push(file.violation(error.span().start().line, Rule::Syntax, what));
            return;
        }
    };
    shape::check(file, &parsed, found);
    let Some(place) = place::of(&file.path) else {
        return;
    };
    imports::check_known(file, &place, found);
    if place.is_test {
        return;
    }
    let mentions = mentions::collect(&parsed, &place.modules);
    imports::check(file, &place, unplaced, &mentions, found);
    doors::check(file, &mentions, found);
}
