//! The shapes that a parsed file is turned into: scopes, items, and a flat list of expressions.
//! They never hold a span or a token: lines and columns are numbers, so that trees can be dropped.

use super::ids::{BindingId, ItemId, NodeId, Pos, ScopeId};
use super::names::{Path, Type};
use super::nodes::{Binding, Node, Pattern};

/// One file.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The file's scope first, outer ones before inner ones.
    pub scopes: Vec<Scope>,
    /// Every item, wherever it stands.
    pub items: Vec<Item>,
    /// Every expression of every body, parents before children.
    pub nodes: Vec<Node>,
    /// Every local variable.
    pub bindings: Vec<Binding>,
    /// Macro calls whose arguments were not understood, by line: only their paths were taken.
    pub n_opaque_macros: usize,
}

/// Something that names are looked up in.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// What it is.
    pub kind: ScopeKind,
    /// The items that stand directly in it.
    pub items: Vec<ItemId>,
    /// Type parameters that it brings.
    pub generics: Vec<Generic>,
    /// Whether the code in it exists only in test builds.
    pub is_test: bool,
}

/// What kind of scope it is; modules end the search for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The file, or `mod name { .. }`.
    Module(String),
    /// A block with items of its own.
    Block,
    /// A function's parameters and body.
    Function(ItemId),
    /// An implementation.
    Impl(ItemId),
    /// A trait.
    Trait(ItemId),
    /// A type with parameters.
    Type(ItemId),
}

/// A type parameter.
#[derive(Clone, Debug)]
pub struct Generic {
    /// Its name.
    pub name: String,
    /// The traits that it is bound by, where they stand beside it.
    pub bounds: Vec<Path>,
}

/// Something with a name.
#[derive(Clone, Debug)]
pub struct Item {
    /// The name that it brings into its scope; `*` for globs, empty for implementations.
    pub name: String,
    /// Where it starts, behind its attributes.
    pub pos: Pos,
    /// The scope that it stands in.
    pub scope: ScopeId,
    /// Whether it is `pub` in any way.
    pub is_public: bool,
    /// Whether it exists only in test builds.
    pub is_test: bool,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// One leaf of a `use`.
    Use {
        /// The whole path; for globs, the module's.
        path: Path,
        /// Whether it ends in `*`.
        is_glob: bool,
    },
    /// `extern crate name`.
    ExternCrate(String),
    /// A module; out of line when it has no scope.
    Module(Option<ScopeId>),
    /// A function, method or associated function.
    Function(Function),
    /// A struct or union.
    Struct {
        /// Its fields.
        fields: Vec<Field>,
        /// The derives, with the line of each.
        derives: Vec<(String, Pos)>,
        /// Its own scope, for its parameters.
        scope: ScopeId,
    },
    /// An enum: its variants with their fields.
    Enum {
        /// The variants.
        variants: Vec<(String, Vec<Field>)>,
        /// Its own scope, for its parameters.
        scope: ScopeId,
    },
    /// `type Name<..> = T`, also in implementations.
    Alias {
        /// The type that it stands for; none in a trait without default.
        ty: Option<Type>,
        /// Its own scope, for its parameters.
        scope: ScopeId,
    },
    /// A trait.
    Trait(ScopeId),
    /// An implementation.
    Impl(Impl),
    /// A `static` or `const`.
    Value {
        /// Its type.
        ty: Type,
        /// What it is set to.
        init: Option<NodeId>,
    },
    /// `macro_rules!`: bodies that parse.
    Macro(Vec<NodeId>),
    /// A macro call in item position: what was made of it, beside the items in it.
    MacroCall(Vec<NodeId>),
    /// `include!("file")`.
    Include(String),
    /// Macro that stands for generated code: `tonic::include_proto!`.
    Generated,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The parameters without `self`.
    pub params: Vec<Param>,
    /// The binding of `self`, for methods.
    pub this: Option<BindingId>,
    /// The result, as written.
    pub output: Option<Type>,
    /// The body.
    pub body: Option<NodeId>,
    /// The scope of its parameters.
    pub scope: ScopeId,
    /// The implementation or trait around it.
    pub owner: Option<ItemId>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// What it is bound to.
    pub pattern: Pattern,
    /// Its type.
    pub ty: Type,
}

/// An implementation.
#[derive(Clone, Debug)]
pub struct Impl {
    /// The trait, if there is one.
    pub of_trait: Option<Path>,
    /// The type.
    pub ty: Type,
    /// The scope of its items.
    pub scope: ScopeId,
}

/// A field of a struct or variant.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name, or its number.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether a deserializer fills it in by `Default`.
    pub is_skipped: bool,
}
