//! Finds out what names mean, across the modules, crates and re-exports of a workspace.
//! It never guesses where the answer is not in the sources: what it cannot resolve has no answer.

mod expected;
mod holders;
mod impls;
mod infer;
mod names;
mod paths;
mod sites;
mod types;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

pub(crate) use holders::{is_transparent, is_wrapper};
pub use sites::{Found, Symbol};
pub use types::Ty;

use crate::knowledge::Knowledge;
use crate::load::{File, Sources};
use crate::syntax::{Item, ItemId, ItemKind, Node, NodeId, ScopeId, Tree};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Def {
    /// A module of the workspace: a file, and the scope in it.
    Module(usize, ScopeId),
    /// An item of the workspace.
    Item(usize, ItemId),
    /// A variant of an enum of the workspace.
    Variant(usize, ItemId, String),
    /// A path into a crate whose sources are elsewhere; the crate's name first.
    Foreign(Vec<String>),
    /// A type parameter.
    Generic(usize, ScopeId, String),
}

/// What a name is looked up as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Modules and types.
    Type,
    /// Functions, statics, constructors.
    Value,
}

/// A name that is looked up in a module or block, from inside of it or not.
type Lookup = (usize, ScopeId, String, Space, bool);

/// A method's place: the file, the implementation or trait, and the function.
type Member = (usize, ItemId);

/// Everything that names are resolved with.
pub struct Resolver<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// What is known of other crates.
    pub knowledge: &'a Knowledge,
    /// Names that were looked up in modules.
    memo: RefCell<HashMap<Lookup, Option<Def>>>,
    /// Lookups that are under way: a name that leads back to itself has no meaning there.
    active: RefCell<HashSet<Lookup>>,
    /// Lookups inside of the one under way that found nothing, and met a cycle.
    fruitless: RefCell<HashSet<Lookup>>,
    /// Whether a lookup gave up at a cycle; its result then holds only for the caller.
    cycles: RefCell<usize>,
    /// Paths that are being followed inside of each other: types can name each other in circles.
    depth: Cell<usize>,
    inferred: RefCell<HashMap<(usize, NodeId), Ty>>,
    impls: impls::Impls,
    members: RefCell<HashMap<(usize, ScopeId), Rc<names::Members<'a>>>>,
    /// The root files of libraries, by package.
    libraries: HashMap<usize, usize>,
    /// Names that imports give to something of another name.
    renames: HashSet<&'a str>,
    /// From a name to those that imports give to something of that name.
    renamed: HashMap<&'a str, HashSet<&'a str>>,
}

impl<'a> Resolver<'a> {
    /// Prepares names for looking up.
    #[must_use]
    pub fn new(sources: &'a Sources, knowledge: &'a Knowledge) -> Self {
        let mut resolver = Self {
            sources,
            knowledge,
            memo: RefCell::default(),
            active: RefCell::default(),
            fruitless: RefCell::default(),
            cycles: RefCell::default(),
            depth: Cell::new(0),
            inferred: RefCell::default(),
            impls: impls::Impls::default(),
            members: RefCell::default(),
            libraries: HashMap::default(),
            renames: renames(sources).map(|(_, new)| new).collect(),
            renamed: HashMap::default(),
        };
        for krate in sources.crates.iter().filter(|krate| krate.is_library) {
            resolver.libraries.entry(krate.package).or_insert(krate.root);
        }
        for (name, new) in renames(sources) {
            resolver.renamed.entry(name).or_default().insert(new);
        }
        resolver.impls = impls::collect(&resolver);
        resolver
    }

    /// A file.
    #[must_use]
    pub fn file(&self, file: usize) -> &'a File {
        &self.sources.files[file]
    }

    /// A file's tree; files without one have an empty tree.
    #[must_use]
    pub fn tree(&self, file: usize) -> &'a Tree {
        static EMPTY: std::sync::OnceLock<Tree> = std::sync::OnceLock::new();
        let empty = || EMPTY.get_or_init(|| crate::syntax::scan_tokens(""));
        self.sources.files[file].tree.as_ref().unwrap_or_else(|| empty())
    }

    /// An item of a file.
    #[must_use]
    pub fn item(&self, file: usize, item: ItemId) -> &'a Item {
        self.tree(file).item(item)
    }

    /// An expression of a file.
    #[must_use]
    pub fn node(&self, file: usize, node: NodeId) -> &'a Node {
        &self.tree(file).nodes[node.index()]
    }

    /// The function of a member.
    #[must_use]
    pub fn function(&self, file: usize, item: ItemId) -> Option<&'a crate::syntax::Function> {
        match &self.item(file, item).kind {
            ItemKind::Function(function) => Some(function),
            _ => None,
        }
    }
}

impl Resolver<'_> {
    /// A name, and every name that an import gives to something of that name.
    #[must_use]
    pub fn names_of(&self, name: &str) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        names.extend(self.renamed.get(name).into_iter().flatten().map(|new| (*new).to_owned()));
        names
    }

    /// The function of that name that belongs to a type.
    #[must_use]
    pub fn associated_of(&self, ty: &Ty, name: &str) -> Option<(usize, ItemId)> {
        match ty.peeled() {
            Ty::Def(def, _) => self.associated(def, name, None),
            _ => None,
        }
    }
}

/// Every import that gives a new name: the old one, and the new.
fn renames(sources: &Sources) -> impl Iterator<Item = (&str, &str)> {
    let items = sources.files.iter().flat_map(|file| &file.tree).flat_map(|tree| &tree.items);
    items.filter_map(|item| match &item.kind {
        ItemKind::Use { path, is_glob: false } if path.last() != Some(&item.name) => {
            Some((path.last()?, item.name.as_str()))
        }
        _ => None,
    })
}
