//! Collects every path that a file's code mentions, resolved to where it starts from.
//! It never judges, and it leaves out what exists only for tests.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, File, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, TraitItem, UseTree};
use syn::{Path, VisRestricted};

use super::syntax::{impl_attributes, item_attributes, only_for_tests, trait_attributes};

/// One path in the code, such as `crate::queue::Queue` or `std::fs::read`.
#[derive(Debug)]
pub(super) struct Mention {
    /// Starts with `crate` or with a foreign crate's name; `self`, `super` and the file's own
    /// imports are resolved away.
    pub(super) segments: Vec<String>,
    /// How many leading segments came out of a `use` of the same file. That `use` is a mention of
    /// its own, so a rule that these segments alone break is reported there, and only there.
    pub(super) n_imported: usize,
    pub(super) line: usize,
}

/// All paths that the file mentions outside of test code, in macros' tokens too.
///
/// `modules` is the file's own module path, from which `self` and `super` are counted.
pub(super) fn collect(parsed: &File, modules: &[String]) -> Vec<Mention> {
    let mut collector = Collector { modules: modules.to_vec(), ..Collector::default() };
    collector.visit_file(parsed);
    let Collector { raw, aliases, .. } = collector;
    raw.into_iter().map(|raw| resolve(raw, &aliases)).collect()
}

/// A path as written, and the module it was written in.
#[derive(Debug)]
struct Raw {
    segments: Vec<String>,
    modules: Vec<String>,
    line: usize,
}

/// A name that a `use` brings into a module.
#[derive(Debug)]
struct Alias {
    name: String,
    /// What it stands for, `self` and `super` already resolved.
    target: Vec<String>,
    modules: Vec<String>,
}

#[derive(Debug, Default)]
struct Collector {
    /// The module that is being visited, inline modules included.
    modules: Vec<String>,
    raw: Vec<Raw>,
    aliases: Vec<Alias>,
}

impl Collector {
    fn mention(&mut self, segments: Vec<String>, line: usize) {
        self.raw.push(Raw { segments, modules: self.modules.clone(), line });
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String]) {
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &joined(prefix, &path.ident)),
            UseTree::Group(group) => {
                for part in &group.items {
                    self.import(part, prefix);
                }
            }
            UseTree::Glob(_) => self.mention(prefix.to_vec(), line),
            UseTree::Name(name) if name.ident == "self" => {
                let Some(last) = prefix.last() else { return };
                self.alias(last.clone(), prefix.to_vec(), line);
            }
            UseTree::Name(name) => {
                self.alias(name.ident.to_string(), joined(prefix, &name.ident), line);
            }
            UseTree::Rename(rename) if rename.ident == "self" => {
                self.alias(rename.rename.to_string(), prefix.to_vec(), line);
            }
            UseTree::Rename(rename) => {
                self.alias(rename.rename.to_string(), joined(prefix, &rename.ident), line);
            }
        }
    }

    fn alias(&mut self, name: String, path: Vec<String>, line: usize) {
        let target = absolute(&path, &self.modules);
        // `use flume;` would stand for itself without end.
        if target.first() != Some(&name) {
            self.aliases.push(Alias { name, target, modules: self.modules.clone() });
        }
        self.mention(path, line);
    }

    /// Finds `a::b::c` and `a::{b, c}` in tokens that have no syntax tree.
    fn scan(&mut self, tokens: TokenStream, prefix: &[String]) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.scan(group.stream(), &[]),
                // What follows `as` is a new name, not a path.
                TokenTree::Ident(ident) if ident == "as" => drop(tokens.next()),
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    let mut path = joined(prefix, &ident);
                    while colons(&mut tokens) {
                        match tokens.next() {
                            Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                            Some(TokenTree::Group(group))
                                if group.delimiter() == Delimiter::Brace =>
                            {
                                self.scan(group.stream(), &path);
                            }
                            _ => break,
                        }
                    }
                    self.scanned(path, line);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// A single identifier among tokens may be anything; two and more are a path.
    fn scanned(&mut self, path: Vec<String>, line: usize) {
        if path.len() > 1 {
            self.mention(path, line);
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if !only_for_tests(item_attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !only_for_tests(impl_attributes(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !only_for_tests(trait_attributes(item)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.modules.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.modules.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.scanned(segments, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.scan(call.tokens.clone(), &[]);
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone(), &[]);
        }
        visit::visit_attribute(self, attribute);
    }

    /// `pub(in crate::worker)` says who may look in; it imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

/// Takes a `::` off the front of the tokens, and says whether there was one.
fn colons(tokens: &mut std::iter::Peekable<proc_macro2::token_stream::IntoIter>) -> bool {
    let mut take = || {
        tokens
            .next_if(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':'))
            .is_some()
    };
    take() && take()
}

fn joined(prefix: &[String], ident: &syn::Ident) -> Vec<String> {
    let mut path = prefix.to_vec();
    path.push(ident.to_string());
    path
}

/// Resolves a leading `self` and leading `super`s against the module they were written in.
fn absolute(path: &[String], modules: &[String]) -> Vec<String> {
    let n_supers = path.iter().take_while(|segment| *segment == "super").count();
    let (n_taken, n_kept) = match path.first().map(String::as_str) {
        Some("super") => (n_supers, modules.len().saturating_sub(n_supers)),
        // `self::super::x` is legal, and as good as `super::x`.
        Some("self") if path.get(1).is_some_and(|next| next == "super") => {
            return absolute(&path[1..], modules);
        }
        Some("self") => (1, modules.len()),
        _ => return path.to_vec(),
    };
    let home = std::iter::once("crate".to_owned()).chain(modules[..n_kept].iter().cloned());
    home.chain(path[n_taken..].iter().cloned()).collect()
}

fn resolve(raw: Raw, aliases: &[Alias]) -> Mention {
    let mut segments = absolute(&raw.segments, &raw.modules);
    let mut n_imported = 0_usize;
    // An import may build on another one; real code is never deeper than two.
    for _ in 0..4 {
        let alias = aliases
            .iter()
            .find(|alias| alias.modules == raw.modules && segments.first() == Some(&alias.name));
        let Some(alias) = alias else { break };
        n_imported = n_imported.saturating_sub(1) + alias.target.len();
        segments.splice(..1, alias.target.iter().cloned());
    }
    Mention { segments, n_imported, line: raw.line }
}
