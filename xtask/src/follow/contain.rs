//! Whether a `get` reads out of a container that holds the client, and sends nothing.
//! It never follows a client.

use super::Follower;
use crate::resolve::{Def, Ty};
use crate::syntax::{NodeId, NodeKind, Origin};

impl Follower<'_> {
    /// Whether `receiver.name(args)` asks a container for what it holds.
    pub(super) fn reads_container(
        &self,
        file: usize,
        receiver: NodeId,
        name: &str,
        args: &[NodeId],
    ) -> bool {
        if name != "get" {
            return false;
        }
        // No client has a `get` without a URL; a cell that is set once has.
        let Some(first) = args.first() else {
            return true;
        };
        let is_text = matches!(&self.resolver.node(file, *first).kind, NodeKind::Literal(Some(_)));
        let is_number = matches!(&self.resolver.node(file, *first).kind, NodeKind::Literal(None));
        let is_container = match container(&self.resolver.type_of(file, receiver)) {
            Some(Container::Row) => !is_text,
            Some(Container::Map) => true,
            None => false,
        };
        is_number || is_container && !self.is_element(file, receiver)
    }

    /// `all.first().unwrap()` is typed as what it came out of, and is one of its elements.
    fn is_element(&self, file: usize, node: NodeId) -> bool {
        match &self.resolver.node(file, node).kind {
            NodeKind::Through(_, inner) => self.is_element(file, *inner),
            NodeKind::Method { receiver, name, .. } => match name.as_str() {
                "first" | "last" | "next" | "pop" | "iter" | "iter_mut" | "into_iter" => true,
                _ => self.is_element(file, *receiver),
            },
            NodeKind::Local(binding) => {
                let binding = &self.resolver.tree(file).bindings[binding.index()];
                let Origin::Let(declared) = binding.origin else {
                    return false;
                };
                match &self.resolver.node(file, declared).kind {
                    NodeKind::Let { init: Some(init), .. } => self.is_element(file, *init),
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// What holds many values, and gives one for a position or a key.
enum Container {
    /// By position.
    Row,
    /// By key.
    Map,
}

/// The container behind what only shares or locks it.
fn container(ty: &Ty) -> Option<Container> {
    match ty {
        Ty::Slice(_) => Some(Container::Row),
        Ty::Def(Def::Foreign(path), arguments) => {
            let last = path.last()?.as_str();
            match last {
                "Vec" | "VecDeque" | "SmallVec" => Some(Container::Row),
                "HashMap" | "BTreeMap" | "DashMap" | "IndexMap" | "HashSet" | "BTreeSet"
                | "IndexSet" => Some(Container::Map),
                _ => container(arguments.first()?),
            }
        }
        _ => None,
    }
}
