//! Reads code of older editions: `async`, `await` and `try` as names, `Box<Fn(u8)>` without `dyn`,
//! and a trait's parameters without names. It never changes a place: spans stay as they were.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::Parse;

/// Parses a text that the present edition refuses; none if 2015 would not have it either.
pub(super) fn parse_2015<T: Parse>(text: &str) -> Option<T> {
    syn::parse2(rewritten(text.parse().ok()?, false)).ok()
}

/// The same tokens as the present edition writes them. The depth is that of the brackets, which
/// were counted before.
fn rewritten(stream: TokenStream, in_trait: bool) -> TokenStream {
    let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut is_trait = false;
    let mut after_fn = false;
    let mut bare = Vec::new();
    for at in 0..tokens.len() {
        let (before, rest) = tokens.split_at_mut(at);
        let [token, after @ ..] = rest else {
            break;
        };
        match token {
            TokenTree::Ident(word) => {
                is_trait |= word == "trait";
                after_fn |= word == "fn";
                if is_bare_closure(word, before, after.first()) {
                    bare.push((at, word.span()));
                }
                if is_name(word, before.last(), after.first()) {
                    *word = Ident::new_raw(&word.to_string(), word.span());
                }
            }
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace;
                let mut inside = rewritten(group.stream(), is_body && is_trait);
                if in_trait && after_fn && group.delimiter() == Delimiter::Parenthesis {
                    inside = named(inside);
                    after_fn = false;
                }
                let mut whole = Group::new(group.delimiter(), inside);
                whole.set_span(group.span());
                *group = whole;
                is_trait &= !is_body;
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => is_trait = false,
            _ => {}
        }
    }
    for (at, span) in bare.into_iter().rev() {
        tokens.insert(at, Ident::new("dyn", span).into());
    }
    tokens.into_iter().collect()
}

/// Whether `Fn(..)` stands as a type of its own: `<Fn(u8)>`, `&Fn(u8)`, `&'a mut Fn(u8)`.
fn is_bare_closure(word: &Ident, before: &[TokenTree], after: Option<&TokenTree>) -> bool {
    let is_closure = ["Fn", "FnMut", "FnOnce", "FnBox"].iter().any(|name| word == name);
    let has_inputs = matches!(after, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    let is_type = match before {
        [.., tick, TokenTree::Ident(_)] if is_mark(Some(tick), '\'') => true,
        [.., TokenTree::Ident(word)] => word == "mut",
        [.., mark] => is_mark(Some(mark), '<') || is_mark(Some(mark), '&'),
        [] => false,
    };
    is_closure && has_inputs && is_type
}

/// Whether a keyword of later editions stands where only a name can.
fn is_name(word: &Ident, before: Option<&TokenTree>, after: Option<&TokenTree>) -> bool {
    let follows = |mark: char| is_mark(before, mark);
    let is_before = |words: &[&str]| matches!(after, Some(TokenTree::Ident(next)) if words.iter().any(|word| next == word));
    let opens_block =
        matches!(after, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
    let is_named = matches!(before, Some(TokenTree::Ident(before)) if before == "mod");
    if word == "async" {
        let is_keyword =
            is_before(&["fn", "move", "unsafe", "extern"]) || opens_block || is_mark(after, '|');
        is_named || follows(':') || !is_keyword
    } else if word == "try" {
        !opens_block
    } else {
        word == "await" && !follows('.')
    }
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

/// Parameters with `_:` before those that are types alone.
fn named(parameters: TokenStream) -> TokenStream {
    let mut whole: Vec<TokenTree> = Vec::new();
    let mut one: Vec<TokenTree> = Vec::new();
    let mut n_angles = 0_usize;
    for token in parameters {
        match &token {
            TokenTree::Punct(mark) if mark.as_char() == '<' => n_angles += 1,
            TokenTree::Punct(mark) if mark.as_char() == '>' && !is_mark(one.last(), '-') => {
                n_angles = n_angles.saturating_sub(1);
            }
            _ => {}
        }
        let ends = n_angles == 0 && is_mark(Some(&token), ',');
        one.push(token);
        if ends {
            finish(&mut one, &mut whole);
        }
    }
    finish(&mut one, &mut whole);
    whole.into_iter().collect()
}

/// Puts one parameter behind the others.
fn finish(one: &mut Vec<TokenTree>, whole: &mut Vec<TokenTree>) {
    let is_self = one.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "self"));
    let single = |(at, token): (usize, &TokenTree)| {
        let is_colon = |token: Option<&TokenTree>| is_mark(token, ':');
        let before = at.checked_sub(1).and_then(|at| one.get(at));
        is_colon(Some(token)) && !is_colon(before) && !is_colon(one.get(at + 1))
    };
    if !one.is_empty() && !is_self && !one.iter().enumerate().any(single) {
        let span = one.first().map_or_else(Span::call_site, TokenTree::span);
        whole.push(Ident::new("_", span).into());
        whole.push(Punct::new(':', Spacing::Alone).into());
    }
    whole.append(one);
}
