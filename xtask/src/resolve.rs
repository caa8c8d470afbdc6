//! Finds out what names mean, across the modules, crates and re-exports of a workspace.
//! It never guesses where the answer is not in the sources: what it cannot resolve has no answer.

mod expected;
mod impls;
mod infer;
mod names;
mod paths;
mod sites;
mod types;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

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

/// A method's place: the file, the implementation or trait, and the function.
type Member = (usize, ItemId);

/// Everything that names are resolved with.
pub struct Resolver<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// What is known of other crates.
    pub knowledge: &'a Knowledge,
    /// Names that were looked up in modules.
    memo: RefCell<HashMap<(usize, ScopeId, String, Space), Option<Def>>>,
    /// Lookups that are under way: a name that leads back to itself has no meaning there.
    active: RefCell<HashSet<(usize, ScopeId, String, Space)>>,
    /// Whether a lookup gave up at a cycle; its result then holds only for the caller.
    cycles: RefCell<usize>,
    inferred: RefCell<HashMap<(usize, NodeId), Ty>>,
    impls: impls::Impls,
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
            cycles: RefCell::default(),
            inferred: RefCell::default(),
            impls: impls::Impls::default(),
        };
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
