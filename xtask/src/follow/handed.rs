//! Functions and closures that give the client, as values: where they are put, and who calls them.
//! It never looks at what becomes of the client itself.

use super::flow::{Flow, Value};
use crate::resolve::{Def, Space, is_wrapper};
use crate::syntax::{ItemId, ItemKind, NodeId, NodeKind, Pattern};

const HANDED_ON: &str = "given by a function that is handed on, to whom would have to be known";

impl Flow<'_, '_> {
    /// What a closure gives goes to whoever calls it.
    pub(super) fn out_of_closure(&mut self, value: &Value, closure: NodeId) {
        self.function_used(&Value { node: closure, ..value.clone() });
    }

    /// A function that gives the client, used as a callee or as a value: `value` is the function.
    pub(super) fn function_used(&mut self, value: &Value) {
        if !self.is_new_function(value) {
            return;
        }
        let resolver = self.follower.resolver;
        let (file, id) = (value.file, value.node);
        let Some(parent) = resolver.node(file, id).parent else {
            return self.function_given(value);
        };
        let there = Value { node: parent, ..value.clone() };
        match &resolver.node(file, parent).kind {
            NodeKind::Call { callee, .. } if *callee == id => self.go(there),
            NodeKind::Call { callee, args } => {
                let index = args.iter().position(|arg| *arg == id).unwrap_or(0);
                match self.function_called(file, *callee) {
                    Some(Def::Item(to, item)) => self.through_parameter(value, to, item, index),
                    Some(Def::Foreign(whole)) if is_wrapper(&whole) => self.function_used(&there),
                    _ => self.go(there),
                }
            }
            NodeKind::Method { receiver, name, args, .. } if *receiver != id => {
                let index = args.iter().position(|arg| *arg == id).unwrap_or(0);
                let ty = resolver.type_of(file, *receiver);
                match resolver.method(&ty, name) {
                    Some((to, item)) => self.through_parameter(value, to, item, index),
                    None => self.go(there),
                }
            }
            NodeKind::Let { pattern: Pattern::Binding(binding, _), .. } => {
                for node in &resolver.tree(file).bindings[binding.index()].uses {
                    self.function_used(&Value { node: *node, ..value.clone() });
                }
            }
            NodeKind::Through(..) => self.function_used(&there),
            NodeKind::Block { tail: Some(tail), .. } if *tail == id => self.function_used(&there),
            NodeKind::Method { name, .. } if name == "clone" => self.function_used(&there),
            // Statements: a function that nobody calls gives nothing.
            NodeKind::Block { .. } | NodeKind::Let { .. } => {}
            // A function in a field or a result is followed as what it gives.
            _ => {
                self.note(value, HANDED_ON);
                self.go(value.clone());
            }
        }
    }

    fn function_called(&self, file: usize, callee: NodeId) -> Option<Def> {
        let resolver = self.follower.resolver;
        let node = resolver.node(file, callee);
        let NodeKind::Path(path) = &node.kind else {
            return None;
        };
        resolver.path(file, node.scope, path, Space::Value)
    }

    /// `fn z(f: impl FnOnce() -> Client)`: where `f` is called.
    fn through_parameter(&mut self, value: &Value, file: usize, item: ItemId, index: usize) {
        let resolver = self.follower.resolver;
        let ItemKind::Function(function) = &resolver.item(file, item).kind else {
            self.note(value, HANDED_ON);
            return self.enter_field(file, item, &index.to_string(), value.state);
        };
        let param = function.params.get(index).map(|param| &param.pattern);
        match (param, function.body) {
            (Some(Pattern::Binding(binding, _)), Some(_)) => {
                for node in &resolver.tree(file).bindings[binding.index()].uses {
                    self.function_used(&Value { file, node: *node, ..value.clone() });
                }
            }
            _ => self.note(value, HANDED_ON),
        }
    }

    /// `fn k() -> impl Fn() -> Client`: what each caller does with the function.
    fn function_given(&mut self, value: &Value) {
        let Some(item) = self.function_of_body(value.file, value.node) else {
            return self.note(value, HANDED_ON);
        };
        let resolver = self.follower.resolver;
        let name = resolver.item(value.file, item).name.clone();
        let callers = self.paths_to(&name, &Def::Item(value.file, item));
        if callers.is_empty() {
            self.note(value, HANDED_ON);
        }
        for (file, node) in callers {
            if let Some(call) = resolver.node(file, node).parent
                && matches!(&resolver.node(file, call).kind,
                    NodeKind::Call { callee, .. } if *callee == node)
            {
                self.function_used(&Value { file, node: call, ..value.clone() });
            }
        }
    }
}
