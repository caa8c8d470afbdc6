//! The shapes that a parsed file is turned into: scopes, items, and a flat list of expressions.
//! They never hold a span or a token: lines and columns are numbers, so that trees can be dropped.

use super::names::{Path, Type};

/// A line and a column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos {
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its list.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The next index of a list.
            #[must_use]
            pub fn after(len: usize) -> Self {
                Self(u32::try_from(len).unwrap_or(u32::MAX))
            }
        }
    };
}

index!(
    /// An expression of a tree.
    NodeId
);
index!(
    /// A scope of a tree. The file's own is 0.
    ScopeId
);
index!(
    /// An item of a tree.
    ItemId
);
index!(
    /// A local variable of a tree.
    BindingId
);

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

/// An expression.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The expression around it; none at the top of a body.
    pub parent: Option<NodeId>,
    /// Where it starts.
    pub pos: Pos,
    /// Where names in it are looked up.
    pub scope: ScopeId,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A path that is no local variable.
    Path(Path),
    /// A local variable.
    Local(BindingId),
    /// `callee(args)`.
    Call {
        /// What is called.
        callee: NodeId,
        /// The arguments.
        args: Vec<NodeId>,
    },
    /// `receiver.name::<generics>(args)`.
    Method {
        /// What the method is called on.
        receiver: NodeId,
        /// The method.
        name: String,
        /// Its type arguments.
        generics: Vec<Type>,
        /// The arguments.
        args: Vec<NodeId>,
    },
    /// `base.name`.
    Field {
        /// The struct.
        base: NodeId,
        /// The field's name or number.
        name: String,
    },
    /// `Path { field: value, ..rest }`.
    Struct {
        /// The struct's path.
        path: Path,
        /// The fields.
        fields: Vec<(String, NodeId)>,
        /// What the rest comes from.
        rest: Option<NodeId>,
    },
    /// Statements; the last one is the value unless it ends with a semicolon.
    Block {
        /// All statements but the value.
        statements: Vec<NodeId>,
        /// The value.
        tail: Option<NodeId>,
        /// Whether it is `async`: its `return` is its own.
        is_async: bool,
    },
    /// `let pattern = init else { .. }`, as a statement or a condition.
    Let {
        /// What is bound.
        pattern: Pattern,
        /// The declared type.
        ty: Option<Type>,
        /// The value.
        init: Option<NodeId>,
        /// The `else` branch.
        diverge: Option<NodeId>,
    },
    /// `|params| body`.
    Closure {
        /// The parameters, with their types.
        params: Vec<(Pattern, Option<Type>)>,
        /// The body.
        body: NodeId,
    },
    /// `if cond { then } else { other }`.
    If {
        /// The condition.
        condition: NodeId,
        /// The first branch.
        then: NodeId,
        /// The other branch.
        other: Option<NodeId>,
    },
    /// `match scrutinee { .. }`.
    Match {
        /// What is looked at.
        scrutinee: NodeId,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// `for pattern in iterator { body }`.
    For {
        /// What each element is bound to.
        pattern: Pattern,
        /// The iterator.
        iterator: NodeId,
        /// The body.
        body: NodeId,
    },
    /// `return value`.
    Return(Option<NodeId>),
    /// `break 'label value`.
    Break {
        /// The value.
        value: Option<NodeId>,
        /// The loop or block that it ends.
        target: Option<NodeId>,
    },
    /// An operator that leaves the client what it is.
    Through(Through, NodeId),
    /// `place = value`.
    Assign {
        /// What is assigned to.
        place: NodeId,
        /// The value.
        value: NodeId,
    },
    /// `(a, b)`.
    Tuple(Vec<NodeId>),
    /// `[a, b]`, `vec![a, b]`.
    Array(Vec<NodeId>),
    /// `base[index]`.
    Index(NodeId, NodeId),
    /// A macro call with what could be parsed of its arguments.
    Macro {
        /// The macro's path.
        path: Path,
        /// The expressions in it.
        args: Vec<NodeId>,
        /// Whether the arguments are all understood; else a use in them may be missing.
        is_parsed: bool,
    },
    /// A literal; strings with their text.
    Literal(Option<String>),
    /// Anything else, with the expressions in it.
    Other(Vec<NodeId>),
}

/// An operator around an expression that changes nothing about whose client it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Through {
    /// `&x`, `&mut x`.
    Reference,
    /// `*x`.
    Dereference,
    /// `x?`.
    Try,
    /// `x.await`.
    Await,
    /// `x as T`.
    Cast(Type),
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it matches.
    pub pattern: Pattern,
    /// Its value.
    pub body: NodeId,
}

/// A pattern.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `name`, `name @ inner`.
    Binding(BindingId, Option<Box<Pattern>>),
    /// `(a, b)`.
    Tuple(Vec<Pattern>),
    /// `Path(a, b)`.
    TupleStruct(Path, Vec<Pattern>),
    /// `Path { a, b: c }`.
    Struct(Path, Vec<(String, Pattern)>),
    /// `a | b`.
    Or(Vec<Pattern>),
    /// `pattern: T`.
    Typed(Box<Pattern>, Type),
    /// `[a, b]`.
    Slice(Vec<Pattern>),
    /// Anything that binds nothing.
    Other,
}

/// A local variable.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// Its type, where it is written.
    pub ty: Option<Type>,
    /// Where its value comes from.
    pub origin: Origin,
    /// The way from there into the value.
    pub steps: Vec<Step>,
    /// Where it is named later, in the order of the source.
    pub uses: Vec<NodeId>,
    /// Where types in it are looked up.
    pub scope: ScopeId,
}

/// Where a local variable's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A `let`, or a condition's.
    Let(NodeId),
    /// A function's parameter.
    Param(ItemId, u32),
    /// A method's `self`.
    This(ItemId),
    /// A closure's parameter.
    Closure(NodeId, u32),
    /// An arm of the `match`.
    Match(NodeId),
    /// An element of the loop's iterator.
    For(NodeId),
}

/// One step into a value that a pattern takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The element of a tuple.
    Element(usize),
    /// A field of a struct or variant, with the path as written.
    Field(Path, String),
    /// An element of a slice.
    Item,
}
