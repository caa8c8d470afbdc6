//! What is known of other people's crates: which paths make calls, and what covers a client.
//! It never reads anything but the two tables beside it.

mod braces;
mod table;

use std::sync::OnceLock;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

pub use table::{Entry, Role};

#[cfg(test)]
mod tests;

/// The tables, ready to be asked. Paths start with the crate's name as it is written in sources.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// From a package's name in sources to the index of its crate.
    packages: HashMap<String, usize>,
    /// The crates' own names.
    names: Vec<String>,
    words: Vec<String>,
    entries: HashMap<String, Entry>,
    last_names: HashSet<String>,
    /// Every known path, and every path on the way to one.
    prefixes: HashSet<String>,
    types: HashMap<String, Role>,
    type_names: Vec<Vec<String>>,
    module_names: Vec<Vec<String>>,
    aliases: HashMap<String, String>,
    returns: HashMap<String, String>,
    into: HashSet<String>,
    methods: HashMap<String, String>,
    extensions: Vec<(String, Vec<String>)>,
    generated: Vec<(String, String, String)>,
    /// What covers a client.
    pub covers: Covers,
}

/// The ways in which a client comes to be covered, by path.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covers {
    handle: String,
    handles: Vec<String>,
    covers: Vec<String>,
    gives: Vec<[String; 2]>,
    born: Vec<String>,
    around: Vec<String>,
    middlewares: Vec<String>,
    stacks: Vec<String>,
    continues: Vec<String>,
    whole: Vec<String>,
    empty: Vec<String>,
    stacked_types: Vec<String>,
    pushes: Vec<String>,
    layers: Vec<String>,
    sends: Vec<String>,
}

impl Knowledge {
    /// The knowledge that ships with the audit.
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Knowledge> = OnceLock::new();
        SHIPPED.get_or_init(table::shipped)
    }

    /// The same, with further paths that make calls.
    #[must_use]
    pub fn with(&self, extra: &[(String, String, bool)]) -> Self {
        let mut more = self.clone();
        for (client, path, is_call) in extra {
            more.add(client, path, *is_call);
        }
        more
    }

    fn add(&mut self, client: &str, path: &str, is_call: bool) {
        let name = client.replace('-', "_");
        let crate_index = *self.packages.entry(name.clone()).or_insert_with(|| {
            self.names.push(client.to_owned());
            self.words.push(name);
            self.type_names.push(Vec::new());
            self.module_names.push(Vec::new());
            self.names.len() - 1
        });
        let entry = Entry { crate_index, is_call, is_socket: false };
        self.learn_names(crate_index, path);
        self.entries.insert(path.to_owned(), entry);
    }

    fn learn_names(&mut self, crate_index: usize, path: &str) {
        let segments: Vec<&str> = path.split("::").collect();
        if let Some(last) = segments.last() {
            self.last_names.insert((*last).to_owned());
        }
        self.learn_prefixes(path);
        for name in segments.iter().skip(1).rev().skip(1) {
            let is_type = name.starts_with(char::is_uppercase);
            let names = if is_type { &mut self.type_names } else { &mut self.module_names };
            if !names[crate_index].iter().any(|known| known == name) {
                names[crate_index].push((*name).to_owned());
            }
        }
    }

    fn learn_prefixes(&mut self, path: &str) {
        let ends = path.match_indices("::").map(|(end, _)| end).chain([path.len()]);
        self.prefixes.extend(ends.map(|end| path[..end].to_owned()));
    }

    /// Whether a package is one of those that make calls.
    #[must_use]
    pub fn is_known_package(&self, package: &str) -> bool {
        self.packages.contains_key(&package.replace('-', "_")) || package == "egret"
    }

    /// The name in paths of a package, forks under the name of what they stand for.
    #[must_use]
    pub fn canonical(&self, package: &str) -> String {
        let name = package.replace('-', "_");
        match self.packages.get(&name) {
            Some(&index) => self.names[index].replace('-', "_"),
            None => name,
        }
    }

    /// The crate's name on crates.io.
    #[must_use]
    pub fn crate_name(&self, entry: &Entry) -> &str {
        &self.names[entry.crate_index]
    }

    /// The words of which a file must contain one to be looked at.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str).chain(["egret"])
    }

    /// The types of a package that make calls, by their last names.
    pub fn type_names(&self, package: &str) -> impl Iterator<Item = &str> {
        self.names_of(&self.type_names, package)
    }

    /// Its modules that hold such types.
    pub fn module_names(&self, package: &str) -> impl Iterator<Item = &str> {
        self.names_of(&self.module_names, package)
    }

    fn names_of<'a>(
        &'a self,
        names: &'a [Vec<String>],
        package: &str,
    ) -> impl Iterator<Item = &'a str> {
        let index = self.packages.get(&package.replace('-', "_"));
        index.into_iter().flat_map(|&index| &names[index]).map(String::as_str)
    }

    /// Whether a path with this last name may make a call: a quick no for most.
    #[must_use]
    pub fn may_end_in(&self, name: &str) -> bool {
        self.last_names.contains(name)
    }

    /// What a path does, if it makes calls.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<Entry> {
        self.entries.get(path).copied()
    }

    /// Whether anything is known behind a path: an entry, a type, or a module of them.
    #[must_use]
    pub fn is_path(&self, path: &str) -> bool {
        self.prefixes.contains(path)
    }

    /// What a type is for, if it matters.
    #[must_use]
    pub fn role(&self, path: &str) -> Option<Role> {
        self.types.get(path).copied()
    }

    /// What the function gives, where the table says so.
    #[must_use]
    pub fn returns(&self, path: &str) -> Option<&str> {
        self.returns.get(path).map(String::as_str)
    }

    /// Whether `into()` this type makes a client.
    #[must_use]
    pub fn comes_by_into(&self, path: &str) -> bool {
        self.into.contains(path)
    }

    /// The path behind a method that makes a client out of something that is none.
    #[must_use]
    pub fn constructing_method(&self, name: &str) -> Option<&str> {
        self.methods.get(name).map(String::as_str)
    }

    /// The traits that add sending methods to requests: their path, and the methods.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.extensions.iter().map(|(path, methods)| (path.as_str(), methods.as_slice()))
    }

    /// For types that build scripts write: the crate, the end of the type's name, the function.
    pub fn generated(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.generated.iter().map(|(package, suffix, function)| {
            (package.as_str(), suffix.as_str(), function.as_str())
        })
    }

    /// The crate that an entry of a package would have.
    #[must_use]
    pub fn entry_of_package(&self, package: &str, is_call: bool) -> Option<Entry> {
        let crate_index = *self.packages.get(&package.replace('-', "_"))?;
        Some(Entry { crate_index, is_call, is_socket: false })
    }

    /// Follows re-exports: of the same crate under another path, and of one HTTP crate by another
    /// package, as in `oauth2::reqwest::Client`.
    #[must_use]
    pub fn canonical_path(&self, mut path: Vec<String>) -> Vec<String> {
        // Egret's modules of such names are its own: `egret::ureq::middleware`.
        if path.len() < 2 || path[0] == "egret" {
            return path;
        }
        let prefix = format!("{}::{}", path[0], path[1]);
        if let Some(target) = self.aliases.get(&prefix) {
            path.splice(..2, target.split("::").map(str::to_owned));
        }
        if self.entries.contains_key(&path.join("::")) {
            return path;
        }
        // `rustify::clients::reqwest::Client` is a type of rustify's own: only what stands directly
        // behind the crate, or in a module that is there to hand others on, is taken for another.
        let at = 1 + path[1..].iter().take_while(|name| hands_on(name)).count();
        if path.get(at).is_some_and(|name| self.is_re_exported(name))
            && !self.is_known_module(&path, at)
        {
            let mut rest = path.split_off(at);
            rest[0] = self.canonical(&rest[0]);
            return rest;
        }
        path
    }

    fn is_re_exported(&self, name: &str) -> bool {
        self.packages.get(name).is_some_and(|&index| is_re_exported(&self.names[index]))
    }

    /// Whether a crate has a module of its own under the name of another crate.
    fn is_known_module(&self, path: &[String], at: usize) -> bool {
        self.packages
            .get(&path[0])
            .is_some_and(|&index| self.module_names[index].contains(&path[at]))
            && self.entries.contains_key(&path.join("::"))
    }
}

/// Crates whose names are everybody's modules, too.
const COINCIDENCES: &[&str] = &[
    "std",
    "tokio",
    "async-std",
    "smol",
    "async-net",
    "websocket",
    "curl",
    "httpclient",
    "worker",
    "mio",
];

/// Crates that others hand on under their own name; `std` and the like would be a coincidence.
fn is_re_exported(name: &str) -> bool {
    !COINCIDENCES.contains(&name)
}

/// Modules that crates keep for what they hand on: `tame_index::external::reqwest`.
fn hands_on(module: &str) -> bool {
    matches!(
        module,
        "external"
            | "re_exports"
            | "reexports"
            | "re_export"
            | "reexport"
            | "export"
            | "exports"
            | "deps"
            | "third_party"
            | "vendor"
            | "prelude"
            | "__private"
            | "__reexport"
    )
}

impl Covers {
    /// All paths in the table.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let lists = [
            &self.handles,
            &self.covers,
            &self.born,
            &self.around,
            &self.middlewares,
            &self.stacks,
            &self.continues,
            &self.whole,
            &self.empty,
            &self.stacked_types,
        ];
        lists.into_iter().flatten().map(String::as_str)
    }

    fn has(list: &[String], path: &str) -> bool {
        list.iter().any(|known| match known.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => known == path,
        })
    }

    /// The type of the handle that a function gives, if it gives one.
    #[must_use]
    pub fn handle_of(&self, path: &str) -> Option<&str> {
        Self::has(&self.handles, path).then_some(&self.handle)
    }

    /// Whether a method of that name may give something that is covered from the start.
    #[must_use]
    pub fn may_be_born_by(&self, method: &str) -> bool {
        let mut methods = self.born.iter().filter_map(|path| path.strip_prefix(&self.handle));
        methods.any(|name| name.strip_prefix("::") == Some(method))
    }

    /// Whether it takes a client and covers it.
    #[must_use]
    pub fn is_cover(&self, path: &str) -> bool {
        Self::has(&self.covers, path)
    }

    /// Whether what it gives is covered from the start.
    #[must_use]
    pub fn is_born_covered(&self, path: &str) -> bool {
        Self::has(&self.born, path)
    }

    /// Whether a call in its arguments is seen.
    #[must_use]
    pub fn is_around(&self, path: &str) -> bool {
        Self::has(&self.around, path)
    }

    /// Whether it is a middleware of egret's.
    #[must_use]
    pub fn is_middleware(&self, path: &str) -> bool {
        Self::has(&self.middlewares, path)
    }

    /// Whether it takes a client and begins a stack.
    #[must_use]
    pub fn is_stack(&self, path: &str) -> bool {
        Self::has(&self.stacks, path)
    }

    /// Whether it takes a client with a stack and goes on with it.
    #[must_use]
    pub fn continues_stack(&self, path: &str) -> bool {
        Self::has(&self.continues, path)
    }

    /// Whether it takes a client and its whole stack.
    #[must_use]
    pub fn is_whole(&self, path: &str) -> bool {
        Self::has(&self.whole, path)
    }

    /// Whether it takes a client and gives it an empty stack.
    #[must_use]
    pub fn is_empty_stack(&self, path: &str) -> bool {
        Self::has(&self.empty, path)
    }

    /// Whether a raw client that turns into this type has an empty stack.
    #[must_use]
    pub fn is_stacked_type(&self, path: &str) -> bool {
        Self::has(&self.stacked_types, path)
    }

    /// Whether the method puts something into a stack.
    #[must_use]
    pub fn is_push(&self, method: &str) -> bool {
        Self::has(&self.pushes, method)
    }

    /// Whether the method puts a layer around a client.
    #[must_use]
    pub fn is_layer(&self, method: &str) -> bool {
        Self::has(&self.layers, method)
    }

    /// Whether the method sends.
    #[must_use]
    pub fn is_send(&self, method: &str) -> bool {
        Self::has(&self.sends, method)
    }
}
