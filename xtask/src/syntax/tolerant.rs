//! A lexer for any bytes: it tells code from comments and strings, and nothing more.
//! It never fails and never recurses, so it can look at files before a parser does.

use super::ids::Pos;

/// Brackets nested deeper than this are refused; real code stays below 100.
const MAX_DEPTH: usize = 400;
/// More tokens than this without a bracket, comma or semicolon are refused: operators nest too.
const MAX_RUN: usize = 6_000;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexed {
    /// What it is.
    pub kind: Lexeme,
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexeme {
    /// An identifier or keyword; `r#` is not part of it.
    Word,
    /// One byte of punctuation, brackets included.
    Symbol(u8),
    /// A string, character or number.
    Literal,
}

/// A path that stands somewhere in code that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Its names.
    pub path: Vec<String>,
    /// Where it starts.
    pub pos: Pos,
}

/// All tokens of some bytes, comments left out.
pub fn tolerant_tokens(bytes: &[u8]) -> impl Iterator<Item = Lexed> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = skip_blank(bytes, at)?;
            let (kind, end) = lex(bytes, start);
            at = end.max(start + 1);
            if let Some(kind) = kind {
                let is_raw = kind == Lexeme::Word && bytes[start..end].starts_with(b"r#");
                return Some(Lexed { kind, start: if is_raw { start + 2 } else { start }, end });
            }
        }
    })
}

fn skip_blank(bytes: &[u8], mut at: usize) -> Option<usize> {
    while bytes.get(at)?.is_ascii_whitespace() {
        at += 1;
    }
    Some(at)
}

/// The token at `start` and where it ends; none for comments.
fn lex(bytes: &[u8], start: usize) -> (Option<Lexeme>, usize) {
    let byte = bytes[start];
    let next = bytes.get(start + 1).copied().unwrap_or(0);
    match byte {
        b'/' if next == b'/' => {
            let end = memchr::memchr(b'\n', &bytes[start..]);
            (None, end.map_or(bytes.len(), |end| start + end))
        }
        b'/' if next == b'*' => (None, comment_end(bytes, start)),
        b'"' => (Some(Lexeme::Literal), string_end(bytes, start + 1)),
        b'\'' => quote(bytes, start),
        b'0'..=b'9' => (Some(Lexeme::Literal), number_end(bytes, start)),
        _ if is_word(byte) => word(bytes, start),
        _ => (Some(Lexeme::Symbol(byte)), start + 1),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes[start..].iter().position(|&byte| !is_word(byte));
    rest.map_or(bytes.len(), |len| start + len)
}

/// Numbers do not swallow the dots of ranges and method calls.
fn number_end(bytes: &[u8], start: usize) -> usize {
    word_end(bytes, start)
}

fn word(bytes: &[u8], start: usize) -> (Option<Lexeme>, usize) {
    let end = word_end(bytes, start);
    let next = bytes.get(end).copied().unwrap_or(0);
    match &bytes[start..end] {
        b"r" | b"br" | b"cr" if next == b'"' || next == b'#' => match raw_string_end(bytes, end) {
            Some(end) => (Some(Lexeme::Literal), end),
            None if next == b'#' => (Some(Lexeme::Word), word_end(bytes, end + 1)),
            None => (Some(Lexeme::Word), end),
        },
        b"b" | b"c" if next == b'"' => (Some(Lexeme::Literal), string_end(bytes, end + 1)),
        b"b" if next == b'\'' => (Some(Lexeme::Literal), quote(bytes, end).1),
        _ => (Some(Lexeme::Word), end),
    }
}

/// The end of `#"..."#` at `start`, when it is one.
fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let n_hashes = bytes[start..].iter().take_while(|&&byte| byte == b'#').count();
    if bytes.get(start + n_hashes) != Some(&b'"') {
        return None;
    }
    let mut at = start + n_hashes + 1;
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        at += quote + 1;
        let hashes = bytes[at..].iter().take(n_hashes).take_while(|&&byte| byte == b'#').count();
        if hashes == n_hashes {
            return Some(at + n_hashes);
        }
    }
    Some(bytes.len())
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 1;
    let mut at = start + 2;
    while let Some(found) = memchr::memchr2(b'/', b'*', &bytes[at.min(bytes.len())..]) {
        at += found;
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A character, or a lifetime.
fn quote(bytes: &[u8], start: usize) -> (Option<Lexeme>, usize) {
    let rest = &bytes[(start + 1).min(bytes.len())..];
    if rest.first() == Some(&b'\\') {
        let end = memchr::memchr(b'\'', rest.get(2..).unwrap_or_default());
        return (Some(Lexeme::Literal), end.map_or(bytes.len(), |end| start + end + 4));
    }
    let width = match rest.first() {
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(0xC0..) => 2,
        _ => 1,
    };
    if rest.get(width) == Some(&b'\'') {
        return (Some(Lexeme::Literal), start + width + 2);
    }
    (Some(Lexeme::Literal), word_end(bytes, (start + 1).min(bytes.len())))
}

/// Whether a recursive parser would need more stack than there is.
pub(super) fn is_too_deep(bytes: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut run = 0_usize;
    for token in tolerant_tokens(bytes) {
        run += 1;
        match token.kind {
            Lexeme::Symbol(b'(' | b'[' | b'{') => {
                depth += 1;
                run = if token.kind == Lexeme::Symbol(b'{') { 0 } else { run };
            }
            Lexeme::Symbol(b')' | b']') => depth = depth.saturating_sub(1),
            Lexeme::Symbol(b'}') => {
                depth = depth.saturating_sub(1);
            }
            Lexeme::Symbol(b',' | b';') => run = 0,
            _ => {}
        }
        if depth > MAX_DEPTH || run > MAX_RUN {
            return true;
        }
    }
    false
}

/// The imports and the paths of some code, whatever else is in it.
pub(super) fn mentions(bytes: &[u8]) -> (Vec<String>, Vec<Mention>) {
    let text = |token: &Lexed| String::from_utf8_lossy(&bytes[token.start..token.end]).into_owned();
    let mut imports = Vec::new();
    let mut found = Vec::new();
    let mut path: Vec<Lexed> = Vec::new();
    let mut n_colons = 0;
    let mut import = None;
    let mut is_member = false;
    let lines = Lines::of(bytes);
    for token in tolerant_tokens(bytes) {
        match token.kind {
            Lexeme::Word if import.is_none() && &bytes[token.start..token.end] == b"use" => {
                import = Some(token.start);
            }
            Lexeme::Symbol(b';') => {
                if let Some(start) = import.take() {
                    imports.push(String::from_utf8_lossy(&bytes[start..token.end]).into_owned());
                }
            }
            _ => {}
        }
        if token.kind == Lexeme::Symbol(b':') {
            n_colons += 1;
            continue;
        }
        let is_word = token.kind == Lexeme::Word;
        if is_word && n_colons == 2 && !path.is_empty() {
            path.push(token);
        } else {
            if path.len() > 1 && import.is_none() {
                let pos = lines.pos(bytes, path[0].start);
                found.push(Mention { path: path.iter().map(text).collect(), pos });
            }
            path.clear();
            if is_word && !is_member {
                path.push(token);
            }
        }
        n_colons = 0;
        is_member = token.kind == Lexeme::Symbol(b'.');
    }
    (imports, found)
}

/// Where lines start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(bytes: &[u8]) -> Self {
        let ends = memchr::memchr_iter(b'\n', bytes);
        Self(std::iter::once(0).chain(ends.map(|end| end + 1)).collect())
    }

    fn pos(&self, bytes: &[u8], offset: usize) -> Pos {
        let line = self.0.partition_point(|&start| start <= offset);
        let start = self.0.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let column = String::from_utf8_lossy(&bytes[start..offset]).chars().count() + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Pos { line: number(line), column: number(column) }
    }
}
