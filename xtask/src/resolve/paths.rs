//! Follows paths, name by name, to what they stand for.
//! It never looks at values; types on the way are those that are written.

use super::{Def, Resolver, Space, Ty};
use crate::syntax::{ItemKind, Path, ScopeId, ScopeKind, Segment, Type};

/// Paths inside of paths: through aliases, associated types and `Self`.
const MAX_DEPTH: usize = 40;

impl Resolver<'_> {
    /// What a path means in a scope.
    #[must_use]
    pub fn path(&self, file: usize, scope: ScopeId, path: &Path, space: Space) -> Option<Def> {
        let depth = self.depth.get();
        if depth > MAX_DEPTH {
            *self.cycles.borrow_mut() += 1;
            return None;
        }
        self.depth.set(depth + 1);
        let found = self.path_inside(file, scope, path, space);
        self.depth.set(depth);
        found
    }

    fn path_inside(&self, file: usize, scope: ScopeId, path: &Path, space: Space) -> Option<Def> {
        if let Some(front) = &path.self_type {
            let ty = self.ty(file, scope, &front.ty);
            let of_trait = front.of_trait.as_ref();
            return self.beside(file, scope, &ty, of_trait, &path.segments, space);
        }
        let (first, rest) = path.segments.split_first()?;
        let first_space = if rest.is_empty() { space } else { Space::Type };
        let (start, rest) = self.start(file, scope, first, rest, path.is_global, first_space)?;
        self.follow(start, rest, space, (file, scope))
            .or_else(|| self.beside_arguments(file, scope, path, space))
    }

    /// `Alias::<Client>::new`: what stands in the angle brackets decides what the alias is.
    fn beside_arguments(
        &self,
        file: usize,
        scope: ScopeId,
        path: &Path,
        space: Space,
    ) -> Option<Def> {
        let (last, of) = path.segments.split_last()?;
        of.last().filter(|of| !of.arguments.is_empty())?;
        let of = Path { segments: of.to_vec(), ..path.clone() };
        let ty = self.ty(file, scope, &Type::Path(of));
        self.beside(file, scope, &ty, None, std::slice::from_ref(last), space)
    }

    /// What an import means: as a path, but a crate's name wins over a name that leads back here.
    pub(super) fn import(
        &self,
        file: usize,
        scope: ScopeId,
        path: &Path,
        space: Space,
    ) -> Option<Def> {
        if path.segments.is_empty() {
            // `use ::*`, `use {..}`: nothing to start from.
            return self.crate_root(file);
        }
        if let Some(found) = self.path(file, scope, path, space) {
            return Some(found);
        }
        // Before 2018, imports started at the crate's root.
        let (first, rest) = path.segments.split_first()?;
        let Some(Def::Module(root, inner)) = self.crate_root(file) else {
            return None;
        };
        let first_space = if rest.is_empty() { space } else { Space::Type };
        let start = self.member(root, inner, &first.name, first_space, (file, scope))?;
        self.follow(start, rest, space, (file, scope))
    }

    /// The first name of a path, and what is left of it.
    fn start<'p>(
        &self,
        file: usize,
        scope: ScopeId,
        first: &Segment,
        rest: &'p [Segment],
        is_global: bool,
        space: Space,
    ) -> Option<(Def, &'p [Segment])> {
        if is_global {
            let root = || match self.crate_root(file)? {
                Def::Module(root, inner) => {
                    self.member(root, inner, &first.name, space, (file, scope))
                }
                _ => None,
            };
            return Some((self.krate(file, &first.name).or_else(root)?, rest));
        }
        let module = || (file, self.tree(file).module_of(scope));
        match first.name.as_str() {
            "crate" | "$crate" => Some((self.crate_root(file)?, rest)),
            "self" => Some((self.module_around(module()), rest)),
            "super" => {
                let mut at = self.parent(module())?;
                let mut rest = rest;
                while let Some((next, behind)) = rest.split_first()
                    && next.name == "super"
                {
                    at = self.parent(at)?;
                    rest = behind;
                }
                Some((Def::Module(at.0, at.1), rest))
            }
            "Self" => match self.self_type(file, scope) {
                Ty::Def(def, _) => Some((def, rest)),
                _ => None,
            },
            name => {
                let found = self.name(file, scope, name, space);
                let found = found
                    .or_else(|| if space == Space::Type { self.krate(file, name) } else { None });
                Some((found.or_else(|| prelude(name))?, rest))
            }
        }
    }

    /// An included file's `self` is the module that includes it.
    fn module_around(&self, (file, scope): (usize, ScopeId)) -> Def {
        if scope == ScopeId(0)
            && self.file(file).is_included
            && let Some((outer, inside)) = &self.file(file).parent
        {
            let inner = self.file(*outer).inline_module(inside).unwrap_or(ScopeId(0));
            return Def::Module(*outer, inner);
        }
        Def::Module(file, scope)
    }

    /// The module around a module.
    fn parent(&self, (file, scope): (usize, ScopeId)) -> Option<(usize, ScopeId)> {
        let (file, scope) = match self.module_around((file, scope)) {
            Def::Module(file, scope) => (file, scope),
            _ => (file, scope),
        };
        let tree = self.tree(file);
        match tree.scope(scope).parent {
            Some(parent) => Some((file, tree.module_of(parent))),
            None => {
                let (outer, inside) = self.file(file).parent.as_ref()?;
                let inner = self.file(*outer).inline_module(inside).unwrap_or(ScopeId(0));
                Some((*outer, inner))
            }
        }
    }

    /// Goes on from a definition along the rest of a path.
    fn follow(
        &self,
        start: Def,
        rest: &[Segment],
        space: Space,
        from: (usize, ScopeId),
    ) -> Option<Def> {
        let mut at = start;
        for (index, segment) in rest.iter().enumerate() {
            let is_last = index + 1 == rest.len();
            let wanted = if is_last { space } else { Space::Type };
            if segment.name == "self" && is_last {
                return Some(at);
            }
            at = match at {
                Def::Module(file, scope) => {
                    self.member(file, scope, &segment.name, wanted, from)?
                }
                Def::Foreign(mut whole) => {
                    whole.push(segment.name.clone());
                    Def::Foreign(self.knowledge.canonical_path(whole))
                }
                other => {
                    let ty = self.expanded(other);
                    return self.beside(from.0, from.1, &ty, None, &rest[index..], space);
                }
            };
        }
        Some(at)
    }

    /// What a path means behind a type: variants, associated functions and types.
    fn beside(
        &self,
        file: usize,
        scope: ScopeId,
        ty: &Ty,
        of_trait: Option<&Path>,
        rest: &[Segment],
        space: Space,
    ) -> Option<Def> {
        let Some((segment, behind)) = rest.split_first() else {
            return match ty {
                Ty::Def(def, _) => Some(def.clone()),
                _ => None,
            };
        };
        let Ty::Def(def, _) = ty else {
            return None;
        };
        let of_trait = of_trait.and_then(|path| self.path(file, scope, path, Space::Type));
        let is_last = behind.is_empty();
        let found = self.associated(def, &segment.name, of_trait.as_ref());
        match (def, found) {
            (_, Some(member)) => {
                let next = Def::Item(member.0, member.1);
                if is_last {
                    return Some(next);
                }
                let next = self.expanded(next);
                self.beside(file, scope, &next, None, behind, space)
            }
            (Def::Foreign(whole), None) => {
                let mut whole = whole.clone();
                whole.push(segment.name.clone());
                let whole = Def::Foreign(self.knowledge.canonical_path(whole));
                self.follow(whole, behind, space, (file, scope))
            }
            (Def::Item(to, item), None) => match &self.item(*to, *item).kind {
                ItemKind::Enum { variants, .. }
                    if variants.iter().any(|(name, _)| *name == segment.name) =>
                {
                    Some(Def::Variant(*to, *item, segment.name.clone()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The type that `Self` stands for.
    #[must_use]
    pub fn self_type(&self, file: usize, scope: ScopeId) -> Ty {
        let tree = self.tree(file);
        let mut at = Some(scope);
        while let Some(scope) = at {
            match tree.scope(scope).kind {
                ScopeKind::Impl(item) => {
                    return match &tree.item(item).kind {
                        ItemKind::Impl(of) => self.ty(file, scope, &of.ty),
                        // While the implementation itself is being read.
                        _ => Ty::Unknown,
                    };
                }
                ScopeKind::Trait(item) => return Ty::Def(Def::Item(file, item), Vec::new()),
                ScopeKind::Type(item) => return Ty::Def(Def::Item(file, item), Vec::new()),
                ScopeKind::Module(_) => return Ty::Unknown,
                _ => at = tree.scope(scope).parent,
            }
        }
        Ty::Unknown
    }

    /// A definition as a type: what an alias stands for, the bound of a parameter.
    fn expanded(&self, def: Def) -> Ty {
        let Def::Item(file, item) = &def else {
            return Ty::Def(def, Vec::new());
        };
        match &self.item(*file, *item).kind {
            ItemKind::Alias { ty: Some(ty), scope } => self.ty(*file, *scope, ty),
            _ => Ty::Def(def, Vec::new()),
        }
    }

    /// The path as text, when it leads into a foreign crate.
    #[must_use]
    pub fn foreign(&self, file: usize, scope: ScopeId, path: &Path) -> Option<String> {
        match self.path(file, scope, path, Space::Value)? {
            Def::Foreign(whole) => Some(whole.join("::")),
            _ => None,
        }
    }

    /// The definition of a type, without its arguments.
    #[must_use]
    pub fn type_def(&self, file: usize, scope: ScopeId, ty: &Type) -> Option<Def> {
        match self.ty(file, scope, ty) {
            Ty::Def(def, _) => Some(def),
            _ => None,
        }
    }
}

/// Names of the standard library that need no import.
fn prelude(name: &str) -> Option<Def> {
    let known = matches!(
        name,
        "Option"
            | "Some"
            | "None"
            | "Result"
            | "Ok"
            | "Err"
            | "Box"
            | "Vec"
            | "String"
            | "Default"
            | "From"
            | "Into"
            | "TryFrom"
            | "TryInto"
            | "Iterator"
            | "Clone"
            | "AsRef"
            | "ToOwned"
            | "drop"
            | "Drop"
            | "Fn"
            | "FnMut"
            | "FnOnce"
            | "Future"
            | "IntoFuture"
    );
    known.then(|| Def::Foreign(vec!["std".into(), "prelude".into(), name.to_owned()]))
}
