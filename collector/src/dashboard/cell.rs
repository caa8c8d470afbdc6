//! What senders wrote, as far as a table can bear it.
//! It never shows a character that changes how others are read.

#[cfg(test)]
mod tests;

/// Characters of a cell, the ellipsis among them.
const N_SHOWN: usize = 120;

/// Characters of a title, the ellipsis among them.
const N_TITLE: usize = 1_000;

/// A text of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// More of the text, where it is too long for the table; else empty.
    pub(super) title: String,
}

impl Cell {
    pub(super) fn new(raw: &str) -> Self {
        let text = cut(raw, N_SHOWN);
        let is_whole = visible(raw).nth(N_SHOWN).is_none();
        let title = if is_whole { String::new() } else { cut(raw, N_TITLE) };
        Self { text, title }
    }
}

fn cut(raw: &str, n_chars: usize) -> String {
    if visible(raw).nth(n_chars).is_none() {
        return visible(raw).collect();
    }
    visible(raw).take(n_chars - 1).chain(['…']).collect()
}

/// Without control characters, and without what breaks lines or turns the direction of reading.
fn visible(raw: &str) -> impl Iterator<Item = char> {
    raw.chars().filter(|char| {
        let is_format = matches!(
            char,
            '\u{61c}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        );
        !char.is_control() && !is_format
    })
}
