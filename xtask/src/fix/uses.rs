//! What becomes of a variable that holds a client: whether each use means the same when it is wrapped.
//! It never guesses about a macro: what is in its arguments is unknown.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Arm, Expr, GenericArgument, Pat, PathArguments, ReturnType, Stmt, Type, TypeParamBound};

/// Methods that a wrapped client has under the same name, with the same arguments.
const STARTS: &[&str] = &["delete", "get", "head", "patch", "post", "put", "request"];

/// Methods that the requests of both have.
const STEPS: &[&str] = &[
    "basic_auth",
    "bearer_auth",
    "body",
    "form",
    "header",
    "headers",
    "json",
    "query",
    "timeout",
    "version",
];

/// Whether each use of the name in a statement is a whole `name.get(..).send().await`, whose error
/// goes where any error may go.
pub(super) fn keep(statement: &Stmt, name: &str, takes_any_error: bool) -> bool {
    let mut uses = Uses { name, takes_any_error, n_all: 0, n_kept: 0 };
    uses.visit_stmt(statement);
    uses.n_all == uses.n_kept
}

/// Whether `?` in a function of this result takes an error of any type.
pub(super) fn takes_any_error(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let Type::Path(path) = &**ty else { return false };
    let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
    let arguments: Vec<&Type> = path.path.segments.last().map_or_else(Vec::new, types);
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["anyhow" | "eyre" | "color_eyre", "Result"] | ["color_eyre", "eyre", "Result"] => {
            arguments.len() < 2
        }
        [.., "Result"] => arguments.get(1).is_some_and(|error| is_any_error(error)),
        _ => false,
    }
}

fn types(segment: &syn::PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// `Box<dyn Error ..>`, `anyhow::Error`, `eyre::Report`.
fn is_any_error(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["anyhow", "Error"] | ["eyre", "Report"] | ["color_eyre", .., "Report"] => true,
        ["Box"] => path.path.segments.last().is_some_and(|last| {
            matches!(types(last).as_slice(), [Type::TraitObject(object)]
                if object.bounds.iter().any(|bound| matches!(bound, TypeParamBound::Trait(of)
                    if of.path.segments.last().is_some_and(|last| last.ident == "Error"))))
        }),
        _ => false,
    }
}

struct Uses<'n> {
    name: &'n str,
    takes_any_error: bool,
    n_all: usize,
    n_kept: usize,
}

impl Uses<'_> {
    fn is_name(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Path(path) if path.path.is_ident(self.name))
    }

    /// `name.get(..).header(..).send().await`
    fn is_sent(&self, expression: &Expr) -> bool {
        let Expr::Await(awaited) = expression else { return false };
        let Expr::MethodCall(send) = &*awaited.base else { return false };
        if send.method != "send" {
            return false;
        }
        let mut at = &*send.receiver;
        while let Expr::MethodCall(call) = at {
            if self.is_name(&call.receiver) {
                return STARTS.iter().any(|start| call.method == start);
            }
            if !STEPS.iter().any(|step| call.method == step) {
                return false;
            }
            at = &call.receiver;
        }
        false
    }

    /// Whether an expression takes the answer and says nothing of the error's type.
    fn consumes(&self, expression: &Expr) -> bool {
        match expression {
            Expr::MethodCall(call) => {
                (call.method == "unwrap" || call.method == "expect") && self.is_sent(&call.receiver)
            }
            Expr::Try(tried) => self.takes_any_error && self.is_sent(&tried.expr),
            Expr::Match(matched) => {
                self.is_sent(&matched.expr) && matched.arms.iter().all(names_no_error)
            }
            Expr::Let(tested) => self.is_sent(&tested.expr) && is_without_error(&tested.pat),
            _ => false,
        }
    }

    /// Visits what runs on its own: its `?` has another function's error.
    fn apart(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::take(&mut self.takes_any_error);
        visit(self);
        self.takes_any_error = outer;
    }
}

fn names_no_error(arm: &Arm) -> bool {
    is_without_error(&arm.pat)
}

/// A pattern that never holds an error, so that nothing can be done with it that needs its type.
fn is_without_error(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Or(either) => either.cases.iter().all(is_without_error),
        Pat::TupleStruct(pattern) => match pattern.path.get_ident() {
            Some(name) if name == "Ok" => true,
            Some(name) if name == "Err" => {
                pattern.elems.iter().all(|inner| matches!(inner, Pat::Wild(_)))
            }
            _ => false,
        },
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        self.n_all += usize::from(self.is_name(expression));
        self.n_kept += usize::from(self.consumes(expression));
        match expression {
            Expr::Closure(_) | Expr::Async(_) | Expr::TryBlock(_) => {
                self.apart(|uses| visit::visit_expr(uses, expression));
            }
            _ => visit::visit_expr(self, expression),
        }
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.apart(|uses| visit::visit_item(uses, item));
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        // Never kept: one use more than there can be.
        self.n_all += usize::from(mentions(called.tokens.clone(), self.name));
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
