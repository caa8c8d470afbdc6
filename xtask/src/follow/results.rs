//! Where a value goes that a body gives: out of closures and functions, to every caller.
//! It never looks at what the callers do with it.

use super::flow::{Flow, Value};
use crate::resolve::Def;
use crate::syntax::{ItemId, ItemKind, NodeId, NodeKind, ScopeKind};

impl Flow<'_, '_> {
    /// The function whose body this is.
    pub(super) fn function_of_body(&self, file: usize, body: NodeId) -> Option<ItemId> {
        let resolver = self.follower.resolver;
        let tree = resolver.tree(file);
        let mut scope = Some(resolver.node(file, body).scope);
        while let Some(at) = scope {
            if let ScopeKind::Function(item) = tree.scope(at).kind
                && resolver.function(file, item).is_some_and(|of| of.body == Some(body))
            {
                return Some(item);
            }
            scope = tree.scope(at).parent;
        }
        None
    }

    /// Out of the body of a function, a static, or a macro.
    pub(super) fn out_of_body(&mut self, value: &Value, body: NodeId) {
        let resolver = self.follower.resolver;
        if let Some(item) = self.function_of_body(value.file, body) {
            return self.reach_callers(value, item);
        }
        let tree = resolver.tree(value.file);
        let mut scope = Some(resolver.node(value.file, body).scope);
        while let Some(at) = scope {
            let items = tree.scope(at).items.iter().copied();
            for item in items {
                if matches!(&tree.item(item).kind, ItemKind::Value { init: Some(init), .. }
                    if *init == body)
                {
                    return self.enter_static(value, value.file, item);
                }
            }
            scope = tree.scope(at).parent;
        }
    }

    /// `return client`: out of the closure, the `async` block or the function around.
    pub(super) fn out_of_function(&mut self, value: &Value, from: NodeId) {
        let resolver = self.follower.resolver;
        let mut at = from;
        loop {
            match &resolver.node(value.file, at).kind {
                NodeKind::Closure { .. } => return self.out_of_closure(value, at),
                NodeKind::Block { is_async: true, .. } => {
                    return self.go(Value { node: at, ..value.clone() });
                }
                _ => {}
            }
            match resolver.node(value.file, at).parent {
                Some(parent) => at = parent,
                None => return self.out_of_body(value, at),
            }
        }
    }

    /// A function's result goes to every caller in the workspace.
    fn reach_callers(&mut self, value: &Value, item: ItemId) {
        let resolver = self.follower.resolver;
        let file = value.file;
        let name = resolver.item(file, item).name.clone();
        let mut wanted = vec![Def::Item(file, item)];
        if let Some(of_trait) = resolver.trait_of(file, item)
            && let Some((file, item)) = resolver.associated(&of_trait, &name, None)
        {
            wanted.push(Def::Item(file, item));
        }
        for of in &wanted {
            for (file, node) in self.paths_to(&name, of) {
                self.function_used(&Value { file, node, ..value.clone() });
            }
        }
        let packages: Vec<usize> = wanted
            .iter()
            .filter_map(|of| match of {
                Def::Item(at, _) => Some(resolver.file(*at).package),
                _ => None,
            })
            .collect();
        for (file, node) in self.follower.index().methods(&name, &packages) {
            let NodeKind::Method { receiver, .. } = &resolver.node(file, node).kind else {
                continue;
            };
            let ty = resolver.type_of(file, *receiver);
            let member = resolver.method(&ty, &name).map(|(file, item)| Def::Item(file, item));
            if member.is_some_and(|member| wanted.contains(&member)) {
                self.go(Value { file, node, ..value.clone() });
            }
        }
    }
}
