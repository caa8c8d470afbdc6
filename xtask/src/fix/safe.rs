//! Which clients can be wrapped on the spot: those in a plain `let`, used only by methods that a
//! wrapped client has too. It never guesses about a macro: what is in its arguments is unknown.

use std::ops::Range;
use std::thread;

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Pat, Stmt};

use crate::findings::Place;
use crate::syntax;

/// Methods that a wrapped client has under the same name, with the same arguments.
const SHARED: &[&str] = &["delete", "get", "head", "patch", "post", "put", "request"];

/// Enough for what nests as deeply as the audit's own parser lets through.
const STACK_BYTES: usize = 1 << 28;

/// The bytes of the expressions to wrap, in order. A text that does not parse has none, and neither
/// has one that nests too deeply.
pub(super) fn ranges(text: &str, places: &[&Place]) -> Vec<Range<usize>> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        let found = thread.spawn_scoped(scope, || find(text, places)).map(|thread| thread.join());
        found.ok().and_then(Result::ok).unwrap_or_default()
    })
}

fn find(text: &str, places: &[&Place]) -> Vec<Range<usize>> {
    if syntax::parse(text).is_err() {
        return Vec::new();
    }
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let mut finder = Finder { places, found: Vec::new() };
    finder.visit_file(&file);
    let mut found = finder.found;
    found.sort_by_key(|range| range.start);
    found
}

struct Finder<'p> {
    places: &'p [&'p Place],
    found: Vec<Range<usize>>,
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        for (index, statement) in block.stmts.iter().enumerate() {
            if let Some((name, made)) = plain_let(statement)
                && self.places.iter().any(|place| is_at(made.span().start(), place))
                && is_client(made)
                && block.stmts[index + 1..].iter().all(|later| keeps(later, &name))
            {
                self.found.push(made.span().byte_range());
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

/// Whether a statement uses the name only as the receiver of methods that both types have.
fn keeps(statement: &Stmt, name: &str) -> bool {
    let mut uses = Uses { name, are_shared: true };
    uses.visit_stmt(statement);
    uses.are_shared
}

struct Uses<'n> {
    name: &'n str,
    are_shared: bool,
}

impl Uses<'_> {
    fn is_name(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Path(path) if path.path.is_ident(self.name))
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        if let Expr::MethodCall(call) = expression
            && self.is_name(&call.receiver)
            && SHARED.iter().any(|method| call.method == method)
        {
            call.args.iter().for_each(|argument| self.visit_expr(argument));
        } else if self.is_name(expression) {
            self.are_shared = false;
        } else {
            visit::visit_expr(self, expression);
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.are_shared &= !mentions(called.tokens.clone(), self.name);
    }
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        // `format!("{client:?}")` names it inside of a string.
        TokenTree::Literal(literal) => literal.to_string().contains(name),
        TokenTree::Punct(_) => false,
    })
}
