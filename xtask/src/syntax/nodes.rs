//! The shapes of what stands in bodies: expressions, patterns, local variables.
//! They never hold a span or a token, as all of the tree.

use super::ids::{BindingId, ItemId, NodeId, Pos, ScopeId};
use super::names::{Path, Type};

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
