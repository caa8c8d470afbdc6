//! Lowers items: what a module, trait or implementation holds.
//! It never leaves anything out for a `cfg`: all of them hold at once, only `test` is noted.

use syn::{Attribute, Fields, FnArg, ImplItem, TraitItem, UseTree, Visibility};

use super::attributes::{derives, is_skipped, is_test_function, only_for_tests};
use super::ids::{ItemId, Pos, ScopeId};
use super::ir::{Field, Function, Impl, ItemKind, Param, ScopeKind};
use super::names::{Path, Segment, Type};
use super::nodes::Origin;
use super::tree::{Lower, at};
use super::types;

impl Lower {
    pub(super) fn items(&mut self, items: &[syn::Item]) {
        for item in items {
            self.any_item(item);
        }
    }

    pub(super) fn any_item(&mut self, item: &syn::Item) {
        self.without_locals(|lower| lower.item_alone(item));
    }

    fn item_alone(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Use(item) => self.import(item),
            syn::Item::ExternCrate(item) => {
                let of = types::name(&item.ident);
                let name = item.rename.as_ref().map_or(of.clone(), |(_, new)| types::name(new));
                let id = self.item(&name, at(item.ident.span()), ItemKind::ExternCrate(of));
                self.publish(id, &item.vis);
            }
            syn::Item::Mod(item) => self.module(item),
            syn::Item::Fn(item) => {
                let is_test = is_test_function(&item.attrs) || only_for_tests(&item.attrs);
                let id = self.function(&item.sig, Some(&item.block), is_test);
                self.publish(id, &item.vis);
            }
            syn::Item::Struct(item) => {
                let id =
                    self.structure(&item.ident, &item.generics, &fields(&item.fields), &item.attrs);
                self.publish(id, &item.vis);
            }
            syn::Item::Union(item) => {
                let of = item.fields.named.iter().enumerate().map(field).collect::<Vec<_>>();
                let id = self.structure(&item.ident, &item.generics, &of, &item.attrs);
                self.publish(id, &item.vis);
            }
            syn::Item::Enum(item) => self.enumeration(item),
            syn::Item::Type(item) => {
                let ty = Some(types::ty(&item.ty));
                let id = self.alias(&item.ident, &item.generics, ty);
                self.publish(id, &item.vis);
            }
            syn::Item::Trait(item) => self.trait_item(item),
            syn::Item::Impl(item) => self.implementation(item),
            syn::Item::Static(item) => {
                let id = self.value(&item.ident, &item.ty, Some(&item.expr), &item.attrs);
                self.publish(id, &item.vis);
            }
            syn::Item::Const(item) => {
                let id = self.value(&item.ident, &item.ty, Some(&item.expr), &item.attrs);
                self.publish(id, &item.vis);
            }
            syn::Item::Macro(item) => {
                let is_test = only_for_tests(&item.attrs);
                self.macro_item(item.ident.as_ref(), &item.mac, is_test);
            }
            syn::Item::Verbatim(tokens) => {
                let nodes = self.loose(tokens.clone(), None);
                self.item("", Pos::default(), ItemKind::MacroCall(nodes));
            }
            _ => {}
        }
    }

    fn publish(&mut self, id: ItemId, visibility: &Visibility) {
        self.tree.items[id.index()].is_public = !matches!(visibility, Visibility::Inherited);
    }

    fn import(&mut self, item: &syn::ItemUse) {
        let mut prefix = Path { is_global: item.leading_colon.is_some(), ..Path::default() };
        let first = self.tree.items.len();
        self.import_tree(&item.tree, &mut prefix);
        let is_public = !matches!(item.vis, Visibility::Inherited);
        for leaf in &mut self.tree.items[first..] {
            leaf.is_public = is_public;
        }
    }

    fn import_tree(&mut self, tree: &UseTree, prefix: &mut Path) {
        match tree {
            UseTree::Path(path) => {
                prefix.segments.push(Segment::of(types::name(&path.ident)));
                self.import_tree(&path.tree, prefix);
                prefix.segments.pop();
            }
            UseTree::Name(leaf) => self.import_leaf(&leaf.ident, None, prefix),
            UseTree::Rename(leaf) => self.import_leaf(&leaf.ident, Some(&leaf.rename), prefix),
            UseTree::Glob(glob) => {
                let kind = ItemKind::Use { path: prefix.clone(), is_glob: true };
                self.item("*", at(glob.star_token.span), kind);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import_tree(tree, prefix);
                }
            }
        }
    }

    fn import_leaf(
        &mut self,
        leaf: &proc_macro2::Ident,
        rename: Option<&proc_macro2::Ident>,
        prefix: &Path,
    ) {
        let mut path = prefix.clone();
        let own = types::name(leaf);
        // `use a::b::{self}` names `b`.
        if own != "self" || path.segments.is_empty() {
            path.segments.push(Segment::of(&own));
        }
        let last = path.last().unwrap_or_default().to_owned();
        let name = rename.map_or(last, types::name);
        self.item(&name, at(leaf.span()), ItemKind::Use { path, is_glob: false });
    }

    fn module(&mut self, item: &syn::ItemMod) {
        let name = types::name(&item.ident);
        let id = self.item(&name, at(item.ident.span()), ItemKind::Module(None));
        self.publish(id, &item.vis);
        let Some((_, items)) = &item.content else {
            return;
        };
        let is_test = only_for_tests(&item.attrs);
        let scope = self.in_scope(ScopeKind::Module(name), is_test, |lower, scope| {
            lower.items(items);
            scope
        });
        self.tree.items[id.index()].kind = ItemKind::Module(Some(scope));
    }

    fn structure(
        &mut self,
        ident: &proc_macro2::Ident,
        generics: &syn::Generics,
        fields: &[Field],
        attributes: &[Attribute],
    ) -> ItemId {
        let id = self.item(&types::name(ident), at(ident.span()), ItemKind::Generated);
        let scope = self.type_scope(id, generics, only_for_tests(attributes));
        let derives = derives(attributes);
        let kind = ItemKind::Struct { fields: fields.to_vec(), derives, scope };
        self.tree.items[id.index()].kind = kind;
        id
    }

    fn enumeration(&mut self, item: &syn::ItemEnum) {
        let id = self.item(&types::name(&item.ident), at(item.ident.span()), ItemKind::Generated);
        let scope = self.type_scope(id, &item.generics, false);
        let variants = item.variants.iter();
        let variants = variants.map(|one| (types::name(&one.ident), fields(&one.fields)));
        let kind = ItemKind::Enum { variants: variants.collect(), scope };
        self.tree.items[id.index()].kind = kind;
        self.publish(id, &item.vis);
    }

    fn alias(
        &mut self,
        ident: &proc_macro2::Ident,
        generics: &syn::Generics,
        ty: Option<Type>,
    ) -> ItemId {
        let id = self.item(&types::name(ident), at(ident.span()), ItemKind::Generated);
        let scope = self.type_scope(id, generics, false);
        self.tree.items[id.index()].kind = ItemKind::Alias { ty, scope };
        id
    }

    /// A scope that holds nothing but a type's parameters.
    fn type_scope(&mut self, id: ItemId, generics: &syn::Generics, is_test: bool) -> ScopeId {
        self.in_scope(ScopeKind::Type(id), is_test, |lower, scope| {
            lower.tree.scopes[scope.index()].generics = types::generics(generics);
            scope
        })
    }

    fn value(
        &mut self,
        ident: &proc_macro2::Ident,
        ty: &syn::Type,
        init: Option<&syn::Expr>,
        attributes: &[Attribute],
    ) -> ItemId {
        let ty = types::ty(ty);
        let id = self.item(&types::name(ident), at(ident.span()), ItemKind::Generated);
        let is_test = only_for_tests(attributes);
        let init = init.map(|init| {
            self.in_scope(ScopeKind::Block, is_test, |lower, _| lower.expression(init, None))
        });
        self.tree.items[id.index()].kind = ItemKind::Value { ty, init };
        id
    }

    fn trait_item(&mut self, item: &syn::ItemTrait) {
        let name = types::name(&item.ident);
        let id = self.item(&name, at(item.ident.span()), ItemKind::Generated);
        self.publish(id, &item.vis);
        let owner = self.owner.replace(id);
        let is_test = only_for_tests(&item.attrs);
        let scope = self.in_scope(ScopeKind::Trait(id), is_test, |lower, scope| {
            lower.tree.scopes[scope.index()].generics = types::generics(&item.generics);
            for item in &item.items {
                lower.trait_member(item);
            }
            scope
        });
        self.owner = owner;
        self.tree.items[id.index()].kind = ItemKind::Trait(scope);
    }

    fn trait_member(&mut self, item: &TraitItem) {
        match item {
            TraitItem::Fn(item) => {
                self.function(&item.sig, item.default.as_ref(), is_test_function(&item.attrs));
            }
            TraitItem::Const(item) => {
                let init = item.default.as_ref().map(|(_, init)| init);
                self.value(&item.ident, &item.ty, init, &item.attrs);
            }
            TraitItem::Type(item) => {
                let ty = item.default.as_ref().map(|(_, ty)| types::ty(ty));
                self.alias(&item.ident, &item.generics, ty);
            }
            TraitItem::Macro(item) => self.macro_item(None, &item.mac, false),
            _ => {}
        }
    }

    fn implementation(&mut self, item: &syn::ItemImpl) {
        let of_trait = item.trait_.as_ref().map(|(path, _)| types::path(path));
        let ty = types::ty(&item.self_ty);
        let id = self.item("", at(item.impl_token.span), ItemKind::Generated);
        let owner = self.owner.replace(id);
        let is_test = only_for_tests(&item.attrs);
        let scope = self.in_scope(ScopeKind::Impl(id), is_test, |lower, scope| {
            lower.tree.scopes[scope.index()].generics = types::generics(&item.generics);
            for item in &item.items {
                lower.impl_member(item);
            }
            scope
        });
        self.owner = owner;
        self.tree.items[id.index()].kind = ItemKind::Impl(Impl { of_trait, ty, scope });
    }

    fn impl_member(&mut self, item: &ImplItem) {
        match item {
            ImplItem::Fn(item) => {
                let is_test = is_test_function(&item.attrs) || only_for_tests(&item.attrs);
                let id = self.function(&item.sig, Some(&item.block), is_test);
                self.publish(id, &item.vis);
            }
            ImplItem::Const(item) => {
                self.value(&item.ident, &item.ty, Some(&item.expr), &item.attrs);
            }
            ImplItem::Type(item) => {
                let ty = Some(types::ty(&item.ty));
                self.alias(&item.ident, &item.generics, ty);
            }
            ImplItem::Macro(item) => self.macro_item(None, &item.mac, false),
            ImplItem::Verbatim(tokens) => {
                let nodes = self.loose(tokens.clone(), None);
                self.item("", Pos::default(), ItemKind::MacroCall(nodes));
            }
            _ => {}
        }
    }

    fn function(
        &mut self,
        signature: &syn::Signature,
        block: Option<&syn::Block>,
        is_test: bool,
    ) -> ItemId {
        let name = types::name(&signature.ident);
        let pos = at(signature.ident.span());
        let id = self.item(&name, pos, ItemKind::Generated);
        let owner = self.owner.take();
        let function = self.in_scope(ScopeKind::Function(id), is_test, |lower, scope| {
            lower.tree.scopes[scope.index()].generics = types::generics(&signature.generics);
            let (this, params) = lower.parameters(signature, id);
            let body = block.map(|block| lower.body(block));
            let output = types::output(&signature.output);
            Function { params, this, output, body, scope, owner }
        });
        self.owner = owner;
        self.locals.clear();
        self.tree.items[id.index()].kind = ItemKind::Function(function);
        id
    }

    fn parameters(
        &mut self,
        signature: &syn::Signature,
        id: ItemId,
    ) -> (Option<super::ids::BindingId>, Vec<Param>) {
        let mut this = None;
        let mut params = Vec::new();
        for input in &signature.inputs {
            match input {
                FnArg::Receiver(_) => {
                    this = Some(self.bind("self".into(), None, Origin::This(id), Vec::new()));
                }
                FnArg::Typed(input) => {
                    let ty = types::ty(&input.ty);
                    let index = u32::try_from(params.len()).unwrap_or(u32::MAX);
                    let origin = Origin::Param(id, index);
                    let pattern = self.pattern(&input.pat, origin, Some(ty.clone()));
                    params.push(Param { pattern, ty });
                }
            }
        }
        (this, params)
    }
}

fn fields(fields: &Fields) -> Vec<Field> {
    fields.iter().enumerate().map(field).collect()
}

fn field((index, field): (usize, &syn::Field)) -> Field {
    let name = field.ident.as_ref().map_or_else(|| index.to_string(), types::name);
    Field { name, ty: types::ty(&field.ty), is_skipped: is_skipped(&field.attrs) }
}
