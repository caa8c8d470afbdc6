//! The requests that are seen to be made through a site, for the inventory: literal URLs only.
//! It never guesses what is filled in at run time.

use crate::findings::{Kind, Place, Request};
use crate::resolve::{Found, Resolver, Symbol};
use crate::syntax::{NodeId, NodeKind};

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

pub(super) fn of(resolver: &Resolver<'_>, found: &Found, kind: Kind) -> Vec<Request> {
    let Some(node) = found.node else {
        return Vec::new();
    };
    if kind == Kind::Call {
        let method = match &found.symbol {
            Symbol::Known(_, path) => path.rsplit("::").next().unwrap_or_default().to_owned(),
            Symbol::Born(_) => String::new(),
        };
        let args = match &resolver.node(found.file, node).kind {
            NodeKind::Call { args, .. } => args.as_slice(),
            _ => &[],
        };
        return request(resolver, found.file, node, &method, args).into_iter().collect();
    }
    chain(resolver, found.file, node)
}

/// The requests of the expression around a client, and of the variable that it is put into.
fn chain(resolver: &Resolver<'_>, file: usize, mut node: NodeId) -> Vec<Request> {
    let mut found = Vec::new();
    while let Some(parent) = resolver.node(file, node).parent {
        match &resolver.node(file, parent).kind {
            NodeKind::Method { receiver, name, args, .. } if *receiver == node => {
                found.extend(request(resolver, file, parent, name, args));
            }
            NodeKind::Through(..) => {}
            NodeKind::Let { pattern: crate::syntax::Pattern::Binding(binding, _), .. } => {
                let uses = &resolver.tree(file).bindings[binding.index()].uses;
                for at in uses {
                    if let Some(call) = resolver.node(file, *at).parent
                        && let NodeKind::Method { receiver, name, args, .. } =
                            &resolver.node(file, call).kind
                        && receiver == at
                    {
                        found.extend(request(resolver, file, call, name, args));
                    }
                }
                break;
            }
            _ => break,
        }
        node = parent;
    }
    found
}

fn request(
    resolver: &Resolver<'_>,
    file: usize,
    node: NodeId,
    method: &str,
    args: &[NodeId],
) -> Option<Request> {
    let method = METHODS.contains(&method).then(|| method.to_uppercase())?;
    let pos = resolver.node(file, node).pos;
    let place = Place::new(&resolver.file(file).name, pos.line as usize, pos.column as usize);
    let url = args.first().and_then(|arg| literal(resolver, file, *arg));
    Some(Request { place, method: Some(method), url })
}

/// A string as it stands in the sources; `format!` with `{}` for what is filled in.
fn literal(resolver: &Resolver<'_>, file: usize, node: NodeId) -> Option<String> {
    match &resolver.node(file, node).kind {
        NodeKind::Literal(text) => text.clone(),
        NodeKind::Through(_, inner) => literal(resolver, file, *inner),
        NodeKind::Macro { path, args, .. } if path.last() == Some("format") => {
            let text = literal(resolver, file, *args.first()?)?;
            Some(without_names(&text))
        }
        _ => None,
    }
}

/// `{id:>5}` becomes `{}`; what stands between the braces is filled in at run time.
fn without_names(text: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for symbol in text.chars() {
        match symbol {
            '{' => {
                depth += 1;
                plain.push('{');
            }
            '}' => {
                depth = depth.saturating_sub(1);
                plain.push('}');
            }
            other if depth == 0 => plain.push(other),
            _ => {}
        }
    }
    plain
}
