//! Finds the modules that a file declares, by its tokens alone: `mod a;`, `#[path]`, `include!`.
//! It never parses, so that files without any word that matters cost next to nothing.

use std::path::{Path, PathBuf};

use crate::syntax::{Lexed, Lexeme, requires_test, tolerant_tokens};

/// A declared module, or an included file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    /// The inline modules around it.
    pub(super) inside: Vec<String>,
    /// Its name; for included files, the text in `include!`.
    pub(super) name: String,
    /// The paths that attributes name, for one `cfg` or another.
    pub(super) paths: Vec<String>,
    /// The folders that attributes of the inline modules name, with their depth.
    pub(super) folders: Vec<(usize, String)>,
    pub(super) is_test: bool,
    pub(super) is_include: bool,
}

/// Whether a file may declare anything: a look at its bytes, before its tokens.
pub(super) fn may_declare(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"include!").is_some()
        || memchr::memmem::find_iter(bytes, b"mod ").any(|at| {
            let rest = bytes[at + 4..].iter();
            let end = rest.copied().find(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
            matches!(end, Some(b';' | b' ' | b'\n' | b'\r' | b'\t' | b'#' | 0x80..))
        })
}

/// What a file declares, in order.
pub(super) fn declarations(bytes: &[u8]) -> Vec<Declaration> {
    let mut scanner = Scanner { bytes, ..Scanner::default() };
    let tokens: Vec<Lexed> = tolerant_tokens(bytes).collect();
    let mut at = 0;
    while at < tokens.len() {
        at = scanner.step(&tokens, at);
    }
    scanner.found
}

#[derive(Default)]
struct Scanner<'a> {
    bytes: &'a [u8],
    depth: usize,
    /// Inline modules around, with the depth of their braces, the folder that `#[path]` gives them,
    /// and whether they are for tests.
    inside: Vec<Inline>,
    /// Attributes since the last item.
    paths: Vec<String>,
    is_test: bool,
    found: Vec<Declaration>,
}

struct Inline {
    name: String,
    depth: usize,
    folder: Option<String>,
    is_test: bool,
}

impl Scanner<'_> {
    fn text(&self, token: Lexed) -> &[u8] {
        &self.bytes[token.start..token.end]
    }

    /// Looks at one token, and answers where to go on.
    fn step(&mut self, tokens: &[Lexed], at: usize) -> usize {
        let token = tokens[at];
        match token.kind {
            Lexeme::Symbol(b'#') => return self.attribute(tokens, at),
            Lexeme::Symbol(b'{') => {
                self.depth += 1;
                self.forget();
            }
            Lexeme::Symbol(b'}') => {
                self.depth = self.depth.saturating_sub(1);
                while self.inside.last().is_some_and(|inline| inline.depth > self.depth) {
                    self.inside.pop();
                }
                self.forget();
            }
            Lexeme::Symbol(b';') => self.forget(),
            Lexeme::Word if self.text(token) == b"mod" => return self.module(tokens, at),
            Lexeme::Word if self.text(token) == b"include" => self.include(tokens, at),
            _ => {}
        }
        at + 1
    }

    fn forget(&mut self) {
        self.paths.clear();
        self.is_test = false;
    }

    /// `#[..]`: notes paths and `cfg(test)`.
    fn attribute(&mut self, tokens: &[Lexed], at: usize) -> usize {
        let kind = |index: usize| tokens.get(index).map(|token| token.kind);
        if kind(at + 1) != Some(Lexeme::Symbol(b'[')) {
            return at + 1;
        }
        let mut depth = 0;
        let mut end = at + 1;
        while let Some(kind) = kind(end) {
            match kind {
                Lexeme::Symbol(b'[') => depth += 1,
                Lexeme::Symbol(b']') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            end += 1;
        }
        let inner = &tokens[at + 2..end.min(tokens.len())];
        for three in inner.windows(3) {
            let [name, equals, value] = three else {
                continue;
            };
            if self.text(*name) == b"path" && equals.kind == Lexeme::Symbol(b'=') {
                self.paths.push(self.literal(*value));
            }
        }
        if let (Some(first), Some(last)) = (inner.first(), inner.last())
            && self.text(*first) == b"cfg"
            && inner.iter().any(|token| self.text(*token) == b"test")
        {
            let text = String::from_utf8_lossy(&self.bytes[first.start..last.end]).into_owned();
            self.is_test |= requires_test(&text);
        }
        end + 1
    }

    fn module(&mut self, tokens: &[Lexed], at: usize) -> usize {
        let (Some(name), Some(next)) = (tokens.get(at + 1), tokens.get(at + 2)) else {
            return at + 1;
        };
        if name.kind != Lexeme::Word {
            return at + 1;
        }
        let text = String::from_utf8_lossy(self.text(*name)).into_owned();
        let is_test = self.is_test || self.inside.iter().any(|inline| inline.is_test);
        match next.kind {
            Lexeme::Symbol(b';') => {
                let declaration = self.declaration(text, is_test, false);
                self.found.push(declaration);
            }
            Lexeme::Symbol(b'{') => {
                self.depth += 1;
                let folder = self.paths.pop();
                let depth = self.depth;
                self.inside.push(Inline { name: text, depth, folder, is_test });
            }
            _ => return at + 1,
        }
        self.forget();
        at + 3
    }

    /// `include!("file")`.
    fn include(&mut self, tokens: &[Lexed], at: usize) {
        let [bang, _, file] = tokens.get(at + 1..at + 4).unwrap_or_default() else {
            return;
        };
        let is_include = bang.kind == Lexeme::Symbol(b'!');
        if is_include && matches!(self.text(*file), b"concat" | b"env") {
            let name = self.arguments(&tokens[at + 2..]);
            let declaration = self.declaration(name, self.is_test, true);
            self.found.push(declaration);
        } else if is_include && file.kind == Lexeme::Literal {
            let name = self.literal(*file);
            if !name.is_empty() {
                let declaration = self.declaration(name, self.is_test, true);
                self.found.push(declaration);
            }
        }
    }

    /// The text between a bracket and the one that closes it.
    fn arguments(&self, tokens: &[Lexed]) -> String {
        let mut depth = 0_usize;
        for token in tokens {
            match token.kind {
                Lexeme::Symbol(b'(' | b'[' | b'{') => depth += 1,
                Lexeme::Symbol(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let start = tokens[0].end.min(token.start);
                let text = String::from_utf8_lossy(&self.bytes[start..token.start]);
                return text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
        String::new()
    }

    fn declaration(&self, name: String, is_test: bool, is_include: bool) -> Declaration {
        let folders = self.inside.iter().enumerate();
        let folders = folders.filter_map(|(index, one)| Some((index, one.folder.clone()?)));
        Declaration {
            inside: self.inside.iter().map(|inline| inline.name.clone()).collect(),
            name,
            paths: if is_include { Vec::new() } else { self.paths.clone() },
            folders: folders.collect(),
            is_test,
            is_include,
        }
    }

    /// The text of a plain or raw string.
    fn literal(&self, token: Lexed) -> String {
        let text = String::from_utf8_lossy(self.text(token));
        let start = text.find('"').map(|start| start + 1);
        let end = text.rfind('"');
        match (start, end) {
            (Some(start), Some(end)) if start <= end => text[start..end].to_owned(),
            _ => String::new(),
        }
    }
}

impl Declaration {
    /// The files that may be meant, the likelier first within each `cfg`; `owns_folder` says
    /// whether the declaring file is a `mod.rs` or a root.
    pub(super) fn candidates(&self, file: &Path, owns_folder: bool) -> Vec<Vec<PathBuf>> {
        let beside = file.parent().unwrap_or(Path::new("")).to_path_buf();
        if self.is_include {
            return vec![vec![beside.join(&self.name)]];
        }
        let own = if owns_folder {
            beside.clone()
        } else {
            beside.join(file.file_stem().unwrap_or_default())
        };
        let mut folder = own;
        for (index, name) in self.inside.iter().enumerate() {
            let named = self.folders.iter().find(|(depth, _)| *depth == index);
            folder = folder.join(named.map_or(name.as_str(), |(_, folder)| folder));
        }
        let base = if self.inside.is_empty() { &beside } else { &folder };
        let mut all: Vec<Vec<PathBuf>> =
            self.paths.iter().map(|path| vec![base.join(path)]).collect();
        let plain = folder.join(format!("{}.rs", self.name));
        all.push(vec![plain, folder.join(&self.name).join("mod.rs")]);
        all
    }
}
