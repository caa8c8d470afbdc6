//! Where the comments of a Rust file are: a lexer that knows just enough to tell them from strings.
//! It never fails: what is no Rust yields some comments or none.

use std::ops::Range;

/// A comment that is no documentation.
#[derive(Debug)]
pub(super) struct Comment {
    /// The bytes of it, marks included.
    pub(super) range: Range<usize>,
}

/// The comments of a file, in order. Doc comments are left out: their text is for readers, and
/// the examples in them are not this code.
pub(super) fn find(text: &str) -> Vec<Comment> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        at = if rest.starts_with(b"//") {
            let end = at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            let is_doc = rest.starts_with(b"//!")
                || (rest.starts_with(b"///") && !rest.starts_with(b"////"));
            keep(at..end, is_doc, &mut found);
            end
        } else if rest.starts_with(b"/*") {
            let end = at + block_len(rest);
            let is_doc = rest.starts_with(b"/*!")
                || (rest.starts_with(b"/**")
                    && !rest.starts_with(b"/***")
                    && !rest.starts_with(b"/**/"));
            keep(at..end, is_doc, &mut found);
            end
        } else {
            at + token_len(bytes, at)
        };
    }
    found
}

fn keep(range: Range<usize>, is_doc: bool, found: &mut Vec<Comment>) {
    if !is_doc {
        found.push(Comment { range });
    }
}

/// The length of a block comment, nested ones inside it included; all of the rest if it is open.
fn block_len(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of the token at `at`, as far as it matters: literals and identifiers whole, anything
/// else byte by byte.
pub(super) fn token_len(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    match rest[0] {
        b'"' => quoted_len(rest, b'"'),
        b'\'' => quote_len(rest),
        byte if is_identifier(byte) => {
            let word = rest.iter().position(|&byte| !is_identifier(byte)).unwrap_or(rest.len());
            word + literal_after(&rest[..word], &rest[word..])
        }
        _ => 1,
    }
}

fn is_identifier(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The length of a literal that a prefix such as `r`, `b`, `br` or `c` begins; 0 if none follows.
fn literal_after(prefix: &[u8], rest: &[u8]) -> usize {
    match (prefix, rest.first()) {
        (b"r" | b"br" | b"cr", Some(b'"' | b'#')) => raw_len(rest).unwrap_or(0),
        (b"b" | b"c", Some(b'"')) => quoted_len(rest, b'"'),
        (b"b", Some(b'\'')) => quoted_len(rest, b'\''),
        _ => 0,
    }
}

/// The length of `#"..."#` with any number of marks; `None` for a raw identifier.
fn raw_len(rest: &[u8]) -> Option<usize> {
    let n_marks = rest.iter().position(|&byte| byte != b'#')?;
    if rest[n_marks] != b'"' {
        return None;
    }
    let mut at = n_marks + 1;
    loop {
        let Some(quote) = rest[at..].iter().position(|&byte| byte == b'"') else {
            return Some(rest.len());
        };
        at += quote + 1;
        let marks = &rest[at..];
        if marks.len() >= n_marks && marks[..n_marks].iter().all(|&byte| byte == b'#') {
            return Some(at + n_marks);
        }
    }
}

/// The length of a literal between quotes, in which a backslash keeps a quote from ending it.
fn quoted_len(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character literal, or of the quote alone when a lifetime or label follows it.
fn quote_len(rest: &[u8]) -> usize {
    match rest.get(1) {
        Some(b'\\') => quoted_len(rest, b'\''),
        Some(&first) => {
            let character = match first {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            if rest.get(1 + character) == Some(&b'\'') { character + 2 } else { 1 }
        }
        None => 1,
    }
}
