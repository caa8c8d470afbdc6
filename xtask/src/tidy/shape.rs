//! The rules about a file's shape: length of functions, glob imports, names of modules.
//! It never looks at what the names mean.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Block, File, ImplItemFn, Item, ItemFn, ItemMod, ItemUse, Signature, TraitItemFn, UseTree,
};

use super::model::{Rule, SourceFile, Violation};
use super::place;
use super::syntax::{item_attributes, only_for_tests};

/// A function longer than this, from its signature to its closing brace, is split.
const MAX_FUNCTION_LINES: usize = 70;

/// Names that say where code was left, not what it is.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];

pub(super) fn check(file: &SourceFile, parsed: &File, found: &mut Vec<Violation>) {
    let in_tests = place::is_test_path(&file.path);
    Shape { file, in_tests, found }.visit_file(parsed);
}

struct Shape<'a> {
    file: &'a SourceFile,
    /// Whether what is being visited exists only in tests, where `use super::*` is the custom.
    in_tests: bool,
    found: &'a mut Vec<Violation>,
}

impl Shape<'_> {
    fn report(&mut self, line: usize, rule: Rule, what: String) {
        self.found.push(self.file.violation(line, rule, what));
    }

    fn function(&mut self, signature: &Signature, body: &Block) {
        let first = signature.span().start().line;
        let n_lines = body.brace_token.span.close().end().line + 1 - first;
        if n_lines > MAX_FUNCTION_LINES {
            let what = format!(
                "`{}` has {n_lines} lines, more than {MAX_FUNCTION_LINES}; split it",
                signature.ident
            );
            self.report(first, Rule::FunctionLength, what);
        }
    }

    fn globs(&mut self, tree: &UseTree, prefix: &str) {
        match tree {
            UseTree::Path(path) => {
                self.globs(&path.tree, &format!("{prefix}{}::", path.ident));
            }
            UseTree::Group(group) => {
                for part in &group.items {
                    self.globs(part, prefix);
                }
            }
            UseTree::Glob(glob) if !(self.in_tests && prefix == "super::") => {
                let what = format!("`use {prefix}*` hides what it imports; name the imports");
                self.report(glob.span().start().line, Rule::Glob, what);
            }
            UseTree::Glob(_) | UseTree::Name(_) | UseTree::Rename(_) => {}
        }
    }
}

impl<'ast> Visit<'ast> for Shape<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let outside = self.in_tests;
        self.in_tests |= only_for_tests(item_attributes(item));
        visit::visit_item(self, item);
        self.in_tests = outside;
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let name = module.ident.to_string();
        if EMPTY_NAMES.contains(&name.as_str()) {
            let what = format!("module `{name}` says nothing; name it for what it holds");
            self.report(module.ident.span().start().line, Rule::ModuleName, what);
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.globs(&item.tree, "");
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
