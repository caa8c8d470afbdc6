//! The type that an expression must have, where its surroundings say so: `let x: T = ..`.
//! It never looks at the expression itself.

use super::holders::{is_transparent, is_wrapper};
use super::{Def, Resolver, Space, Ty};
use crate::syntax::{BindingId, ItemKind, NodeId, NodeKind, Pattern, ScopeKind, Through, Type};

const MAX_STEPS: usize = 24;

impl Resolver<'_> {
    /// The type that the surroundings of an expression ask for.
    #[must_use]
    pub fn expected(&self, file: usize, node: NodeId) -> Ty {
        self.expected_at(file, node, MAX_STEPS)
    }

    fn expected_at(&self, file: usize, id: NodeId, left: usize) -> Ty {
        if left == 0 {
            return Ty::Unknown;
        }
        let up = |id| self.expected_at(file, id, left - 1);
        let Some(parent) = self.node(file, id).parent else {
            return self.expected_of_body(file, id);
        };
        let node = self.node(file, parent);
        match &node.kind {
            NodeKind::Let { ty: Some(ty), init: Some(init), .. } if *init == id => {
                self.ty(file, node.scope, ty)
            }
            // `let x = y.into(); takes(x)`: by what its uses ask for.
            NodeKind::Let { pattern: Pattern::Binding(binding, None), init, .. }
                if *init == Some(id) =>
            {
                self.asked_by_uses(file, *binding, left)
            }
            NodeKind::Struct { path, fields, .. } => {
                let Some((name, _)) = fields.iter().find(|(_, value)| *value == id) else {
                    return Ty::Unknown;
                };
                match self.path(file, node.scope, path, Space::Type) {
                    Some(Def::Variant(to, item, variant)) => {
                        self.variant_field(to, item, &variant, name)
                    }
                    _ => {
                        let of = self.ty(file, node.scope, &Type::Path(path.clone()));
                        self.field_type(&of, name)
                    }
                }
            }
            NodeKind::Call { callee, args } => match args.iter().position(|arg| *arg == id) {
                Some(index) => self.expected_argument(file, *callee, index, || up(parent)),
                None => Ty::Unknown,
            },
            NodeKind::Method { receiver, name, args, .. } => {
                if *receiver == id {
                    return if is_transparent(name) { up(parent) } else { Ty::Unknown };
                }
                let ty = self.type_of(file, *receiver);
                match (self.method(&ty, name), args.iter().position(|arg| *arg == id)) {
                    (Some(member), Some(index)) => self.parameter(member, index),
                    _ if is_lazy_default(name) => ty,
                    _ => Ty::Unknown,
                }
            }
            NodeKind::Block { tail: Some(tail), .. } if *tail == id => up(parent),
            NodeKind::If { condition, .. } if *condition != id => up(parent),
            NodeKind::Match { scrutinee, .. } if *scrutinee != id => up(parent),
            NodeKind::Through(Through::Cast(ty), _) => self.ty(file, node.scope, ty),
            NodeKind::Through(Through::Dereference, _) => Ty::Unknown,
            NodeKind::Through(..) => up(parent),
            NodeKind::Break { target, .. } => up(target.unwrap_or(parent)),
            NodeKind::Assign { place, value } if *value == id => self.type_of(file, *place),
            NodeKind::Return(_) => self.expected_return(file, parent, left),
            // The value of a closure is what its caller asks of the method that it is given to.
            NodeKind::Closure { body, .. } if *body == id => up(parent),
            NodeKind::Tuple(parts) => {
                let index = parts.iter().position(|part| *part == id).unwrap_or(0);
                match up(parent).peeled() {
                    Ty::Tuple(types) => types.get(index).cloned().unwrap_or(Ty::Unknown),
                    _ => Ty::Unknown,
                }
            }
            NodeKind::Array(_) => up(parent).peeled().clone(),
            _ => Ty::Unknown,
        }
    }

    fn asked_by_uses(&self, file: usize, binding: BindingId, left: usize) -> Ty {
        let uses = self.tree(file).bindings[binding.index()].uses.iter().take(4);
        let mut asked = uses.map(|at| self.expected_at(file, *at, left / 2));
        asked.find(|ty| *ty != Ty::Unknown).unwrap_or(Ty::Unknown)
    }

    fn expected_argument(
        &self,
        file: usize,
        callee: NodeId,
        index: usize,
        up: impl FnOnce() -> Ty,
    ) -> Ty {
        let node = self.node(file, callee);
        let NodeKind::Path(path) = &node.kind else {
            return Ty::Unknown;
        };
        match self.path(file, node.scope, path, Space::Value) {
            Some(Def::Item(to, item)) => match &self.item(to, item).kind {
                ItemKind::Function(function) => {
                    // `Type::method(receiver, argument)` counts the receiver.
                    let shift = usize::from(function.this.is_some());
                    match index.checked_sub(shift) {
                        Some(index) => self.parameter((to, item), index),
                        None => Ty::Unknown,
                    }
                }
                ItemKind::Struct { .. } => {
                    self.field_type(&Ty::Def(Def::Item(to, item), Vec::new()), &index.to_string())
                }
                _ => Ty::Unknown,
            },
            Some(Def::Variant(to, item, variant)) => {
                self.variant_field(to, item, &variant, &index.to_string())
            }
            Some(Def::Foreign(whole)) if is_lazy(&whole) => held(up()),
            Some(Def::Foreign(whole)) if is_wrapper(&whole) => up(),
            _ => Ty::Unknown,
        }
    }

    /// The type of a parameter, not counting `self`.
    #[must_use]
    pub fn parameter(&self, member: (usize, crate::syntax::ItemId), index: usize) -> Ty {
        let Some(function) = self.function(member.0, member.1) else {
            return Ty::Unknown;
        };
        let param = function.params.get(index);
        param.map_or(Ty::Unknown, |param| self.ty(member.0, function.scope, &param.ty))
    }

    /// For the top of a function's body, a static or a constant.
    fn expected_of_body(&self, file: usize, id: NodeId) -> Ty {
        let tree = self.tree(file);
        let mut scope = Some(self.node(file, id).scope);
        while let Some(at) = scope {
            if let ScopeKind::Function(item) = tree.scope(at).kind {
                return match self.function(file, item) {
                    Some(function) if function.body == Some(id) => {
                        self.result_of(&(file, item), None)
                    }
                    _ => Ty::Unknown,
                };
            }
            let items = tree.scope(at).items.iter().map(|item| tree.item(*item));
            for item in items {
                if let ItemKind::Value { ty, init: Some(init) } = &item.kind
                    && *init == id
                {
                    return self.ty(file, item.scope, ty);
                }
            }
            scope = tree.scope(at).parent;
        }
        Ty::Unknown
    }

    fn expected_return(&self, file: usize, from: NodeId, left: usize) -> Ty {
        let mut at = from;
        loop {
            match &self.node(file, at).kind {
                NodeKind::Closure { .. } | NodeKind::Block { is_async: true, .. } => {
                    return self.expected_at(file, at, left - 1);
                }
                _ => {}
            }
            match self.node(file, at).parent {
                Some(parent) => at = parent,
                None => return self.expected_of_body(file, at),
            }
        }
    }
}

/// Methods whose closure or argument gives what the receiver holds.
fn is_lazy_default(method: &str) -> bool {
    matches!(
        method,
        "unwrap_or_else"
            | "unwrap_or"
            | "get_or_init"
            | "get_or_try_init"
            | "get_or_insert_with"
            | "get_or_insert"
            | "or_insert_with"
            | "or_insert"
            | "or_else"
            | "or"
            | "replace"
            | "set"
            | "insert"
            | "map_or"
    )
}

/// `LazyLock::new(|| ..)`: the closure gives what the holder holds.
fn is_lazy(path: &[String]) -> bool {
    let of = path.len().checked_sub(2).and_then(|at| path.get(at));
    of.is_some_and(|of| of.contains("Lazy")) && path.last().is_some_and(|last| last == "new")
}

/// What a lazy holder holds: its default is not the default of that.
fn held(ty: Ty) -> Ty {
    match ty {
        Ty::Def(Def::Foreign(path), mut arguments)
            if !arguments.is_empty() && path.last().is_some_and(|last| last.contains("Lazy")) =>
        {
            arguments.swap_remove(0)
        }
        other => other,
    }
}
