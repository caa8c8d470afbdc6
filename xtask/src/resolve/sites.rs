//! Finds every place where a client comes to be or a call is sent.
//! It never judges what becomes of the client.

use super::{Def, Resolver, Space, Ty};
use crate::knowledge::{Entry, Role};
use crate::syntax::{Field, ItemKind, NodeId, NodeKind, Path, Pos, ScopeId, SelfType, Type};

/// A place that can make a call.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file.
    pub file: usize,
    /// Where the callee's path starts.
    pub pos: Pos,
    /// The expression that is the client, builder or response; none for derives.
    pub node: Option<NodeId>,
    /// The scope around it.
    pub scope: ScopeId,
    /// For derives: the struct's fields of a client's type.
    pub fields: Vec<String>,
    /// For derives: the struct.
    pub item: Option<crate::syntax::ItemId>,
    /// What is called.
    pub symbol: Symbol,
}

/// What a place calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// Something of the table.
    Known(Entry, String),
    /// Something of egret's own that is covered from the start.
    Born(String),
}

impl Resolver<'_> {
    /// Every place of a file.
    #[must_use]
    pub fn sites(&self, file: usize) -> Vec<Found> {
        let tree = self.tree(file);
        let mut found = Vec::new();
        for index in 0..tree.nodes.len() {
            let id = NodeId::after(index);
            let node = &tree.nodes[index];
            let symbol = match &node.kind {
                NodeKind::Path(path) => self.path_symbol(file, id, node.scope, path),
                NodeKind::Method { receiver, name, .. } => {
                    self.method_symbol(file, id, *receiver, name)
                }
                _ => None,
            };
            if let Some(symbol) = symbol {
                found.push(self.found(file, id, symbol));
            }
        }
        self.derived(file, &mut found);
        found
    }

    fn found(&self, file: usize, id: NodeId, symbol: Symbol) -> Found {
        let node = self.node(file, id);
        let is_called = node.parent.filter(|parent| {
            matches!(&self.node(file, *parent).kind, NodeKind::Call { callee, .. } if *callee == id)
        });
        Found {
            file,
            pos: node.pos,
            node: Some(is_called.unwrap_or(id)),
            scope: node.scope,
            fields: Vec::new(),
            item: None,
            symbol,
        }
    }

    fn path_symbol(&self, file: usize, id: NodeId, scope: ScopeId, path: &Path) -> Option<Symbol> {
        let last = path.last()?;
        let generated = || self.generated_symbol(file, scope, path);
        if last == "take" {
            return self.taken(file, id, scope, path);
        }
        if !self.knowledge.may_end_in(last) {
            if self.is_renamed_function(path) {
                let whole = self.foreign(file, scope, path);
                return whole.and_then(|whole| self.entry_of(&whole));
            }
            return self.born(file, scope, path).or_else(generated);
        }
        // `<_>::default()` names no type at all.
        let is_inferred = path.self_type.as_ref().is_some_and(|of| of.ty == Type::Unknown);
        let inferred = || is_inferred.then(|| last.to_owned());
        let whole = self.foreign(file, scope, path).or_else(inferred);
        if let Some(whole) = whole {
            if let Some(of_default) = self.trait_function(file, id, scope, path, &whole) {
                return Some(of_default);
            }
            if self.knowledge.covers.is_born_covered(&whole) {
                return self.is_birth(&whole).then_some(Symbol::Born(whole));
            }
            return self.entry_of(&whole).or_else(generated);
        }
        generated()
    }

    /// `use reqwest::get as fetch; fetch(url)`: an import may give any name.
    fn is_renamed_function(&self, path: &Path) -> bool {
        path.last().is_some_and(|last| self.renames.contains(last))
    }

    fn entry_of(&self, whole: &str) -> Option<Symbol> {
        let entry = self.knowledge.entry(whole)?;
        Some(Symbol::Known(entry, whole.to_owned()))
    }

    fn born(&self, file: usize, scope: ScopeId, path: &Path) -> Option<Symbol> {
        if path.segments.len() < 2 && !path.last()?.contains("client") {
            return None;
        }
        let whole = self.foreign(file, scope, path).filter(|whole| whole.starts_with("egret::"))?;
        let is_born = self.knowledge.covers.is_born_covered(&whole) && self.is_birth(&whole);
        is_born.then_some(Symbol::Born(whole))
    }

    /// Of a module that stands in for another crate's, what would be a site there.
    fn is_birth(&self, whole: &str) -> bool {
        let stands_for =
            [("egret::http::", "reqwest::"), ("egret::blocking::", "reqwest::blocking::")];
        let other = stands_for
            .iter()
            .find_map(|(own, other)| Some(format!("{other}{}", whole.strip_prefix(own)?)));
        other.is_none_or(|other| self.knowledge.entry(&other).is_some())
    }

    /// `<Client as Default>::default`, `Default::default()`, `From::from(config)`.
    fn trait_function(
        &self,
        file: usize,
        id: NodeId,
        scope: ScopeId,
        path: &Path,
        whole: &str,
    ) -> Option<Symbol> {
        let name = whole.rsplit("::").next()?;
        let is_trait = matches!(
            whole,
            "std::prelude::Default::default"
                | "std::default::Default::default"
                | "std::prelude::From::from"
                | "std::convert::From::from"
        );
        let is_inferred = path.self_type.as_ref().is_some_and(|of| of.ty == Type::Unknown);
        if !is_trait && !is_inferred && !Ty::is_default_of_holder(whole) {
            return None;
        }
        let call = self.node(file, id).parent.filter(|parent| {
            matches!(&self.node(file, *parent).kind, NodeKind::Call { callee, .. } if *callee == id)
        });
        let expected = match call {
            Some(call) => self.expected(file, call),
            // As a value: `unwrap_or_else(Default::default)`.
            None => self.expected(file, id),
        };
        let _: Option<&SelfType> = path.self_type.as_deref();
        let _ = scope;
        if name == "default" {
            return self.entry_of_default(&expected);
        }
        self.entry_of(&format!("{}::{name}", expected.peeled().foreign()?))
    }

    /// The client that the default of a type holds; of a tuple, the first.
    fn entry_of_default(&self, ty: &Ty) -> Option<Symbol> {
        match ty.of_default() {
            Ty::Tuple(types) => types.iter().find_map(|ty| self.entry_of_default(ty)),
            ty => self.entry_of(&format!("{}::default", ty.foreign()?)),
        }
    }

    /// `std::mem::take(&mut client)` leaves a new client behind.
    fn taken(&self, file: usize, id: NodeId, scope: ScopeId, path: &Path) -> Option<Symbol> {
        let whole = self.foreign(file, scope, path)?;
        let call = self.node(file, id).parent?;
        let NodeKind::Call { callee, args } = &self.node(file, call).kind else { return None };
        let is_it = *callee == id && matches!(whole.as_str(), "std::mem::take" | "core::mem::take");
        let given = args.first().filter(|_| is_it)?;
        self.entry_of_default(&self.type_of(file, *given))
    }

    fn method_symbol(
        &self,
        file: usize,
        id: NodeId,
        receiver: NodeId,
        name: &str,
    ) -> Option<Symbol> {
        if let Some(path) = self.knowledge.constructing_method(name) {
            let ty = self.type_of(file, receiver).peeled().foreign()?;
            let of = path.rsplit_once("::").map(|(of, _)| of);
            let is_it = of == Some(ty.as_str()) || self.knowledge.role(&ty) == Some(Role::Config);
            let entry = self.knowledge.entry_of_package(path.split("::").next()?, false)?;
            return is_it.then(|| Symbol::Known(entry, path.to_owned()));
        }
        if self.knowledge.covers.may_be_born_by(name) {
            let of = self.type_of(file, receiver).peeled().foreign()?;
            let whole = format!("{of}::{name}");
            return self.knowledge.covers.is_born_covered(&whole).then_some(Symbol::Born(whole));
        }
        match name {
            "into" | "try_into" => {
                let path = self.expected(file, id).peeled().foreign()?;
                if !self.knowledge.comes_by_into(&path) {
                    return None;
                }
                let given = self.type_of(file, receiver).peeled().foreign();
                let is_client = given.and_then(|given| self.knowledge.role(&given));
                let entry = self.knowledge.entry_of_package(path.split("::").next()?, false)?;
                (is_client != Some(Role::Client))
                    .then(|| Symbol::Known(entry, format!("{path}::from")))
            }
            "unwrap_or_default" => {
                if self.is_made_here(file, receiver) {
                    return None;
                }
                let path = self.type_of(file, receiver).peeled().foreign()?;
                self.entry_of(&format!("{path}::default"))
            }
            _ => self.extension_symbol(file, id, receiver, name),
        }
    }

    /// Whether the start of a chain is a site of its own, so that its end is none.
    fn is_made_here(&self, file: usize, mut id: NodeId) -> bool {
        loop {
            id = match &self.node(file, id).kind {
                NodeKind::Method { receiver, .. } => *receiver,
                NodeKind::Call { callee, .. } => *callee,
                NodeKind::Through(_, inner) => *inner,
                NodeKind::Path(path) => {
                    let scope = self.node(file, id).scope;
                    let whole = self.foreign(file, scope, path);
                    return whole.is_some_and(|whole| self.knowledge.entry(&whole).is_some());
                }
                _ => return false,
            }
        }
    }

    /// `Request::get(url).body(())?.send()`, where a trait of an HTTP crate is in scope.
    fn extension_symbol(
        &self,
        file: usize,
        id: NodeId,
        receiver: NodeId,
        name: &str,
    ) -> Option<Symbol> {
        let (path, _) = self
            .knowledge
            .extensions()
            .find(|(_, methods)| methods.iter().any(|method| method == name))?;
        let (package, trait_name) = path.split_once("::")?;
        let node = self.node(file, id);
        let trait_path = Path::of([trait_name]);
        let in_scope = self.path(file, node.scope, &trait_path, Space::Type);
        let is_in_scope = matches!(&in_scope, Some(Def::Foreign(whole)) if whole[0] == package)
            || self.imports_prelude(file, package);
        if !is_in_scope {
            return None;
        }
        let of = self.type_of(file, receiver).peeled().foreign()?;
        let is_request = of.ends_with("::Request") || of.contains("::Request");
        if !is_request {
            return None;
        }
        self.entry_of(&format!("{path}::{name}"))
    }

    fn imports_prelude(&self, file: usize, package: &str) -> bool {
        self.tree(file).items.iter().any(|item| match &item.kind {
            ItemKind::Use { path, is_glob: true } => {
                path.segments.first().is_some_and(|first| first.name == package)
                    && path.last() == Some("prelude")
            }
            _ => false,
        })
    }

    /// `GreeterClient::connect(..)`, written by a build script from a service description.
    fn generated_symbol(&self, file: usize, scope: ScopeId, path: &Path) -> Option<Symbol> {
        let [.., of, function] = path.segments.as_slice() else {
            return None;
        };
        let mut tables = self.knowledge.generated();
        let (package, _, _) = tables.find(|(_, suffix, wanted)| {
            of.name.ends_with(suffix) && of.name != *suffix && function.name == *wanted
        })?;
        if !self.depends_on(file, package) {
            return None;
        }
        let ty =
            Path { segments: path.segments[..path.segments.len() - 1].to_vec(), ..path.clone() };
        let is_written = match self.path(file, scope, &ty, Space::Type) {
            None => true,
            Some(Def::Foreign(whole)) => {
                // Generated types of other crates live in modules, never at the root of a client.
                !self.knowledge.is_known_package(&whole[0]) && whole.len() > 2
            }
            Some(_) => false,
        };
        let entry = self.knowledge.entry_of_package(package, true)?;
        let symbol = format!("{}::{}", of.name, function.name);
        is_written.then_some(Symbol::Known(entry, symbol))
    }

    fn depends_on(&self, file: usize, package: &str) -> bool {
        let of = &self.sources.packages[self.file(file).package];
        let mut names = of.dependencies.values().map(|one| one.package.replace('-', "_"));
        !of.has_manifest || names.any(|name| name == package)
    }

    /// `#[derive(Default)]` makes every field; `#[serde(skip)]` makes those that it skips.
    fn derived(&self, file: usize, found: &mut Vec<Found>) {
        let tree = self.tree(file);
        for (index, item) in tree.items.iter().enumerate() {
            let ItemKind::Struct { fields, derives, scope } = &item.kind else {
                continue;
            };
            for (name, pos) in derives {
                let makes = |field: &&Field| match name.as_str() {
                    "Default" | "SmartDefault" => true,
                    "Deserialize" => field.is_skipped,
                    _ => false,
                };
                for field in fields.iter().filter(makes) {
                    let Some(symbol) = self.default_of(file, *scope, &field.ty) else {
                        continue;
                    };
                    found.push(Found {
                        file,
                        pos: *pos,
                        node: None,
                        scope: *scope,
                        fields: vec![field.name.clone()],
                        item: Some(crate::syntax::ItemId::after(index)),
                        symbol,
                    });
                }
            }
        }
    }

    fn default_of(&self, file: usize, scope: ScopeId, ty: &Type) -> Option<Symbol> {
        let ty: Ty = self.ty(file, scope, ty);
        self.entry_of(&format!("{}::default", ty.of_default().foreign()?))
    }
}
