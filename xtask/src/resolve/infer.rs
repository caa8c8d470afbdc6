//! The type of an expression, where signatures, fields and bindings tell it.
//! It never solves for a type; what would need that is unknown.

use super::holders::{is_transparent, is_wrapper};
use super::{Def, Member, Resolver, Space, Ty};
use crate::syntax::{
    Binding, BindingId, ItemKind, NodeId, NodeKind, Origin, Path, ScopeId, Step, Type,
};

/// Expressions that contain each other: no code nests its types so deeply.
const MAX_DEPTH: usize = 48;

impl Resolver<'_> {
    /// The type of an expression.
    #[must_use]
    pub fn type_of(&self, file: usize, node: NodeId) -> Ty {
        self.type_at(file, node, MAX_DEPTH)
    }

    fn type_at(&self, file: usize, node: NodeId, left: usize) -> Ty {
        if left == 0 {
            return Ty::Unknown;
        }
        if let Some(known) = self.inferred.borrow().get(&(file, node)) {
            return known.clone();
        }
        let ty = self.infer(file, node, left - 1);
        if left > MAX_DEPTH / 2 || ty != Ty::Unknown {
            self.inferred.borrow_mut().insert((file, node), ty.clone());
        }
        ty
    }

    fn infer(&self, file: usize, id: NodeId, left: usize) -> Ty {
        let node = self.node(file, id);
        match &node.kind {
            NodeKind::Local(binding) => self.type_of_binding(file, *binding, left),
            NodeKind::Path(path) => self.type_of_path(file, node.scope, path),
            NodeKind::Call { callee, args } => self.type_of_call(file, *callee, args, left),
            NodeKind::Method { receiver, name, .. } => {
                self.type_of_method(file, *receiver, name, left)
            }
            NodeKind::Field { base, name } => {
                let base = self.type_at(file, *base, left);
                self.field_type(&base, name)
            }
            NodeKind::Struct { path, .. } => {
                let ty = Type::Path(path.clone());
                match self.ty(file, node.scope, &ty) {
                    Ty::Def(Def::Variant(to, item, _), _) => {
                        Ty::Def(Def::Item(to, item), Vec::new())
                    }
                    other => other,
                }
            }
            NodeKind::Through(crate::syntax::Through::Cast(ty), _) => self.ty(file, node.scope, ty),
            NodeKind::Through(_, inner) => self.type_at(file, *inner, left),
            NodeKind::Block { tail: Some(tail), .. } => self.type_at(file, *tail, left),
            NodeKind::If { then, other, .. } => match self.type_at(file, *then, left) {
                Ty::Unknown => other.map_or(Ty::Unknown, |other| self.type_at(file, other, left)),
                known => known,
            },
            NodeKind::Match { arms, .. } => {
                let types = arms.iter().take(4).map(|arm| self.type_at(file, arm.body, left));
                types.into_iter().find(|ty| *ty != Ty::Unknown).unwrap_or(Ty::Unknown)
            }
            NodeKind::Closure { body, .. } => {
                Ty::Function(Box::new(self.type_at(file, *body, left)))
            }
            NodeKind::Tuple(parts) => {
                Ty::Tuple(parts.iter().map(|part| self.type_at(file, *part, left)).collect())
            }
            NodeKind::Array(parts) => {
                let first = parts.first();
                let first = first.map_or(Ty::Unknown, |part| self.type_at(file, *part, left));
                Ty::Slice(Box::new(first))
            }
            NodeKind::Index(base, _) => self.type_at(file, *base, left).peeled().clone(),
            _ => Ty::Unknown,
        }
    }

    fn type_of_path(&self, file: usize, scope: ScopeId, path: &Path) -> Ty {
        match self.path(file, scope, path, Space::Value) {
            Some(Def::Item(to, item)) => match &self.item(to, item).kind {
                ItemKind::Value { ty, .. } => self.ty(to, self.item(to, item).scope, ty),
                ItemKind::Function(_) => Ty::Function(Box::new(self.result_of(&(to, item), None))),
                ItemKind::Struct { .. } => Ty::Def(Def::Item(to, item), Vec::new()),
                _ => Ty::Unknown,
            },
            Some(Def::Variant(to, item, _)) => Ty::Def(Def::Item(to, item), Vec::new()),
            Some(Def::Foreign(path)) => Ty::Function(Box::new(self.result_of_foreign(&path))),
            _ => Ty::Unknown,
        }
    }

    fn type_of_call(&self, file: usize, callee: NodeId, args: &[NodeId], left: usize) -> Ty {
        let node = self.node(file, callee);
        let NodeKind::Path(path) = &node.kind else {
            return match self.type_at(file, callee, left) {
                Ty::Function(result) => *result,
                other => other.peeled().clone(),
            };
        };
        match self.path(file, node.scope, path, Space::Value) {
            Some(Def::Item(to, item)) => match &self.item(to, item).kind {
                ItemKind::Function(_) => {
                    let of = path.self_type.as_ref().map(|of| self.ty(file, node.scope, &of.ty));
                    self.result_of(&(to, item), of)
                }
                _ => Ty::Def(Def::Item(to, item), Vec::new()),
            },
            Some(Def::Variant(to, item, _)) => Ty::Def(Def::Item(to, item), Vec::new()),
            Some(Def::Foreign(whole)) if is_wrapper(&whole) => {
                args.last().map_or(Ty::Unknown, |arg| self.type_at(file, *arg, left))
            }
            Some(Def::Foreign(whole)) => self.result_of_foreign(&whole),
            _ => self.type_of_derived(file, node.scope, path),
        }
    }

    /// `Type::default()` where the implementation is derived, `Type::new()` where a macro wrote it.
    fn type_of_derived(&self, file: usize, scope: ScopeId, path: &Path) -> Ty {
        let [of @ .., last] = path.segments.as_slice() else {
            return Ty::Unknown;
        };
        if of.is_empty() || !matches!(last.name.as_str(), "default" | "new" | "from" | "clone") {
            return Ty::Unknown;
        }
        let of = Path { segments: of.to_vec(), ..path.clone() };
        self.ty(file, scope, &Type::Path(of))
    }

    /// The result of a function of the workspace, with `Self` as given.
    pub(super) fn result_of(&self, member: &Member, this: Option<Ty>) -> Ty {
        let (file, item) = *member;
        let Some(function) = self.function(file, item) else {
            return Ty::Unknown;
        };
        match &function.output {
            Some(Type::Path(path)) if path.identifier() == Some("Self") => {
                let own = self.self_type(file, function.scope);
                let is_trait = matches!(&own, Ty::Def(Def::Item(file, item), _)
                    if matches!(self.item(*file, *item).kind, ItemKind::Trait(_)));
                if is_trait { this.unwrap_or(own) } else { own }
            }
            Some(output) => self.ty(file, function.scope, output),
            None => Ty::Unknown,
        }
    }

    /// What a foreign function gives, as far as the table or its name says so.
    fn result_of_foreign(&self, path: &[String]) -> Ty {
        let whole = path.join("::");
        if let Some(result) = self.knowledge.returns(&whole) {
            return foreign_type(result);
        }
        if let Some(own) = self.own_type(&whole) {
            return own;
        }
        let Some((last, of)) = path.split_last().filter(|(_, of)| of.len() > 1) else {
            return Ty::Unknown;
        };
        let is_type = of.last().is_some_and(|name| name.starts_with(char::is_uppercase));
        let of = of.join("::");
        match last.as_str() {
            "builder" | "configure" if is_type => foreign_type(&format!("{of}Builder")),
            "new" | "default" | "from" if is_type => foreign_type(&of),
            name if is_type && (name.starts_with("new_") || name.starts_with("from_")) => {
                foreign_type(&of)
            }
            _ if is_type && self.knowledge.entry(&whole).is_some_and(|entry| !entry.is_call) => {
                foreign_type(&of)
            }
            name if name.starts_with(char::is_uppercase) => foreign_type(&whole),
            _ => Ty::Unknown,
        }
    }

    /// What egret's own functions give: a handle, or a middleware, which keeps the function's name.
    fn own_type(&self, path: &str) -> Option<Ty> {
        let covers = &self.knowledge.covers;
        match covers.handle_of(path) {
            Some(handle) => Some(foreign_type(handle)),
            None => covers.is_middleware(path).then(|| foreign_type(path)),
        }
    }

    fn type_of_method(&self, file: usize, receiver: NodeId, name: &str, left: usize) -> Ty {
        let ty = self.type_at(file, receiver, left);
        if let Some(member) = self.method(&ty, name) {
            return self.result_of(&member, Some(ty.peeled().clone()));
        }
        if is_transparent(name) || name == "get" && ty.is_set_once() {
            return ty;
        }
        let Some(of) = ty.peeled().foreign() else {
            return Ty::Unknown;
        };
        let whole = format!("{of}::{name}");
        if let Some(result) = self.knowledge.returns(&whole) {
            return foreign_type(result);
        }
        if let Some(own) = self.own_type(&whole) {
            return own;
        }
        match (self.knowledge.role(&of), name) {
            (Some(crate::knowledge::Role::Builder), "build" | "finish" | "try_build") => {
                of.strip_suffix("Builder").map_or(Ty::Unknown, foreign_type)
            }
            (Some(crate::knowledge::Role::Builder), _) => ty.peeled().clone(),
            (None, _) if of.ends_with("Builder") => match name {
                "build" => of.strip_suffix("Builder").map_or(Ty::Unknown, foreign_type),
                _ => ty.peeled().clone(),
            },
            _ => Ty::Unknown,
        }
    }

    /// The method of the workspace that a call of that name on a type means.
    #[must_use]
    pub fn method(&self, ty: &Ty, name: &str) -> Option<Member> {
        let mut at = ty;
        loop {
            // What std gives its holders itself comes before any trait's method of that name.
            let is_std = matches!(at, Ty::Def(Def::Foreign(path), _)
                if matches!(path[0].as_str(), "std" | "core" | "alloc"));
            if let Ty::Def(def, _) = at
                && !(is_std && is_transparent(name))
                && let Some(member) = self.associated(def, name, None)
                && self.function(member.0, member.1).is_some()
            {
                return Some(member);
            }
            let inner = match at {
                Ty::Def(Def::Foreign(_), arguments) if !arguments.is_empty() => &arguments[0],
                _ => return None,
            };
            at = inner;
        }
    }

    /// The type of a field.
    #[must_use]
    pub fn field_type(&self, base: &Ty, name: &str) -> Ty {
        match base.peeled() {
            Ty::Tuple(types) => {
                let index: Option<usize> = name.parse().ok();
                index.and_then(|index| types.get(index).cloned()).unwrap_or(Ty::Unknown)
            }
            Ty::Def(Def::Item(file, item), _) => match &self.item(*file, *item).kind {
                ItemKind::Struct { fields, scope, .. } => {
                    let field = fields.iter().find(|field| field.name == name);
                    field.map_or(Ty::Unknown, |field| self.ty(*file, *scope, &field.ty))
                }
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }

    fn type_of_binding(&self, file: usize, id: BindingId, left: usize) -> Ty {
        if left == 0 {
            return Ty::Unknown;
        }
        let binding: &Binding = &self.tree(file).bindings[id.index()];
        if let Some(ty) = &binding.ty
            && *ty != Type::Unknown
        {
            return self.ty(file, binding.scope, ty);
        }
        let whole = match binding.origin {
            Origin::Let(node) => match &self.node(file, node).kind {
                NodeKind::Let { ty: Some(ty), .. } if !binding.steps.is_empty() => {
                    self.ty(file, binding.scope, ty)
                }
                NodeKind::Let { init: Some(init), .. } => self.type_at(file, *init, left),
                _ => Ty::Unknown,
            },
            Origin::This(function) => {
                let scope = self.function(file, function).map(|function| function.scope);
                scope.map_or(Ty::Unknown, |scope| self.self_type(file, scope))
            }
            Origin::Param(function, index) => {
                let function = self.function(file, function);
                let param = function.and_then(|function| function.params.get(index as usize));
                match (function, param) {
                    (Some(function), Some(param)) => self.ty(file, function.scope, &param.ty),
                    _ => Ty::Unknown,
                }
            }
            Origin::Match(node) => match &self.node(file, node).kind {
                NodeKind::Match { scrutinee, .. } => self.type_at(file, *scrutinee, left),
                _ => Ty::Unknown,
            },
            Origin::For(node) => match &self.node(file, node).kind {
                NodeKind::For { iterator, .. } => {
                    self.type_at(file, *iterator, left).peeled().clone()
                }
                _ => Ty::Unknown,
            },
            Origin::Closure(node, _) => self.type_of_closure_param(file, node, left),
        };
        self.stepped(file, binding, whole)
    }

    /// `receiver.map(|x| ..)`: `x` is what the receiver holds.
    fn type_of_closure_param(&self, file: usize, closure: NodeId, left: usize) -> Ty {
        let Some(parent) = self.node(file, closure).parent else {
            return Ty::Unknown;
        };
        match &self.node(file, parent).kind {
            NodeKind::Method { receiver, name, .. }
                if matches!(
                    name.as_str(),
                    "map"
                        | "and_then"
                        | "map_or"
                        | "map_or_else"
                        | "is_some_and"
                        | "then"
                        | "for_each"
                        | "with"
                        | "inspect"
                        | "tap"
                        | "filter_map"
                        | "flat_map"
                ) =>
            {
                self.type_at(file, *receiver, left).peeled().clone()
            }
            _ => Ty::Unknown,
        }
    }

    fn stepped(&self, file: usize, binding: &Binding, whole: Ty) -> Ty {
        let mut at = whole;
        for step in &binding.steps {
            at = match step {
                Step::Element(index) => self.field_type(&at, &index.to_string()),
                Step::Item => at.peeled().clone(),
                Step::Field(path, name) => {
                    match self.path(file, binding.scope, path, Space::Value) {
                        Some(Def::Variant(to, item, variant)) => {
                            self.variant_field(to, item, &variant, name)
                        }
                        Some(Def::Item(to, item)) => {
                            self.field_type(&Ty::Def(Def::Item(to, item), Vec::new()), name)
                        }
                        // `Some(x)`, `Ok(x)`: types are seen without their holders.
                        _ => at,
                    }
                }
            };
        }
        at
    }

    /// The type of a variant's field.
    #[must_use]
    pub fn variant_field(
        &self,
        file: usize,
        item: crate::syntax::ItemId,
        variant: &str,
        name: &str,
    ) -> Ty {
        let ItemKind::Enum { variants, scope } = &self.item(file, item).kind else {
            return Ty::Unknown;
        };
        let fields = variants.iter().find(|(known, _)| known == variant).map(|(_, fields)| fields);
        let field = fields.and_then(|fields| fields.iter().find(|field| field.name == name));
        field.map_or(Ty::Unknown, |field| self.ty(file, *scope, &field.ty))
    }
}

fn foreign_type(path: &str) -> Ty {
    Ty::Def(Def::Foreign(path.split("::").map(str::to_owned).collect()), Vec::new())
}
