//! Where a client is put: variables, fields, parameters, statics; and where it is read again.
//! It never looks at what is done with it there.

use super::Follower;
use super::flow::{Flow, Value};
use super::index::Index;
use super::outcome::Outcome;
use super::stack::State;
use crate::resolve::{Def, Space, Ty, is_wrapper};
use crate::syntax::{
    Binding, BindingId, ItemId, NodeId, NodeKind, Origin, Path, Pattern, ScopeId, Step, Type,
};

impl<'a> Follower<'a> {
    pub(super) fn index(&self) -> &Index<'a> {
        self.index.get_or_init(|| Index::new(self.resolver.sources))
    }

    /// What a variable is set to where it is declared.
    pub(super) fn init_of(&self, file: usize, binding: BindingId) -> Option<NodeId> {
        let binding: &Binding = &self.resolver.tree(file).bindings[binding.index()];
        match (binding.origin, binding.steps.is_empty()) {
            (Origin::Let(node), true) => match &self.resolver.node(file, node).kind {
                NodeKind::Let { init, .. } => *init,
                _ => None,
            },
            _ => None,
        }
    }
}

impl Flow<'_, '_> {
    /// Into every variable of a pattern that gets the client.
    pub(super) fn enter_pattern(&mut self, value: &Value, pattern: &Pattern) {
        match pattern {
            Pattern::Binding(binding, inner) => {
                self.enter_binding(value, *binding);
                if let Some(inner) = inner {
                    self.enter_pattern(value, inner);
                }
            }
            Pattern::Typed(inner, _) => self.enter_pattern(value, inner),
            Pattern::Or(cases) => cases.iter().for_each(|case| self.enter_pattern(value, case)),
            Pattern::Slice(parts) => parts.iter().for_each(|part| self.enter_pattern(value, part)),
            Pattern::Tuple(parts) => {
                let mut inside = value.inside.clone();
                match inside.pop() {
                    Some(index) => {
                        if let Some(part) = parts.get(index) {
                            self.enter_pattern(&Value { inside, ..value.clone() }, part);
                        }
                    }
                    None => parts.iter().for_each(|part| self.enter_pattern(value, part)),
                }
            }
            // `Some(x)`, `Ok(x)`: holders are not counted as steps.
            Pattern::TupleStruct(path, parts) if is_holder(path) => {
                parts.iter().for_each(|part| self.enter_pattern(value, part));
            }
            _ => {}
        }
    }

    fn enter_binding(&mut self, value: &Value, binding: BindingId) {
        self.uses_after(value, binding, None);
    }

    /// Goes on at the uses of a variable, from a point on, until it is set to something else.
    fn uses_after(&mut self, value: &Value, binding: BindingId, after: Option<NodeId>) {
        let resolver = self.follower.resolver;
        let at: &Binding = &resolver.tree(value.file).bindings[binding.index()];
        let is_after = |node: &&NodeId| after.is_none_or(|after| **node > after);
        for node in at.uses.iter().filter(is_after) {
            if self.is_assigned(value.file, *node) {
                if self.is_straight(value.file, *node, at) {
                    return;
                }
                continue;
            }
            self.go(Value { node: *node, ..value.clone() });
        }
    }

    fn is_assigned(&self, file: usize, node: NodeId) -> bool {
        let parent = self.follower.resolver.node(file, node).parent;
        parent.is_some_and(|parent| {
            matches!(&self.follower.resolver.node(file, parent).kind,
                NodeKind::Assign { place, .. } if *place == node)
        })
    }

    /// Whether an assignment is always executed between the variable's declaration and its end.
    fn is_straight(&self, file: usize, node: NodeId, binding: &Binding) -> bool {
        let resolver = self.follower.resolver;
        let declared_in = match binding.origin {
            Origin::Let(declaration) => resolver.node(file, declaration).parent,
            _ => None,
        };
        let mut at = node;
        while let Some(parent) = resolver.node(file, at).parent {
            match &resolver.node(file, parent).kind {
                NodeKind::Block { is_async: false, .. } if Some(parent) == declared_in => {
                    return true;
                }
                NodeKind::Block { is_async: false, .. }
                | NodeKind::Assign { .. }
                | NodeKind::Through(..) => {}
                _ => return false,
            }
            at = parent;
        }
        true
    }

    /// `place = client`, `cell.set(client)`.
    pub(super) fn enter_place(&mut self, value: &Value, place: NodeId) {
        let resolver = self.follower.resolver;
        let node = resolver.node(value.file, place);
        match &node.kind {
            NodeKind::Local(binding) => self.uses_after(value, *binding, Some(place)),
            NodeKind::Field { base, name } => {
                let base = resolver.type_of(value.file, *base);
                if let Ty::Def(Def::Item(file, item), _) = base.peeled() {
                    self.enter_field_of(value, *file, *item, name);
                }
            }
            NodeKind::Path(path) => {
                if let Some(Def::Item(file, item)) =
                    resolver.path(value.file, node.scope, path, Space::Value)
                {
                    self.enter_static(value, file, item);
                }
            }
            NodeKind::Through(_, inner) | NodeKind::Index(inner, _) => {
                self.enter_place(value, *inner);
            }
            NodeKind::Method { receiver, .. } => self.enter_place(value, *receiver),
            _ => {}
        }
    }

    /// `Struct { name: client }`.
    pub(super) fn struct_field(&mut self, value: &Value, path: &Path, scope: ScopeId, name: &str) {
        let resolver = self.follower.resolver;
        match resolver.path(value.file, scope, path, Space::Type) {
            Some(Def::Variant(file, item, variant)) => {
                self.enter_variant(value, file, item, &variant, name);
            }
            _ => match resolver.ty(value.file, scope, &Type::Path(path.clone())) {
                Ty::Def(Def::Item(file, item), _) => self.enter_field_of(value, file, item, name),
                Ty::Def(Def::Foreign(whole), _) => self.given(value, &whole.join("::")),
                _ => {}
            },
        }
    }

    pub(super) fn enter_field_of(&mut self, value: &Value, file: usize, item: ItemId, name: &str) {
        self.enter_field(file, item, name, value.state);
    }

    /// At every place where the field is read.
    pub(super) fn enter_field(&mut self, file: usize, item: ItemId, name: &str, state: State) {
        let resolver = self.follower.resolver;
        let of = Def::Item(file, item);
        for (file, node) in self.follower.index().fields(name, resolver.file(file).package) {
            let NodeKind::Field { base, .. } = &resolver.node(file, node).kind else {
                continue;
            };
            let base = resolver.type_of(file, *base);
            if matches!(base.peeled(), Ty::Def(def, _) if *def == of)
                && !self.is_assigned(file, node)
            {
                self.go(Value { file, node, state, inside: Vec::new() });
            }
        }
        for (file, binding) in self.follower.index().patterns(name, resolver.file(file).package) {
            let at: &Binding = &resolver.tree(file).bindings[binding.index()];
            let is_it = at.steps.last().is_some_and(|step| match step {
                Step::Field(path, field) => {
                    field == name
                        && resolver.type_def(file, at.scope, &Type::Path(path.clone()))
                            == Some(of.clone())
                }
                _ => false,
            });
            if is_it {
                for node in &at.uses {
                    self.go(Value { file, node: *node, state, inside: Vec::new() });
                }
            }
        }
    }

    /// Into a variant of an enum: at every pattern that takes it apart.
    pub(super) fn enter_variant(
        &mut self,
        value: &Value,
        file: usize,
        item: ItemId,
        variant: &str,
        name: &str,
    ) {
        let resolver = self.follower.resolver;
        let of = Def::Variant(file, item, variant.to_owned());
        for (file, binding) in self.follower.index().patterns(name, resolver.file(file).package) {
            let at: &Binding = &resolver.tree(file).bindings[binding.index()];
            let is_it = at.steps.last().is_some_and(|step| match step {
                Step::Field(path, field) => {
                    field == name
                        && resolver.path(file, at.scope, path, Space::Value) == Some(of.clone())
                }
                _ => false,
            });
            if is_it {
                for node in &at.uses {
                    let inside = Vec::new();
                    self.go(Value { file, node: *node, state: value.state, inside });
                }
            }
        }
    }

    /// Into a function's parameter, not counting `self`.
    pub(super) fn enter_parameter(
        &mut self,
        value: &Value,
        file: usize,
        item: ItemId,
        index: usize,
    ) {
        let resolver = self.follower.resolver;
        let Some(function) = resolver.function(file, item) else {
            return;
        };
        if function.body.is_none() {
            return self.enter_implementations(value, file, item, index);
        }
        if let Some(param) = function.params.get(index) {
            self.enter_pattern(&Value { file, ..value.clone() }, &param.pattern);
        }
    }

    /// A trait's function: into those of every type that implements it.
    fn enter_implementations(&mut self, value: &Value, file: usize, item: ItemId, index: usize) {
        let resolver = self.follower.resolver;
        let name = resolver.item(file, item).name.clone();
        let of_trait = resolver.trait_of(file, item);
        let all = of_trait.map(|of| resolver.implementations(&of, &name)).unwrap_or_default();
        if all.is_empty() {
            let text = format!("given to `{name}` of a trait that nothing here implements");
            return self.end(value, Outcome::Lost, text);
        }
        for (file, item) in all {
            if resolver.function(file, item).is_some_and(|function| function.body.is_some()) {
                self.enter_parameter(value, file, item, index);
            }
        }
    }

    /// Into the `self` of a method of the workspace; whether there is one with a body.
    pub(super) fn enter_this(&mut self, value: &Value, file: usize, item: ItemId) -> bool {
        let function = self.follower.resolver.function(file, item);
        let Some(function) = function.filter(|function| function.body.is_some()) else {
            return false;
        };
        if let Some(this) = function.this {
            self.uses_after(&Value { file, ..value.clone() }, this, None);
        }
        true
    }

    /// `callee(client)` where the callee is a variable: a closure, or a function's name.
    pub(super) fn enter_called_value(&mut self, value: &Value, callee: NodeId, index: usize) {
        let resolver = self.follower.resolver;
        let mut at = callee;
        loop {
            match &resolver.node(value.file, at).kind {
                NodeKind::Closure { params, .. } => {
                    if let Some((pattern, _)) = params.get(index) {
                        self.enter_pattern(value, &pattern.clone());
                    }
                    return;
                }
                NodeKind::Local(binding) => match self.follower.init_of(value.file, *binding) {
                    Some(init) => at = init,
                    None => break,
                },
                NodeKind::Through(_, inner) => at = *inner,
                NodeKind::Block { tail: Some(tail), .. } => at = *tail,
                _ => break,
            }
        }
        self.end(value, Outcome::Lost, "given to a function that is itself a value".into());
    }

    /// At every use of a static or constant.
    pub(super) fn enter_static(&mut self, value: &Value, file: usize, item: ItemId) {
        let name = self.follower.resolver.item(file, item).name.clone();
        let of = Def::Item(file, item);
        for (file, node) in self.paths_to(&name, &of) {
            if !self.is_assigned(file, node) {
                self.go(Value { file, node, ..value.clone() });
            }
        }
    }

    /// The paths that lead to a definition.
    pub(super) fn paths_to(&self, name: &str, of: &Def) -> Vec<(usize, NodeId)> {
        let resolver = self.follower.resolver;
        let aliases = resolver.names_of(name);
        let (Def::Module(at, _) | Def::Item(at, _) | Def::Variant(at, ..) | Def::Generic(at, ..)) =
            of
        else {
            return Vec::new();
        };
        let package = resolver.file(*at).package;
        let all = aliases.iter().flat_map(|name| self.follower.index().paths(name, package));
        let leads = |&(file, node): &(usize, NodeId)| {
            let at = resolver.node(file, node);
            matches!(&at.kind, NodeKind::Path(path)
                if resolver.path(file, at.scope, path, Space::Value).as_ref() == Some(of))
        };
        all.filter(leads).collect()
    }
}

fn is_holder(path: &Path) -> bool {
    let names: Vec<String> = path.segments.iter().map(|segment| segment.name.clone()).collect();
    is_wrapper(&names)
}
