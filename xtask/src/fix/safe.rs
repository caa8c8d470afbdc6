//! Which clients can be wrapped on the spot: those in a plain `let` whose every use stays the same.
//! It never looks at manifests.

use std::ops::Range;
use std::thread;

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Pat, Signature, Stmt};

use super::uses;
use crate::findings::Place;
use crate::syntax;

/// Enough for what nests as deeply as the audit's own parser lets through.
const STACK_BYTES: usize = 1 << 28;

/// The places to wrap with the bytes of their expressions, in order. A text that does not parse has none, and neither
/// has one that nests too deeply.
pub(super) fn ranges(text: &str, places: &[&Place]) -> Vec<(Place, Range<usize>)> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        let found = thread.spawn_scoped(scope, || find(text, places)).map(|thread| thread.join());
        found.ok().and_then(Result::ok).unwrap_or_default()
    })
}

fn find(text: &str, places: &[&Place]) -> Vec<(Place, Range<usize>)> {
    if syntax::parse(text).is_err() {
        return Vec::new();
    }
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let mut finder = Finder { places, takes_any_error: false, found: Vec::new() };
    finder.visit_file(&file);
    let mut found = finder.found;
    found.sort_by_key(|(_, range)| range.start);
    found
}

struct Finder<'p> {
    places: &'p [&'p Place],
    /// Whether `?` takes an error of any type here.
    takes_any_error: bool,
    found: Vec<(Place, Range<usize>)>,
}

impl Finder<'_> {
    fn inside(&mut self, takes_any_error: bool, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.takes_any_error, takes_any_error);
        visit(self);
        self.takes_any_error = outer;
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        let takes = uses::takes_any_error(&signature.output);
        self.inside(takes, |finder| finder.visit_block(block));
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.inside(false, |finder| visit::visit_expr_closure(finder, closure));
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.inside(false, |finder| visit::visit_expr_async(finder, block));
    }

    fn visit_block(&mut self, block: &'ast Block) {
        for (index, statement) in block.stmts.iter().enumerate() {
            if let Some((name, made)) = plain_let(statement)
                && let Some(place) =
                    self.places.iter().find(|place| is_at(made.span().start(), place))
                && is_client(made)
                && block.stmts[index + 1..]
                    .iter()
                    .all(|later| uses::keep(later, &name, self.takes_any_error))
            {
                self.found.push(((*place).clone(), made.span().byte_range()));
            }
        }
        visit::visit_block(self, block);
    }
}

fn is_at(start: LineColumn, place: &Place) -> bool {
    start.line == place.line && start.column + 1 == place.column
}

/// `let name = expression;`, with no type written down and no `else`.
fn plain_let(statement: &Stmt) -> Option<(String, &Expr)> {
    let Stmt::Local(local) = statement else { return None };
    let Pat::Ident(pattern) = &local.pat else { return None };
    let init = local.init.as_ref()?;
    let is_plain = pattern.by_ref.is_none() && init.diverge.is_none();
    is_plain.then(|| (pattern.ident.to_string(), &*init.expr))
}

/// Whether an expression is a client rather than a builder or a result: a bare call that makes one,
/// or a chain that ends with `build()` and its unwrapping.
fn is_client(made: &Expr) -> bool {
    match made {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
                let is_built = path.path.segments.iter().any(|part| part.ident == "ClientBuilder");
                (last.ident == "new" || last.ident == "default") && !is_built
            }),
            _ => false,
        },
        Expr::Try(tried) => is_built(&tried.expr),
        Expr::MethodCall(call) => {
            (call.method == "unwrap" || call.method == "expect") && is_built(&call.receiver)
        }
        _ => false,
    }
}

fn is_built(expression: &Expr) -> bool {
    matches!(expression, Expr::MethodCall(call) if call.method == "build" && call.args.is_empty())
}
