//! Exceptions in the sources: comments such as `egret: allow(reqwest) reason=".."`, found and
//! matched to the sites that they cover. It never reads strings, doc comments or the clock.

mod apply;
mod comments;
mod cover;
mod instruction;

#[cfg(test)]
mod tests;

pub use apply::{Use, apply};

use crate::findings::Allowance;
use cover::Source;

/// What every instruction in a comment starts with.
const PREFIX: &str = "egret:";

/// Finds the instructions in the comments of one Rust file.
///
/// `file` is the path that the places carry. A file without the word `egret:` costs one search.
#[must_use]
pub fn read(file: &str, text: &str) -> Vec<Allowance> {
    if !text.contains(PREFIX) {
        return Vec::new();
    }
    let comments = comments::find(text);
    let source = Source::new(text, &comments);
    let mut found = Vec::new();
    for (index, comment) in comments.iter().enumerate() {
        for (offset, content) in instruction::in_comment(&text[comment.range.clone()]) {
            let place = source.place(file, comment.range.start + offset);
            found.push(Allowance { place, content, lines: source.lines_of(index) });
        }
    }
    found
}
