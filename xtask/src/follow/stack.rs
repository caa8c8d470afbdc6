//! What is in a client's stack: whether a middleware is one of ours, one of others, or unknown.
//! It never follows the client itself.

use super::Follower;
use super::outcome::Outcome;
use crate::resolve::{Def, Space};
use crate::syntax::{ItemId, NodeId, NodeKind, ScopeId, ScopeKind};

/// The state of a client on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// As it came to be.
    Raw,
    /// In a stack, with what is in it so far.
    Stacked { ours: bool, others: bool, unsure: bool },
    /// Covered; followed on only to see whether the raw client is taken out again.
    Kept,
}

/// Whose middleware something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Ours,
    Others,
    Unsure,
}

impl State {
    pub(super) const EMPTY: Self = Self::Stacked { ours: false, others: false, unsure: false };

    pub(super) fn with(self, whose: Whose) -> Self {
        let (mut ours, mut others, mut unsure) = match self {
            Self::Kept => return self,
            Self::Raw => (false, false, false),
            Self::Stacked { ours, others, unsure } => (ours, others, unsure),
        };
        match whose {
            Whose::Ours => ours = true,
            Whose::Others => others = true,
            Whose::Unsure => unsure = true,
        }
        Self::Stacked { ours, others, unsure }
    }

    /// How a way ends on which nothing more is put into the stack.
    pub(super) fn outcome(self) -> (Outcome, &'static str) {
        match self {
            Self::Raw => (Outcome::Sent, "used as it came to be"),
            Self::Kept | Self::Stacked { ours: true, .. } => {
                (Outcome::Covered, "in a stack that records")
            }
            Self::Stacked { unsure: true, .. } => {
                (Outcome::Lost, "in a stack with a middleware whose type is not written down")
            }
            Self::Stacked { others: true, .. } => {
                (Outcome::Other, "in a stack with middlewares, none of which records")
            }
            Self::Stacked { .. } => (Outcome::Empty, "in a stack with no middleware"),
        }
    }
}

impl Follower<'_> {
    /// The full path of what is called.
    pub(super) fn callee_path(&self, file: usize, callee: NodeId) -> Option<String> {
        let node = self.resolver.node(file, callee);
        let NodeKind::Path(path) = &node.kind else {
            return None;
        };
        match self.resolver.path(file, node.scope, path, Space::Value)? {
            Def::Foreign(whole) => Some(whole.join("::")),
            Def::Item(to, item) => Some(self.path_of_item(to, item)),
            _ => None,
        }
    }

    /// The full path of an item: `app::http::Audit`, `app::Client::new`.
    #[must_use]
    pub fn path_of_item(&self, file: usize, item: ItemId) -> String {
        let at = self.resolver.item(file, item);
        let around = self.path_of_scope(file, at.scope);
        if at.name.is_empty() { around } else { format!("{around}::{}", at.name) }
    }

    /// The full path of the item around a scope.
    #[must_use]
    pub fn path_of_scope(&self, file: usize, scope: ScopeId) -> String {
        let tree = self.resolver.tree(file);
        let mut names: Vec<String> = Vec::new();
        let mut at = Some(scope);
        while let Some(scope) = at {
            match &tree.scope(scope).kind {
                ScopeKind::Module(name) => names.push(name.clone()),
                ScopeKind::Function(item) | ScopeKind::Trait(item) | ScopeKind::Type(item) => {
                    names.push(tree.item(*item).name.clone());
                }
                ScopeKind::Impl(item) => names.push(self.name_of_impl(file, *item)),
                ScopeKind::Block => {}
            }
            at = tree.scope(scope).parent;
        }
        let mut file = file;
        while let Some((outer, inside)) = &self.resolver.file(file).parent {
            if !self.resolver.file(file).is_included {
                names.push(self.resolver.file(file).module.clone());
            }
            names.extend(inside.iter().rev().cloned());
            file = *outer;
        }
        let krate = self.resolver.file(file).krate;
        names.extend(krate.map(|krate| self.resolver.sources.crates[krate].name.clone()));
        names.retain(|name| !name.is_empty());
        names.reverse();
        names.join("::")
    }

    fn name_of_impl(&self, file: usize, item: ItemId) -> String {
        match &self.resolver.item(file, item).kind {
            crate::syntax::ItemKind::Impl(of) => match &of.ty {
                crate::syntax::Type::Path(path) => path.last().unwrap_or_default().to_owned(),
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    /// Whether the code stands in a function that the project approves as a wrapper.
    pub(super) fn is_inside_wrapper(&self, file: usize, scope: ScopeId) -> bool {
        !self.approved.wrappers.is_empty()
            && self.approved.has_wrapper(&self.path_of_scope(file, scope))
    }

    /// Whether an expression stands in the arguments of a function that observes what runs in it.
    pub(super) fn is_observed(&self, file: usize, node: NodeId) -> bool {
        let mut at = node;
        while let Some(parent) = self.resolver.node(file, at).parent {
            let is_around = match &self.resolver.node(file, parent).kind {
                NodeKind::Call { callee, .. } if *callee != at => self
                    .callee_path(file, *callee)
                    .is_some_and(|path| self.resolver.knowledge.covers.is_around(&path)),
                NodeKind::Method { receiver, name, .. } if *receiver != at => self
                    .method_path(file, *receiver, name)
                    .is_some_and(|path| self.resolver.knowledge.covers.is_around(&path)),
                _ => false,
            };
            if is_around {
                return true;
            }
            at = parent;
        }
        false
    }

    /// The full path of a foreign type's method.
    pub(super) fn method_path(&self, file: usize, receiver: NodeId, name: &str) -> Option<String> {
        let of = self.resolver.type_of(file, receiver).peeled().foreign()?;
        Some(format!("{of}::{name}"))
    }

    /// A client that is made from a configuration has what was put into that.
    pub(super) fn state_at_birth(&self, file: usize, node: NodeId) -> State {
        let mut state = State::Raw;
        let mut at = match &self.resolver.node(file, node).kind {
            NodeKind::Method { receiver, .. } => Some(*receiver),
            NodeKind::Call { args, .. } => args.first().copied(),
            _ => None,
        };
        while let Some(id) = at {
            at = match &self.resolver.node(file, id).kind {
                NodeKind::Method { receiver, name, args, .. } => {
                    if self.resolver.knowledge.covers.is_layer(name)
                        && let [middleware] = args.as_slice()
                    {
                        state = state.with(self.whose(file, *middleware));
                    }
                    Some(*receiver)
                }
                NodeKind::Through(_, inner) => Some(*inner),
                NodeKind::Local(binding) => self.init_of(file, *binding),
                _ => None,
            };
        }
        state
    }
}
