//! Who implements what: functions and types that belong to a type.
//! It never considers generics: an implementation for some `T<A>` counts for every `T`.

use rustc_hash::FxHashMap as HashMap;

use super::{Def, Member, Resolver, Space};
use crate::syntax::{ItemId, ItemKind, ScopeId, ScopeKind};

/// All implementations, by the type that they are for.
#[derive(Debug, Default)]
pub(super) struct Impls {
    by_type: HashMap<Def, Vec<One>>,
    by_trait: HashMap<Def, Vec<One>>,
}

#[derive(Clone, Debug)]
struct One {
    file: usize,
    scope: ScopeId,
    of_trait: Option<Def>,
}

pub(super) fn collect(resolver: &Resolver<'_>) -> Impls {
    let mut impls = Impls::default();
    for (file, at) in resolver.sources.files.iter().enumerate() {
        for item in at.tree.iter().flat_map(|tree| &tree.items) {
            let ItemKind::Impl(of) = &item.kind else {
                continue;
            };
            let Some(def) = resolver.type_def(file, of.scope, &of.ty) else {
                continue;
            };
            let of_trait = of.of_trait.as_ref();
            let of_trait =
                of_trait.and_then(|path| resolver.path(file, item.scope, path, Space::Type));
            let one = One { file, scope: of.scope, of_trait };
            if let Some(of_trait) = &one.of_trait {
                impls.by_trait.entry(of_trait.clone()).or_default().push(one.clone());
            }
            impls.by_type.entry(def).or_default().push(one);
        }
    }
    impls
}

impl Resolver<'_> {
    /// The function, constant or type of that name that belongs to a type.
    #[must_use]
    pub fn associated(&self, def: &Def, name: &str, of_trait: Option<&Def>) -> Option<Member> {
        if let Def::Item(file, item) = def
            && let ItemKind::Trait(scope) = &self.item(*file, *item).kind
        {
            return self.in_scope(*file, *scope, name);
        }
        if let Def::Generic(file, scope, generic) = def {
            return self.of_bounds(*file, *scope, generic, name);
        }
        let all = self.impls.by_type.get(def)?;
        let fits = |one: &&One| of_trait.is_none() || one.of_trait.as_ref() == of_trait;
        let own = all.iter().filter(|one| one.of_trait.is_none());
        let others = all.iter().filter(|one| one.of_trait.is_some());
        let direct =
            own.chain(others).filter(fits).find_map(|one| self.in_scope(one.file, one.scope, name));
        direct.or_else(|| {
            let traits = all.iter().filter(fits).filter_map(|one| one.of_trait.as_ref());
            traits.into_iter().find_map(|of_trait| match of_trait {
                Def::Item(file, item) => match &self.item(*file, *item).kind {
                    ItemKind::Trait(scope) => self.in_scope(*file, *scope, name),
                    _ => None,
                },
                _ => None,
            })
        })
    }

    /// Through the bounds of a parameter: the trait's own function.
    fn of_bounds(&self, file: usize, scope: ScopeId, generic: &str, name: &str) -> Option<Member> {
        let generics = &self.tree(file).scope(scope).generics;
        let generic = generics.iter().find(|one| one.name == generic)?;
        generic.bounds.iter().find_map(|bound| {
            let of_trait = self.path(file, scope, bound, Space::Type)?;
            matches!(of_trait, Def::Item(..)).then(|| self.associated(&of_trait, name, None))?
        })
    }

    fn in_scope(&self, file: usize, scope: ScopeId, name: &str) -> Option<Member> {
        let tree = self.tree(file);
        let items = tree.scope(scope).items.iter();
        items.copied().find(|item| tree.item(*item).name == name).map(|item| (file, item))
    }

    /// The functions that implement a trait's function, over all types.
    #[must_use]
    pub fn implementations(&self, of_trait: &Def, name: &str) -> Vec<Member> {
        let all = self.impls.by_trait.get(of_trait).into_iter().flatten();
        all.filter_map(|one| self.in_scope(one.file, one.scope, name)).collect()
    }

    /// The trait that a member implements, if it does, or belongs to.
    #[must_use]
    pub fn trait_of(&self, file: usize, item: ItemId) -> Option<Def> {
        let tree = self.tree(file);
        let scope = tree.item(item).scope;
        match tree.scope(scope).kind {
            ScopeKind::Trait(of) => Some(Def::Item(file, of)),
            ScopeKind::Impl(of) => match &tree.item(of).kind {
                ItemKind::Impl(one) => {
                    self.path(file, tree.item(of).scope, one.of_trait.as_ref()?, Space::Type)
                }
                _ => None,
            },
            _ => None,
        }
    }
}
