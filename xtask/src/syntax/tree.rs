//! Parses one file and lowers it. A file that does not parse is still searched token by token.
//! It never recurses deeper than the stack of its thread allows: what nests too deep is refused.

use std::fmt;

use proc_macro2::Span;

use super::edition;
use super::ids::{BindingId, ItemId, NodeId, Pos, ScopeId};
use super::ir::{Item, ItemKind, Scope, ScopeKind, Tree};
use super::names::{Path, Type};
use super::nodes::{Binding, Node, NodeKind, Origin, Step};
use super::tolerant::{self, Mention};

/// Why a file could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its brackets or operators nest deeper than any code does.
    TooDeep,
    /// It is not Rust, or a template with holes.
    Syntax {
        /// Where the parser gave up.
        line: usize,
        /// What it said.
        message: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(f, "nests too deeply to be parsed"),
            Self::Syntax { line, message } => {
                write!(f, "does not parse at line {line}: {message}")
            }
        }
    }
}

/// Parses and lowers a file. The caller's thread needs a large stack: 64 MiB is enough.
///
/// # Errors
/// When the text is not valid Rust, or nests too deeply.
pub fn parse(text: &str) -> Result<Tree, Refused> {
    if tolerant::is_too_deep(text.as_bytes()) {
        return Err(Refused::TooDeep);
    }
    // Spans of earlier files are done with; without this, their texts would pile up.
    proc_macro2::extra::invalidate_current_thread_spans();
    let mut lower = Lower::new();
    match syn::parse_file(text).or_else(|error| edition::parse_2015(text).ok_or(error)) {
        Ok(file) => {
            lower.tree.scopes[0].is_test |= super::attributes::only_for_tests(&file.attrs);
            lower.items(&file.items);
        }
        Err(error) => {
            // A file that `include!` puts into the middle of an expression.
            let Ok(value) = syn::parse_str::<syn::Expr>(text) else {
                let line = error.span().start().line;
                return Err(Refused::Syntax { line, message: error.to_string() });
            };
            let node = lower.expression(&value, None);
            lower.item("", Pos::default(), ItemKind::MacroCall(vec![node]));
        }
    }
    Ok(lower.tree)
}

/// What can be told of a file that does not parse: its imports, and every path in it.
#[must_use]
pub fn scan_tokens(text: &str) -> Tree {
    let (imports, mentions) = tolerant::mentions(text.as_bytes());
    let mut lower = Lower::new();
    for import in imports {
        proc_macro2::extra::invalidate_current_thread_spans();
        let item = syn::parse_str::<syn::ItemUse>(&import).ok();
        if let Some(item) = item.or_else(|| edition::parse_2015(&import)) {
            lower.items(&[syn::Item::Use(item)]);
        }
    }
    let mut found = Vec::new();
    for Mention { path, pos } in mentions {
        found.push(lower.push_at(NodeKind::Path(Path::of(path)), None, pos));
    }
    lower.item("", Pos::default(), ItemKind::MacroCall(found));
    lower.tree.n_opaque_macros = 1;
    lower.tree
}

/// What a `break` can end.
struct Breakable {
    label: Option<String>,
    is_loop: bool,
    node: NodeId,
}

/// The state of lowering one file.
pub(super) struct Lower {
    pub(super) tree: Tree,
    /// Local variables in sight, innermost last.
    pub(super) locals: Vec<(String, BindingId)>,
    /// Loops and labelled blocks around, innermost last.
    breakables: Vec<Breakable>,
    /// The scope that is being filled.
    pub(super) scope: ScopeId,
    /// The implementation or trait around the items being lowered.
    pub(super) owner: Option<ItemId>,
}

impl Lower {
    fn new() -> Self {
        let file = Scope {
            parent: None,
            kind: ScopeKind::Module(String::new()),
            items: Vec::new(),
            generics: Vec::new(),
            is_test: false,
        };
        let tree = Tree { scopes: vec![file], ..Tree::default() };
        Self { tree, locals: Vec::new(), breakables: Vec::new(), scope: ScopeId(0), owner: None }
    }

    pub(super) fn is_test(&self) -> bool {
        self.tree.scopes[self.scope.index()].is_test
    }

    /// Runs `fill` in a new scope inside of the present one.
    pub(super) fn in_scope<T>(
        &mut self,
        kind: ScopeKind,
        is_test: bool,
        fill: impl FnOnce(&mut Self, ScopeId) -> T,
    ) -> T {
        let id = ScopeId::after(self.tree.scopes.len());
        let is_test = is_test || self.is_test();
        let parent = Some(self.scope);
        let scope = Scope { parent, kind, items: Vec::new(), generics: Vec::new(), is_test };
        self.tree.scopes.push(scope);
        let outer = std::mem::replace(&mut self.scope, id);
        let value = fill(self, id);
        self.scope = outer;
        value
    }

    /// Runs `fill` without the local variables in sight: items do not see them.
    pub(super) fn without_locals<T>(&mut self, fill: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.locals);
        let value = fill(self);
        self.locals = outer;
        value
    }

    /// Runs `fill`, and forgets the local variables that it brought.
    pub(super) fn in_block<T>(&mut self, fill: impl FnOnce(&mut Self) -> T) -> T {
        let n_outer = self.locals.len();
        let value = fill(self);
        self.locals.truncate(n_outer);
        value
    }

    /// Runs `fill` for the body of a loop or a labelled block.
    pub(super) fn breakable<T>(
        &mut self,
        label: Option<&syn::Label>,
        is_loop: bool,
        node: NodeId,
        fill: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let label = label.map(|label| label.name.ident.to_string());
        self.breakables.push(Breakable { label, is_loop, node });
        let value = fill(self);
        self.breakables.pop();
        value
    }

    /// What a `break` with that label ends; without one, the innermost loop.
    pub(super) fn target(&self, label: Option<&syn::Ident>) -> Option<NodeId> {
        let is_it = |one: &&Breakable| match label {
            Some(label) => one.label.as_ref().is_some_and(|known| label == known),
            None => one.is_loop,
        };
        self.breakables.iter().rev().find(is_it).map(|one| one.node)
    }

    pub(super) fn push(&mut self, kind: NodeKind, parent: Option<NodeId>, span: Span) -> NodeId {
        self.push_at(kind, parent, at(span))
    }

    pub(super) fn push_at(&mut self, kind: NodeKind, parent: Option<NodeId>, pos: Pos) -> NodeId {
        let id = NodeId::after(self.tree.nodes.len());
        self.tree.nodes.push(Node { kind, parent, pos, scope: self.scope });
        id
    }

    pub(super) fn set(&mut self, id: NodeId, kind: NodeKind) -> NodeId {
        self.tree.nodes[id.index()].kind = kind;
        id
    }

    pub(super) fn item(&mut self, name: &str, pos: Pos, kind: ItemKind) -> ItemId {
        let id = ItemId::after(self.tree.items.len());
        let is_test = self.is_test();
        let scope = self.scope;
        let name = name.to_owned();
        self.tree.items.push(Item { name, pos, scope, is_public: false, is_test, kind });
        self.tree.scopes[scope.index()].items.push(id);
        id
    }

    pub(super) fn bind(
        &mut self,
        name: String,
        ty: Option<Type>,
        origin: Origin,
        steps: Vec<Step>,
    ) -> BindingId {
        let id = BindingId::after(self.tree.bindings.len());
        let scope = self.scope;
        let binding = Binding { name: name.clone(), ty, origin, steps, uses: Vec::new(), scope };
        self.tree.bindings.push(binding);
        self.locals.push((name, id));
        id
    }

    /// The local variable of that name, innermost first.
    pub(super) fn local(&self, name: &str) -> Option<BindingId> {
        self.locals.iter().rev().find(|(known, _)| known == name).map(|&(_, id)| id)
    }
}

pub(super) fn at(span: Span) -> Pos {
    let start = span.start();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Pos { line: number(start.line), column: number(start.column + 1) }
}
