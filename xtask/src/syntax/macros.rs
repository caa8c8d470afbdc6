//! Lowers macro calls and definitions, which are only tokens to a parser: as expressions, statements
//! or items where they parse, else chunk by chunk. It never expands a macro.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Item, Macro, MacroDelimiter, Stmt, Token};

use super::ids::NodeId;
use super::ir::{ItemKind, ScopeKind};
use super::names::Path;
use super::nodes::NodeKind;
use super::tree::{Lower, at};
use super::types;

/// Macros whose arguments are never executed: they become text.
const TEXT_ONLY: &[&str] =
    &["stringify", "concat", "include_str", "include_bytes", "env", "option_env", "compile_error"];

/// What takes the place of `$name` and `#name`, so that bodies with holes parse.
const HOLE: &str = "__egret_hole";

/// What some tokens parse as.
enum Parsed {
    Values(Vec<Expr>),
    Statements(Vec<Stmt>),
    Items(Vec<Item>),
    Nothing,
}

impl Lower {
    pub(super) fn macro_call(&mut self, call: &Macro, parent: Option<NodeId>) -> NodeId {
        let id = self.push(NodeKind::Other(Vec::new()), parent, macro_span(call));
        let kind = self.macro_kind(call, id);
        self.set(id, kind)
    }

    pub(super) fn macro_kind(&mut self, call: &Macro, id: NodeId) -> NodeKind {
        let path = types::path(&call.path);
        let last = path.last().unwrap_or_default().to_owned();
        if TEXT_ONLY.contains(&last.as_str()) {
            return NodeKind::Macro { path, args: Vec::new(), is_parsed: true };
        }
        if last == "macro_rules" {
            self.without_locals(|lower| lower.macro_item(None, call, false));
            return NodeKind::Other(Vec::new());
        }
        let tokens = if last.contains("quote") {
            without_holes(call.tokens.clone(), '#')
        } else {
            call.tokens.clone()
        };
        let is_block = matches!(call.delimiter, MacroDelimiter::Brace(_));
        let parsed = parse(&tokens, is_block);
        match parsed {
            Parsed::Values(values) if last == "vec" => NodeKind::Array(self.all(&values, id)),
            Parsed::Values(values) => {
                NodeKind::Macro { path, args: self.all(&values, id), is_parsed: true }
            }
            Parsed::Statements(statements) => {
                let block = self.statement_block(&statements, Some(id));
                NodeKind::Macro { path, args: vec![block], is_parsed: true }
            }
            Parsed::Items(items) => {
                self.items(&items);
                NodeKind::Macro { path, args: Vec::new(), is_parsed: true }
            }
            Parsed::Nothing => {
                let args = self.loose(tokens, Some(id));
                self.tree.n_opaque_macros += 1;
                NodeKind::Macro { path, args, is_parsed: false }
            }
        }
    }

    fn statement_block(&mut self, statements: &[Stmt], parent: Option<NodeId>) -> NodeId {
        let id = self.push(NodeKind::Other(Vec::new()), parent, Span::call_site());
        let (statements, tail) =
            self.in_scope(ScopeKind::Block, false, |lower, _| lower.statements(statements, id));
        self.set(id, NodeKind::Block { statements, tail, is_async: false })
    }

    /// A macro call or definition in item position.
    pub(super) fn macro_item(&mut self, ident: Option<&Ident>, call: &Macro, is_test: bool) {
        if is_test {
            self.in_scope(ScopeKind::Block, true, |lower, _| {
                lower.macro_item(ident, call, false);
            });
            return;
        }
        let path = types::path(&call.path);
        match path.last().unwrap_or_default() {
            "macro_rules" => self.macro_rules(ident, call.tokens.clone()),
            "include" => self.include(call),
            "include_proto" => {
                self.item("", at(macro_span(call)), ItemKind::Generated);
            }
            name if TEXT_ONLY.contains(&name) => {}
            _ => self.item_call(call),
        }
    }

    fn include(&mut self, call: &Macro) {
        let pos = at(macro_span(call));
        let kind = match call.parse_body::<syn::LitStr>() {
            Ok(file) => ItemKind::Include(file.value()),
            // `concat!(env!("OUT_DIR"), ..)`: written by a build script.
            Err(_) => ItemKind::Generated,
        };
        self.item("", pos, kind);
    }

    /// `thread_local! { static .. }`, `cfg_if! { if .. { items } }`, `lazy_static! { .. }`.
    fn item_call(&mut self, call: &Macro) {
        let tokens = without_static_ref(call.tokens.clone());
        if let Some(items) = parse_items(&tokens) {
            self.items(&items);
            return;
        }
        let mut nodes = Vec::new();
        if !self.nested_items(&tokens) {
            nodes = match parse(&tokens, true) {
                Parsed::Values(values) => {
                    values.iter().map(|value| self.expression(value, None)).collect()
                }
                Parsed::Statements(statements) => vec![self.statement_block(&statements, None)],
                _ => {
                    self.tree.n_opaque_macros += 1;
                    self.loose(tokens, None)
                }
            };
        }
        self.item("", at(macro_span(call)), ItemKind::MacroCall(nodes));
    }

    /// Takes the items of every brace group, when all of them hold only items.
    fn nested_items(&mut self, tokens: &TokenStream) -> bool {
        let braces = tokens.clone().into_iter().filter_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
            _ => None,
        });
        let parsed: Option<Vec<Vec<Item>>> =
            braces.map(|group| parse_items(&without_static_ref(group.stream()))).collect();
        let Some(groups) = parsed.filter(|groups| groups.iter().any(|items| !items.is_empty()))
        else {
            return false;
        };
        for items in groups {
            self.items(&items);
        }
        true
    }

    fn macro_rules(&mut self, ident: Option<&Ident>, tokens: TokenStream) {
        let name = ident.map(types::name).unwrap_or_default();
        let pos = ident.map_or_else(|| at(Span::call_site()), |ident| at(ident.span()));
        let mut bodies = Vec::new();
        let mut is_body = false;
        for token in tokens {
            match token {
                TokenTree::Group(group) if is_body => {
                    bodies.push(self.macro_body(&group));
                    is_body = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == '>' => is_body = true,
                _ => {}
            }
        }
        self.item(&name, pos, ItemKind::Macro(bodies));
    }

    fn macro_body(&mut self, group: &Group) -> NodeId {
        let tokens = without_holes(group.stream(), '$');
        let is_test = false;
        self.in_scope(ScopeKind::Block, is_test, |lower, _| {
            let id = lower.push(NodeKind::Other(Vec::new()), None, group.span_open());
            let (statements, tail) = match parse(&tokens, true) {
                Parsed::Statements(statements) => lower.statements(&statements, id),
                Parsed::Values(values) => (lower.all(&values, id), None),
                Parsed::Items(items) => {
                    lower.items(&items);
                    (Vec::new(), None)
                }
                Parsed::Nothing => {
                    lower.tree.n_opaque_macros += 1;
                    (lower.loose(tokens, Some(id)), None)
                }
            };
            lower.set(id, NodeKind::Block { statements, tail, is_async: false })
        })
    }

    /// Tokens that are no list of anything: chunk by chunk, group by group, path by path.
    pub(super) fn loose(&mut self, tokens: TokenStream, parent: Option<NodeId>) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for chunk in chunks(tokens) {
            if chunk.is_empty() {
                continue;
            }
            let stream: TokenStream = chunk.iter().cloned().collect();
            match syn::parse2::<Expr>(stream) {
                Ok(value) => nodes.push(self.expression(&value, parent)),
                Err(_) => self.loose_chunk(&chunk, parent, &mut nodes),
            }
        }
        nodes
    }

    fn loose_chunk(
        &mut self,
        chunk: &[TokenTree],
        parent: Option<NodeId>,
        nodes: &mut Vec<NodeId>,
    ) {
        nodes.extend(self.mentions(chunk, parent));
        for token in chunk {
            let TokenTree::Group(group) = token else {
                continue;
            };
            let is_block = group.delimiter() == Delimiter::Brace;
            match parse(&group.stream(), is_block) {
                Parsed::Values(values) => {
                    nodes.extend(values.iter().map(|value| self.expression(value, parent)));
                }
                Parsed::Statements(statements) => {
                    nodes.push(self.statement_block(&statements, parent));
                }
                Parsed::Items(items) => self.items(&items),
                Parsed::Nothing => nodes.extend(self.loose(group.stream(), parent)),
            }
        }
    }

    /// Every `a::b::c` in a row of tokens.
    fn mentions(&mut self, chunk: &[TokenTree], parent: Option<NodeId>) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut path: Vec<&Ident> = Vec::new();
        let mut n_colons = 0;
        let mut is_member = false;
        let end = TokenTree::from(proc_macro2::Punct::new(';', proc_macro2::Spacing::Alone));
        for token in chunk.iter().chain([&end]) {
            match token {
                TokenTree::Ident(ident) if path.is_empty() && !is_member => path.push(ident),
                TokenTree::Ident(ident) if n_colons == 2 => path.push(ident),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    n_colons += 1;
                    continue;
                }
                _ => {
                    if path.len() > 1 {
                        let kind = NodeKind::Path(Path::of(path.iter().map(|i| types::name(i))));
                        found.push(self.push(kind, parent, path[0].span()));
                    }
                    path.clear();
                    if let TokenTree::Ident(ident) = token {
                        path.push(ident);
                    }
                }
            }
            n_colons = 0;
            is_member = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.');
        }
        found
    }
}

pub(super) fn macro_span(call: &Macro) -> Span {
    call.path.segments.first().map_or_else(Span::call_site, |first| first.ident.span())
}

fn parse(tokens: &TokenStream, is_block: bool) -> Parsed {
    if tokens.is_empty() {
        return Parsed::Values(Vec::new());
    }
    let values = || parse_values(tokens).map(Parsed::Values);
    let statements = || {
        let parsed = Block::parse_within.parse2(tokens.clone()).ok()?;
        let is_item = |statement: &Stmt| matches!(statement, Stmt::Item(_));
        if parsed.iter().all(is_item) {
            let items = parsed.into_iter().filter_map(|statement| match statement {
                Stmt::Item(item) => Some(item),
                _ => None,
            });
            return Some(Parsed::Items(items.collect()));
        }
        Some(Parsed::Statements(parsed))
    };
    let parsed = if is_block { statements().or_else(values) } else { values().or_else(statements) };
    parsed.or_else(|| parse_items(tokens).map(Parsed::Items)).unwrap_or(Parsed::Nothing)
}

/// `a, b, name = c`, `a; n`.
fn parse_values(tokens: &TokenStream) -> Option<Vec<Expr>> {
    let comma = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
    if let Ok(values) = comma {
        return Some(values.into_iter().collect());
    }
    let semicolon = |input: ParseStream<'_>| {
        let value: Expr = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(vec![value, input.parse::<Expr>()?])
    };
    semicolon.parse2(tokens.clone()).ok()
}

fn parse_items(tokens: &TokenStream) -> Option<Vec<Item>> {
    let all = |input: ParseStream<'_>| {
        let mut items = Vec::new();
        while !input.is_empty() {
            items.push(input.parse::<Item>()?);
        }
        Ok(items)
    };
    all.parse2(tokens.clone()).ok()
}

/// `static ref NAME: T = value;` is `lazy_static`'s way to write a static.
fn without_static_ref(tokens: TokenStream) -> TokenStream {
    let mut after_static = false;
    let kept = tokens.into_iter().filter(|token| {
        let is_ref = after_static && matches!(token, TokenTree::Ident(ident) if ident == "ref");
        after_static = matches!(token, TokenTree::Ident(ident) if ident == "static");
        !is_ref
    });
    kept.collect()
}

/// Puts a name in the place of `$name`, and the content of `$(..)*` in the place of the repetition.
fn without_holes(tokens: TokenStream, sigil: char) -> TokenStream {
    let mut filled: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == sigil => match tokens.peek() {
                Some(TokenTree::Ident(ident)) if ident == "crate" => {}
                Some(TokenTree::Ident(ident)) => {
                    filled.push(Ident::new(HOLE, ident.span()).into());
                    tokens.next();
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                    filled.extend(without_holes(group.stream(), sigil));
                    tokens.next();
                    skip_repetition(&mut tokens, &mut filled);
                }
                _ => filled.push(punct.into()),
            },
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_holes(group.stream(), sigil));
                inner.set_span(group.span());
                filled.push(inner.into());
            }
            other => filled.push(other),
        }
    }
    filled.into_iter().collect()
}

/// The separator and the operator behind `$(..)`: the separator stays, in case something follows.
fn skip_repetition(
    tokens: &mut std::iter::Peekable<proc_macro2::token_stream::IntoIter>,
    filled: &mut Vec<TokenTree>,
) {
    let is_operator = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '*' | '+' | '?'));
    match tokens.next() {
        Some(token) if is_operator(&token) => {}
        Some(separator) => {
            if tokens.peek().is_some_and(is_operator) {
                tokens.next();
            }
            filled.push(separator);
        }
        None => {}
    }
}

/// Splits at `,`, `;` and `=>`.
fn chunks(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut chunks = vec![Vec::new()];
    let mut after_equals = false;
    for token in tokens {
        let symbol = match &token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        };
        let ends = matches!(symbol, Some(',' | ';')) || (after_equals && symbol == Some('>'));
        if let Some(last) = chunks.last_mut().filter(|_| !ends) {
            last.push(token);
        } else {
            if after_equals && symbol == Some('>') {
                chunks.last_mut().and_then(Vec::pop);
            }
            chunks.push(Vec::new());
        }
        after_equals = symbol == Some('=');
    }
    chunks
}
