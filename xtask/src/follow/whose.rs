//! Whose a middleware is, by its type, its variable, or the function that gives it.
//! It never follows a client.

use super::Follower;
use super::stack::{State, Whose};
use crate::resolve::{Def, Space, Ty, is_transparent};
use crate::syntax::{BindingId, ItemId, NodeId, NodeKind, Origin, Through};

/// Functions that give what others give: nobody hides a middleware so deeply.
const MAX_DEPTH: usize = 24;

impl Follower<'_> {
    /// Whose a middleware is, by the type of the expression.
    pub(super) fn whose(&self, file: usize, node: NodeId) -> Whose {
        self.whose_at(file, node, MAX_DEPTH)
    }

    fn whose_at(&self, file: usize, node: NodeId, left: usize) -> Whose {
        let Some(left) = left.checked_sub(1) else {
            return Whose::Unsure;
        };
        let at = self.resolver.node(file, node);
        if let NodeKind::Call { callee, args } = &at.kind
            && let Some(path) = self.callee_path(file, *callee)
        {
            if self.is_ours(&path) {
                return Whose::Ours;
            }
            let names: Vec<String> = path.split("::").map(str::to_owned).collect();
            if crate::resolve::is_wrapper(&names)
                && let Some(inner) = args.last()
            {
                return self.whose_at(file, *inner, left);
            }
        }
        if let NodeKind::Through(operator, inner) = &at.kind {
            let inner = self.whose_at(file, *inner, left);
            // `as Arc<dyn Middleware>` hides a type that stands in front of it.
            if !matches!(operator, Through::Cast(_)) || inner != Whose::Unsure {
                return inner;
            }
        }
        if let NodeKind::Method { receiver, name, .. } = &at.kind
            && let Some(of) = self.resolver.type_of(file, *receiver).peeled().foreign()
            && self.is_ours(&format!("{of}::{name}"))
        {
            return Whose::Ours;
        }
        let ty = self.resolver.type_of(file, node);
        match ty.peeled() {
            Ty::Def(Def::Item(to, item), _) => {
                let path = self.path_of_item(*to, *item);
                if self.is_ours(&path) {
                    Whose::Ours
                } else if self.is_trait(*to, *item) {
                    self.whose_by_source(file, node, left)
                } else {
                    Whose::Others
                }
            }
            Ty::Def(Def::Foreign(path), _) => {
                let whole = path.join("::");
                if self.is_ours(&whole) {
                    Whose::Ours
                } else if whole.ends_with("::Middleware") {
                    self.whose_by_source(file, node, left)
                } else {
                    Whose::Others
                }
            }
            _ => self.whose_by_path(file, node, left),
        }
    }

    fn whose_by_path(&self, file: usize, node: NodeId, left: usize) -> Whose {
        let at = self.resolver.node(file, node);
        match &at.kind {
            // `Retry::new()` of a crate of others, whose result no table knows.
            NodeKind::Call { callee, .. } => match self.callee_path(file, *callee) {
                Some(_) if self.function_called(file, *callee).is_some() => {
                    self.whose_by_source(file, node, left)
                }
                Some(_) => Whose::Others,
                None => self.whose_by_name(file, *callee),
            },
            // `egret::tower_client().around_retries()`: a setting of a layer leaves it what it is.
            NodeKind::Method { receiver, .. } => match self.whose_at(file, *receiver, left) {
                Whose::Ours => Whose::Ours,
                _ => self.whose_by_path(file, *receiver, left),
            },
            NodeKind::Closure { .. } | NodeKind::Struct { .. } | NodeKind::Path(_) => Whose::Others,
            _ => self.whose_by_source(file, node, left),
        }
    }

    /// What a variable was set to, or what a function of the workspace gives.
    fn whose_by_source(&self, file: usize, node: NodeId, left: usize) -> Whose {
        match &self.resolver.node(file, node).kind {
            NodeKind::Local(binding) => match self.only_init_of(file, *binding) {
                Some(init) => self.whose_at(file, init, left),
                None => Whose::Unsure,
            },
            NodeKind::Block { tail: Some(tail), .. } => self.whose_at(file, *tail, left),
            NodeKind::Method { receiver, name, .. } if is_transparent(name) => {
                self.whose_at(file, *receiver, left)
            }
            NodeKind::Call { callee, .. } => match self.function_called(file, *callee) {
                Some((file, body)) => self.whose_at(file, body, left),
                None => Whose::Unsure,
            },
            _ => Whose::Unsure,
        }
    }

    /// What a variable is set to, if that is the only time.
    fn only_init_of(&self, file: usize, binding: BindingId) -> Option<NodeId> {
        let tree = self.resolver.tree(file);
        let is_set_again = tree.bindings[binding.index()].uses.iter().any(|at| {
            tree.nodes[at.index()].parent.is_some_and(|parent| {
                matches!(&tree.nodes[parent.index()].kind,
                    NodeKind::Assign { place, .. } if place == at)
            })
        });
        if is_set_again { None } else { self.init_of(file, binding) }
    }

    /// The body of a function of the workspace that gives one thing, whatever way it takes.
    fn function_called(&self, file: usize, callee: NodeId) -> Option<(usize, NodeId)> {
        let node = self.resolver.node(file, callee);
        let NodeKind::Path(path) = &node.kind else {
            return None;
        };
        let Def::Item(to, item) = self.resolver.path(file, node.scope, path, Space::Value)? else {
            return None;
        };
        let body = self.resolver.function(to, item)?.body?;
        (!self.has_return(to, body)).then_some((to, body))
    }

    fn has_return(&self, file: usize, body: NodeId) -> bool {
        let nodes = &self.resolver.tree(file).nodes;
        nodes.iter().filter(|node| matches!(node.kind, NodeKind::Return(_))).any(|node| {
            let mut at = node.parent;
            while let Some(id) = at.filter(|id| *id != body) {
                at = nodes[id.index()].parent;
            }
            at.is_some()
        })
    }

    /// The stack of `ClientWithMiddleware::new(client, stack)`.
    pub(super) fn whole_stack(&self, file: usize, node: NodeId) -> State {
        self.stack_at(State::EMPTY, file, node, MAX_DEPTH)
    }

    fn stack_at(&self, state: State, file: usize, node: NodeId, left: usize) -> State {
        let Some(left) = left.checked_sub(1) else {
            return state.with(Whose::Unsure);
        };
        let go = |file, node| self.stack_at(state, file, node, left);
        match &self.resolver.node(file, node).kind {
            NodeKind::Array(parts) => {
                parts.iter().fold(state, |state, part| state.with(self.whose(file, *part)))
            }
            NodeKind::Call { callee, args } => {
                if let Some((file, body)) = self.function_called(file, *callee) {
                    return go(file, body);
                }
                let path = self.callee_path(file, *callee).unwrap_or_default();
                match args.as_slice() {
                    _ if is_empty_row(&path) => state,
                    [inner] if path.ends_with("::new") || path.ends_with("::from") => {
                        go(file, *inner)
                    }
                    _ => state.with(Whose::Unsure),
                }
            }
            NodeKind::Method { receiver, name, .. }
                if is_transparent(name)
                    || matches!(
                        name.as_str(),
                        "into" | "into_boxed_slice" | "to_vec" | "collect"
                    ) =>
            {
                go(file, *receiver)
            }
            NodeKind::Through(_, inner) => go(file, *inner),
            NodeKind::Block { tail: Some(tail), .. } => go(file, *tail),
            NodeKind::Local(binding) => match self.only_init_of(file, *binding) {
                Some(init) => self.with_pushed(go(file, init), file, *binding),
                None => state.with(Whose::Unsure),
            },
            _ => state.with(Whose::Unsure),
        }
    }

    /// What `push` adds to the stack that a variable holds.
    fn with_pushed(&self, mut state: State, file: usize, binding: BindingId) -> State {
        for at in &self.resolver.tree(file).bindings[binding.index()].uses {
            let Some(parent) = self.resolver.node(file, *at).parent else {
                continue;
            };
            if let NodeKind::Method { receiver, name, args, .. } =
                &self.resolver.node(file, parent).kind
                && receiver == at
            {
                state = match (name.as_str(), args.as_slice()) {
                    // In a branch it may be left out.
                    ("push", [one]) if self.is_always(file, parent, binding) => {
                        state.with(self.whose(file, *one))
                    }
                    ("push" | "insert" | "extend" | "append" | "extend_from_slice", _) => {
                        state.with(Whose::Unsure)
                    }
                    _ => state,
                };
            }
        }
        state
    }

    /// Whether a statement stands in the block in which the variable is declared.
    fn is_always(&self, file: usize, statement: NodeId, binding: BindingId) -> bool {
        let block = self.resolver.node(file, statement).parent;
        match self.resolver.tree(file).bindings[binding.index()].origin {
            Origin::Let(declared) => self.resolver.node(file, declared).parent == block,
            _ => false,
        }
    }

    /// `Cache::new(..)` of which nothing else is known: the type's name is there to be approved.
    fn whose_by_name(&self, file: usize, callee: NodeId) -> Whose {
        let NodeKind::Path(path) = &self.resolver.node(file, callee).kind else {
            return Whose::Unsure;
        };
        let of = path.segments.len().checked_sub(2).map(|at| path.segments[at].name.as_str());
        match of.filter(|of| of.starts_with(char::is_uppercase)) {
            Some(of) if self.is_ours(of) => Whose::Ours,
            Some(_) => Whose::Others,
            None => Whose::Unsure,
        }
    }

    fn is_ours(&self, path: &str) -> bool {
        self.resolver.knowledge.covers.is_middleware(path) || self.approved.has_middleware(path)
    }

    fn is_trait(&self, file: usize, item: ItemId) -> bool {
        matches!(self.resolver.item(file, item).kind, crate::syntax::ItemKind::Trait(_))
    }
}

fn is_empty_row(path: &str) -> bool {
    path.ends_with("Vec::new") || path.ends_with("Vec::default") || path.ends_with("Box::default")
}
