//! The words that make a file worth parsing: names of HTTP crates, and names that stand for them
//! elsewhere in the workspace. It never looks at a tree twice.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use rustc_hash::FxHashSet as HashSet;

use super::{Package, Sources};
use crate::knowledge::Knowledge;
use crate::syntax::{Item, ItemKind, Lexeme, Path, ScopeKind, Tree, Type, tolerant_tokens};

/// Up to so many words become a table of states: twice as fast to search with, and large.
const MAX_TABLED: usize = 500;

/// A set of words that are searched for at once.
#[derive(Debug)]
pub(super) struct Words {
    automaton: Option<AhoCorasick>,
}

impl Words {
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words.dedup();
        if words.is_empty() {
            return Self { automaton: None };
        }
        let kind = (words.len() <= MAX_TABLED).then_some(AhoCorasickKind::DFA);
        let mut builder = AhoCorasickBuilder::new();
        Self { automaton: builder.match_kind(MatchKind::Standard).kind(kind).build(words).ok() }
    }

    /// Whether one of the words stands in the bytes, as a whole word.
    pub(super) fn are_in(&self, bytes: &[u8]) -> bool {
        self.places(bytes).next().is_some()
    }

    /// Whether one of the words may stand in code: comments and strings alone make no call. Bytes
    /// whose brackets do not fit are no code that this could tell apart, and may hold anything.
    pub(super) fn are_in_code(&self, bytes: &[u8]) -> bool {
        let mut places = self.places(bytes).peekable();
        if places.peek().is_none() {
            return false;
        }
        let mut open = Vec::new();
        for token in tolerant_tokens(bytes) {
            match token.kind {
                Lexeme::Symbol(b'(') => open.push(b')'),
                Lexeme::Symbol(b'[') => open.push(b']'),
                Lexeme::Symbol(b'{') => open.push(b'}'),
                Lexeme::Symbol(close @ (b')' | b']' | b'}')) if open.pop() != Some(close) => {
                    return true;
                }
                Lexeme::Word => {
                    while places.next_if(|&place| place < token.start).is_some() {}
                    if places.peek().is_some_and(|&place| place < token.end) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        !open.is_empty()
    }

    /// Where whole words start, in the order of their ends.
    fn places<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let is_part = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        let found = self.automaton.iter().flat_map(move |words| words.find_overlapping_iter(bytes));
        let whole = found.filter(move |found| {
            let before = found.start().checked_sub(1).and_then(|at| bytes.get(at));
            !is_part(before) && !is_part(bytes.get(found.end()))
        });
        whole.map(|found| found.start())
    }
}

/// The words for the files of one package: those of all, and the names that its manifest gives to
/// HTTP crates.
pub(super) fn of_package(package: &Package, knowledge: &Knowledge, extra: &[String]) -> Words {
    let renamed = package
        .dependencies
        .iter()
        .filter(|(_, dependency)| knowledge.is_known_package(&dependency.package))
        .map(|(name, _)| name.as_str());
    Words::new(knowledge.anchors().chain(renamed).chain(extra.iter().map(String::as_str)))
}

/// The names that stand for HTTP clients in each package, private and public ones.
#[derive(Debug, Default)]
pub(super) struct Learned {
    pub(super) own: Vec<HashSet<String>>,
    /// How many names a file's package had when the file was last looked at. A file is looked at
    /// again only when there are more.
    seen: Vec<Option<usize>>,
}

impl Learned {
    /// Learns from files that are new, or whose package has learned more, until nothing new comes.
    pub(super) fn grow(&mut self, sources: &Sources, knowledge: &Knowledge) {
        self.own.resize_with(sources.packages.len(), HashSet::default);
        self.seen.resize(sources.files.len(), None);
        loop {
            let mut grew = false;
            for (index, file) in sources.files.iter().enumerate() {
                let Some(tree) = &file.tree else {
                    continue;
                };
                let known = &mut self.own[file.package];
                if self.seen[index].replace(known.len()) == Some(known.len()) {
                    continue;
                }
                let package = &sources.packages[file.package];
                let module = if file.parent.is_some() {
                    file.module.as_str()
                } else {
                    package.library.as_deref().unwrap_or_default()
                };
                let new = Learner { package, knowledge, module }.names(tree, known);
                grew |= !new.is_empty();
                known.extend(new);
            }
            if !self.pass_on(sources) && !grew {
                return;
            }
        }
    }

    /// From packages to those that depend on them; whether anything was new.
    fn pass_on(&mut self, sources: &Sources) -> bool {
        let mut grew = false;
        for (index, package) in sources.packages.iter().enumerate() {
            let locals = package.dependencies.values().filter_map(|one| one.local);
            for local in locals.filter(|&local| local != index) {
                let new: Vec<String> =
                    self.own[local].difference(&self.own[index]).cloned().collect();
                grew |= !new.is_empty();
                self.own[index].extend(new);
            }
        }
        grew
    }
}

struct Learner<'a> {
    package: &'a Package,
    knowledge: &'a Knowledge,
    /// The file's name as a module.
    module: &'a str,
}

impl Learner<'_> {
    /// Names of a tree that stand for clients, given those that are known to.
    fn names(&self, tree: &Tree, known: &HashSet<String>) -> HashSet<String> {
        let mut found = HashSet::default();
        for item in &tree.items {
            let mut stands = false;
            if let ItemKind::Use { path, is_glob: true } = &item.kind {
                if let Some(package) = self.http_crate(path).filter(|_| item.is_public) {
                    let names = self.knowledge.type_names(package);
                    found.extend(names.map(str::to_owned));
                    stands = true;
                }
                stands |= known.contains(&format!("{}::*", path.last().unwrap_or_default()));
            } else if known.contains(&item.name) || self.stands_for_client(item, known) {
                found.insert(item.name.clone());
                stands = true;
            }
            if stands {
                // A file may hand on the whole module without naming anything in it.
                found.insert(self.glob_of(tree, item));
            }
        }
        found.retain(|name| !known.contains(name));
        found.remove("_");
        found.remove("");
        found
    }

    /// What a glob of the module around an item looks like: `prelude::*`.
    fn glob_of(&self, tree: &Tree, item: &Item) -> String {
        match &tree.scope(tree.module_of(item.scope)).kind {
            ScopeKind::Module(name) if !name.is_empty() => format!("{name}::*"),
            _ => format!("{}::*", self.module),
        }
    }

    fn stands_for_client(&self, item: &Item, known: &HashSet<String>) -> bool {
        let named = |ty: &Type| self.mentions(ty, known);
        match &item.kind {
            ItemKind::Use { path, .. } => {
                let last = path.last().unwrap_or_default();
                self.http_crate(path).is_some_and(|package| {
                    let is_crate = path.segments.len() == 1;
                    let names_type = self.knowledge.type_names(package).any(|name| name == last);
                    is_crate && (item.is_public || item.name != last)
                        || names_type
                        || item.is_public && self.knowledge.module_names(package).any(|n| n == last)
                }) || path.segments.len() > 1 && known.contains(last) && last != item.name
            }
            ItemKind::ExternCrate(name) => self.package_of(name).is_some() && item.name != *name,
            ItemKind::Alias { ty, .. } => ty.as_ref().is_some_and(named),
            ItemKind::Function(function) => {
                function.output.as_ref().is_some_and(named) && !is_everyday(&item.name)
            }
            ItemKind::Struct { fields, .. } => fields.iter().any(|field| named(&field.ty)),
            ItemKind::Value { ty, .. } => named(ty),
            _ => false,
        }
    }

    fn mentions(&self, ty: &Type, known: &HashSet<String>) -> bool {
        match ty {
            Type::Path(path) => {
                let last = path.last().unwrap_or_default();
                let is_known =
                    |package: &str| self.knowledge.type_names(package).any(|n| n == last);
                self.http_crate(path).is_some_and(is_known)
                    || known.contains(last)
                    || path.segments.iter().any(|segment| {
                        segment.arguments.iter().any(|argument| self.mentions(argument, known))
                    })
            }
            Type::Reference(inner) | Type::Slice(inner) => self.mentions(inner, known),
            Type::Tuple(types) => types.iter().any(|ty| self.mentions(ty, known)),
            _ => false,
        }
    }

    /// The HTTP package that a path leads into, judged by its first name.
    fn http_crate<'a>(&'a self, path: &'a Path) -> Option<&'a str> {
        self.package_of(&path.segments.first()?.name)
    }

    fn package_of<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match self.package.dependencies.get(name) {
            Some(dependency) => {
                self.knowledge.is_known_package(&dependency.package).then_some(&dependency.package)
            }
            None => self.knowledge.is_known_package(name).then_some(name),
        }
    }
}

/// Names of functions that are everywhere, so that searching for them would parse everything.
fn is_everyday(name: &str) -> bool {
    matches!(name, "new" | "get" | "build" | "default" | "clone" | "from" | "into" | "client")
        || name.len() < 4
}
