//! Looks names up: in blocks, modules, through imports and globs, and among crates.
//! It never follows a path; that is the next step.

use std::rc::Rc;

use rustc_hash::FxHashMap as HashMap;

use super::{Def, Lookup, Resolver, Space};
use crate::syntax::{Item, ItemId, ItemKind, Path, ScopeId, ScopeKind};

/// Imports that lead to imports: far more than any code has.
const MAX_CYCLE: usize = 200;

/// What stands in a scope.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    named: HashMap<&'a str, Vec<ItemId>>,
    /// Imports of everything, and texts that are included: any name may come through them.
    open: Vec<ItemId>,
}

impl<'a> Resolver<'a> {
    /// What a name means in a scope: inner blocks first, then the module, then crates.
    pub(super) fn name(
        &self,
        file: usize,
        scope: ScopeId,
        name: &str,
        space: Space,
    ) -> Option<Def> {
        let (mut file, mut scope) = (file, scope);
        loop {
            let tree = self.tree(file);
            let at = tree.scope(scope);
            if at.generics.iter().any(|generic| generic.name == name) && space == Space::Type {
                return Some(Def::Generic(file, scope, name.to_owned()));
            }
            match at.kind {
                ScopeKind::Impl(_) | ScopeKind::Trait(_) | ScopeKind::Type(_) => {}
                ScopeKind::Block | ScopeKind::Function(_) | ScopeKind::Module(_) => {
                    if let Some(found) = self.member(file, scope, name, space, (file, scope)) {
                        return Some(found);
                    }
                }
            }
            let is_module = matches!(at.kind, ScopeKind::Module(_));
            match at.parent.filter(|_| !is_module) {
                Some(parent) => scope = parent,
                None if is_module && at.parent.is_none() && self.file(file).is_included => {
                    let (outer, inside) = self.file(file).parent.as_ref()?;
                    scope = self.file(*outer).inline_module(inside)?;
                    file = *outer;
                }
                None => return None,
            }
        }
    }

    /// What a name means as a member of a module or block, for somebody at `from`.
    pub(super) fn member(
        &self,
        file: usize,
        scope: ScopeId,
        name: &str,
        space: Space,
        from: (usize, ScopeId),
    ) -> Option<Def> {
        let is_inside = self.is_inside(from, (file, scope));
        let key = (file, scope, name.to_owned(), space, is_inside);
        if let Some(known) = self.memo.borrow().get(&key) {
            return known.clone();
        }
        if self.active.borrow().len() > MAX_CYCLE
            || self.fruitless.borrow().contains(&key)
            || !self.active.borrow_mut().insert(key.clone())
        {
            *self.cycles.borrow_mut() += 1;
            return None;
        }
        let n_cycles = *self.cycles.borrow();
        let found = self.search(file, scope, name, space, is_inside);
        self.active.borrow_mut().remove(&key);
        let is_outermost = self.active.borrow().is_empty();
        if is_outermost {
            self.settle(&key, found.is_some());
        }
        if is_outermost || found.is_some() || *self.cycles.borrow() == n_cycles {
            self.memo.borrow_mut().insert(key, found.clone());
        } else {
            self.fruitless.borrow_mut().insert(key);
        }
        found
    }

    /// Modules that import all of each other lead to each other in circles. What was looked through
    /// on the way is not looked through again; and where the whole way found nothing, there is
    /// nothing of that name in any of them.
    fn settle(&self, outermost: &Lookup, is_found: bool) {
        let fruitless = std::mem::take(&mut *self.fruitless.borrow_mut());
        if !is_found {
            let is_same = |key: &Lookup| key.2 == outermost.2 && key.3 == outermost.3;
            let nothing = fruitless.into_iter().filter(is_same).map(|key| (key, None));
            self.memo.borrow_mut().extend(nothing);
        }
    }

    fn search(
        &self,
        file: usize,
        scope: ScopeId,
        name: &str,
        space: Space,
        is_inside: bool,
    ) -> Option<Def> {
        let tree = self.tree(file);
        let members = self.members(file, scope);
        let named = members.named.get(name).into_iter().flatten().map(|id| (*id, tree.item(*id)));
        let mut second = None;
        for (id, item) in named.filter(|(_, item)| is_inside || item.is_public) {
            match self.named_item(file, scope, id, item, space) {
                // Under another `cfg` the same name may stand for a crate that matters.
                Some(Def::Foreign(path)) if !self.knowledge.is_known_package(&path[0]) => {
                    second.get_or_insert(Def::Foreign(path));
                }
                Some(def) => return Some(def),
                None => {}
            }
        }
        if second.is_some() {
            return second;
        }
        if let Some(def) = self.declared_module(file, scope, name, space) {
            return Some(def);
        }
        for id in &members.open {
            let item = tree.item(*id);
            match &item.kind {
                ItemKind::Include(text) => {
                    let found = self.child_files(file, scope, text).find_map(|child| {
                        self.member(child, ScopeId(0), name, space, (child, ScopeId(0)))
                    });
                    if found.is_some() {
                        return found;
                    }
                }
                ItemKind::Use { path, is_glob: true } if is_inside || item.is_public => {
                    let found = self.through_glob(file, scope, path, name, space);
                    if found.is_some() {
                        return found;
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// What stands in a scope, by name. Generated modules have thousands of items, and as many
    /// implementations that name them.
    fn members(&self, file: usize, scope: ScopeId) -> Rc<Members<'a>> {
        if let Some(known) = self.members.borrow().get(&(file, scope)) {
            return Rc::clone(known);
        }
        let tree = self.tree(file);
        let mut members = Members::default();
        for &id in &tree.scope(scope).items {
            let item = tree.item(id);
            members.named.entry(item.name.as_str()).or_default().push(id);
            if matches!(item.kind, ItemKind::Include(_) | ItemKind::Use { is_glob: true, .. }) {
                members.open.push(id);
            }
        }
        let members = Rc::new(members);
        self.members.borrow_mut().insert((file, scope), Rc::clone(&members));
        members
    }

    fn named_item(
        &self,
        file: usize,
        scope: ScopeId,
        id: crate::syntax::ItemId,
        item: &Item,
        space: Space,
    ) -> Option<Def> {
        match &item.kind {
            ItemKind::Use { path, is_glob: false } => {
                let found = self.import(file, scope, path, space)?;
                self.fits(&found, space).then_some(found)
            }
            ItemKind::ExternCrate(name) if space == Space::Type => {
                if name == "self" {
                    return self.crate_root(file);
                }
                self.krate(file, name).or_else(|| Some(Def::Foreign(vec![self.plain_crate(name)])))
            }
            ItemKind::Module(inner) if space == Space::Type => match inner {
                Some(inner) => Some(Def::Module(file, *inner)),
                None => self.declared_module(file, scope, &item.name, space),
            },
            _ => {
                let def = Def::Item(file, id);
                self.fits(&def, space).then_some(def)
            }
        }
    }

    /// A module in a file of its own; files without a tree are known by their declarations only.
    fn declared_module(
        &self,
        file: usize,
        scope: ScopeId,
        name: &str,
        space: Space,
    ) -> Option<Def> {
        let is_module = matches!(self.tree(file).scope(scope).kind, ScopeKind::Module(_));
        if space != Space::Type || !is_module {
            return None;
        }
        let child = self.child_files(file, scope, name).next()?;
        (!self.file(child).is_included).then_some(Def::Module(child, ScopeId(0)))
    }

    fn child_files(&self, file: usize, scope: ScopeId, name: &str) -> impl Iterator<Item = usize> {
        let tree = self.tree(file);
        let children = &self.file(file).children;
        let found = if children.is_empty() {
            None
        } else {
            children.get(&(tree.module_names(tree.module_of(scope)), name.to_owned()))
        };
        found.into_iter().flatten().copied()
    }

    fn through_glob(
        &self,
        file: usize,
        scope: ScopeId,
        path: &Path,
        name: &str,
        space: Space,
    ) -> Option<Def> {
        match self.import(file, scope, path, Space::Type)? {
            Def::Module(to, inner) if (to, inner) != (file, scope) => {
                self.member(to, inner, name, space, (file, scope))
            }
            Def::Item(to, item) => match &self.item(to, item).kind {
                ItemKind::Enum { variants, .. } if variants.iter().any(|(v, _)| v == name) => {
                    Some(Def::Variant(to, item, name.to_owned()))
                }
                _ => None,
            },
            Def::Foreign(mut whole) => {
                whole.push(name.to_owned());
                let whole = self.knowledge.canonical_path(whole);
                self.knowledge.is_path(&whole.join("::")).then_some(Def::Foreign(whole))
            }
            _ => None,
        }
    }

    /// Whether a definition can be what is looked for. Foreign ones can be anything.
    fn fits(&self, def: &Def, space: Space) -> bool {
        let Def::Item(file, item) = def else {
            return match def {
                Def::Module(..) | Def::Generic(..) => space == Space::Type,
                _ => true,
            };
        };
        match &self.item(*file, *item).kind {
            ItemKind::Function(_) | ItemKind::Value { .. } => space == Space::Value,
            ItemKind::Enum { .. } | ItemKind::Trait(_) | ItemKind::Alias { .. } => {
                space == Space::Type
            }
            // Tuple structs are constructors, too.
            ItemKind::Struct { .. } => true,
            _ => false,
        }
    }

    /// Whether `from` is the module itself or inside of it, so that it sees what is private.
    fn is_inside(&self, from: (usize, ScopeId), of: (usize, ScopeId)) -> bool {
        let (mut file, mut scope) = from;
        for _ in 0..64 {
            if (file, scope) == of {
                return true;
            }
            match self.tree(file).scope(scope).parent {
                Some(parent) => scope = parent,
                None => match &self.file(file).parent {
                    Some((outer, inside)) => {
                        scope = self.file(*outer).inline_module(inside).unwrap_or(ScopeId(0));
                        file = *outer;
                    }
                    None => return false,
                },
            }
        }
        false
    }

    /// The root module of the crate that a file belongs to.
    pub(super) fn crate_root(&self, file: usize) -> Option<Def> {
        let krate = self.file(file).krate?;
        Some(Def::Module(self.sources.crates[krate].root, ScopeId(0)))
    }

    /// A crate by the name that it has in the sources of a file.
    pub(super) fn krate(&self, file: usize, name: &str) -> Option<Def> {
        let package = &self.sources.packages[self.file(file).package];
        if let Some(dependency) = package.dependencies.get(name) {
            if self.knowledge.is_known_package(&dependency.package) {
                return Some(Def::Foreign(vec![self.knowledge.canonical(&dependency.package)]));
            }
            let library = dependency.local.and_then(|local| self.library(local));
            let foreign = || Def::Foreign(vec![dependency.package.replace('-', "_")]);
            return Some(library.unwrap_or_else(foreign));
        }
        if package.library.as_deref() == Some(name) {
            if self.knowledge.is_known_package(&package.name) {
                return Some(Def::Foreign(vec![self.knowledge.canonical(&package.name)]));
            }
            return self.library(self.file(file).package);
        }
        let is_std = matches!(name, "std" | "core" | "alloc");
        let is_known = is_std || self.knowledge.is_known_package(name);
        is_known.then(|| Def::Foreign(vec![self.plain_crate(name)]))
    }

    fn plain_crate(&self, name: &str) -> String {
        match name {
            "core" | "alloc" => "std".to_owned(),
            name => self.knowledge.canonical(name),
        }
    }

    /// The root module of a package's library.
    fn library(&self, package: usize) -> Option<Def> {
        Some(Def::Module(*self.libraries.get(&package)?, ScopeId(0)))
    }
}
