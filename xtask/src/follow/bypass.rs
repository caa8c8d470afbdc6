//! Where a raw client is asked of a covered one: `as_ref()`, in each way of writing it.
//! It never follows a client; types and the lines around the expression have to tell.

use super::Follower;
use crate::resolve::{Ty, is_wrapper};
use crate::syntax::{NodeId, NodeKind, Path, Pattern, Type};

impl Follower<'_> {
    /// Whether the expression takes the raw client out of what is known by its type to be a stack.
    #[must_use]
    pub fn is_bypass(&self, file: usize, node: NodeId) -> bool {
        self.asked(file, node).is_some_and(|of| self.is_stacked(file, of))
            && self.takes_raw(file, node)
    }

    /// What `as_ref` is called on, or with.
    fn asked(&self, file: usize, node: NodeId) -> Option<NodeId> {
        match &self.resolver.node(file, node).kind {
            NodeKind::Method { receiver, name, .. } if name == "as_ref" => Some(*receiver),
            NodeKind::Call { callee, args } => match &self.resolver.node(file, *callee).kind {
                NodeKind::Path(path) if path.last() == Some("as_ref") => args.first().copied(),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_stacked(&self, file: usize, node: NodeId) -> bool {
        self.is_stacked_type(&self.resolver.type_of(file, node))
    }

    fn is_stacked_type(&self, ty: &Ty) -> bool {
        let covers = &self.resolver.knowledge.covers;
        ty.peeled().foreign().is_some_and(|of| covers.is_stacked_type(&of))
    }

    /// Whether an `as_ref` of a stack gives the raw client, and not the stack out of a holder.
    pub(super) fn takes_raw(&self, file: usize, node: NodeId) -> bool {
        let Some(of) = self.asked(file, node) else {
            return false;
        };
        self.is_raw_type(&self.resolver.expected(file, node))
            || self.names_raw(file, node)
            || !self.is_held(file, of) && self.is_sent_with(file, node)
    }

    fn is_raw_type(&self, ty: &Ty) -> bool {
        let of = ty.peeled().foreign();
        !self.is_stacked_type(ty)
            && of.is_some_and(|of| self.resolver.knowledge.role(&of).is_some())
    }

    /// `AsRef::<Client>::as_ref(&stack)`, `<_ as AsRef<Client>>::as_ref(&stack)`.
    fn names_raw(&self, file: usize, node: NodeId) -> bool {
        let NodeKind::Call { callee, .. } = &self.resolver.node(file, node).kind else {
            return false;
        };
        let at = self.resolver.node(file, *callee);
        let NodeKind::Path(path) = &at.kind else {
            return false;
        };
        let in_front = path.self_type.as_ref().and_then(|of| of.of_trait.as_ref());
        let arguments = |path: &Path| -> Vec<Type> {
            path.segments.iter().flat_map(|segment| segment.arguments.clone()).collect()
        };
        let written =
            arguments(path).into_iter().chain(in_front.map(arguments).unwrap_or_default());
        written.into_iter().any(|ty| self.is_raw_type(&self.resolver.ty(file, at.scope, &ty)))
    }

    /// `as_ref` of an `Arc<Stack>` gives the stack.
    fn is_held(&self, file: usize, node: NodeId) -> bool {
        let is_holder = matches!(
            self.resolver
                .type_of(file, node)
                .foreign()
                .as_deref()
                .and_then(|of| of.rsplit("::").next()),
            Some("Arc" | "Rc" | "Box" | "Option" | "Result")
        );
        is_holder
            || match &self.resolver.node(file, node).kind {
                NodeKind::Through(_, inner) => self.is_held(file, *inner),
                NodeKind::Method { receiver, name, .. } if name == "clone" => {
                    self.is_held(file, *receiver)
                }
                NodeKind::Local(binding) => {
                    self.init_of(file, *binding).is_some_and(|init| self.is_held(file, init))
                }
                NodeKind::Call { callee, .. } => match &self.resolver.node(file, *callee).kind {
                    NodeKind::Path(path) => {
                        let names = path.segments.iter().map(|segment| segment.name.clone());
                        is_wrapper(&names.collect::<Vec<String>>())
                    }
                    _ => false,
                },
                _ => false,
            }
    }

    /// Whether a request is made with the expression, or with the variable that it is put into.
    fn is_sent_with(&self, file: usize, node: NodeId) -> bool {
        let sends = |node: NodeId| {
            let parent = self.resolver.node(file, node).parent;
            parent.is_some_and(|parent| {
                matches!(&self.resolver.node(file, parent).kind,
                    NodeKind::Method { receiver, name, .. }
                        if *receiver == node && self.resolver.knowledge.covers.is_send(name))
            })
        };
        let parent = self.resolver.node(file, node).parent;
        let parent = parent.map(|parent| &self.resolver.node(file, parent).kind);
        match parent {
            Some(NodeKind::Let { pattern: Pattern::Binding(binding, _), .. }) => {
                let uses = &self.resolver.tree(file).bindings[binding.index()].uses;
                uses.iter().any(|node| sends(*node))
            }
            _ => sends(node),
        }
    }
}
