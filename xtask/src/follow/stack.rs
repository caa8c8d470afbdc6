//! What is in a client's stack: whether a middleware is one of ours, one of others, or unknown.
//! It never follows the client itself.

use super::Follower;
use super::outcome::Outcome;
use crate::resolve::{Def, Space, Ty};
use crate::syntax::{ItemId, NodeId, NodeKind, ScopeId, ScopeKind, Through};

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
    /// Whose a middleware is, by the type of the expression.
    pub(super) fn whose(&self, file: usize, node: NodeId) -> Whose {
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
                return self.whose(file, *inner);
            }
        }
        if let NodeKind::Through(operator, inner) = &at.kind {
            let inner = self.whose(file, *inner);
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
                    Whose::Unsure
                } else {
                    Whose::Others
                }
            }
            Ty::Def(Def::Foreign(path), _) => {
                let whole = path.join("::");
                if self.is_ours(&whole) {
                    Whose::Ours
                } else if whole.ends_with("::Middleware") {
                    Whose::Unsure
                } else {
                    Whose::Others
                }
            }
            _ => self.whose_by_path(file, node),
        }
    }

    fn whose_by_path(&self, file: usize, node: NodeId) -> Whose {
        let at = self.resolver.node(file, node);
        match &at.kind {
            // `Retry::new()` of a crate of others, whose result no table knows.
            NodeKind::Call { callee, .. } => match self.callee_path(file, *callee) {
                Some(_) => Whose::Others,
                None => self.whose_by_name(file, *callee),
            },
            // `egret::tower_client().around_retries()`: a setting of a layer leaves it what it is.
            NodeKind::Method { receiver, .. } => match self.whose(file, *receiver) {
                Whose::Ours => Whose::Ours,
                _ => self.whose_by_path(file, *receiver),
            },
            NodeKind::Closure { .. } | NodeKind::Struct { .. } | NodeKind::Path(_) => Whose::Others,
            _ => Whose::Unsure,
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
