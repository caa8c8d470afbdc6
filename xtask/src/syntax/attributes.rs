//! What attributes say: derives, what serde skips, and what exists for tests only.
//! It never decides a `cfg` but that of tests.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use super::ids::Pos;
use super::tree::at;
use super::types;

/// Whether serde fills the field in by `Default`: `#[serde(skip)]`, without a function of its own.
pub(super) fn is_skipped(attributes: &[Attribute]) -> bool {
    let mut is_skipped = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        for part in parts.into_iter().flatten() {
            match part {
                Meta::Path(path)
                    if path.is_ident("skip") || path.is_ident("skip_deserializing") =>
                {
                    is_skipped = true;
                }
                Meta::NameValue(pair) if pair.path.is_ident("default") => return false,
                _ => {}
            }
        }
    }
    is_skipped
}

/// The derived traits by their last names, with the line of the attribute.
pub(super) fn derives(attributes: &[Attribute]) -> Vec<(String, Pos)> {
    let mut found = Vec::new();
    for attribute in attributes {
        let pos = || at(attribute.pound_token.span);
        derives_in(&attribute.meta, &mut |name| found.push((name, pos())));
    }
    found
}

fn derives_in(meta: &Meta, found: &mut dyn FnMut(String)) {
    let Meta::List(list) = meta else {
        return;
    };
    let metas = || list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    if list.path.is_ident("derive") {
        for part in metas().into_iter().flatten() {
            if let Some(last) = part.path().segments.last() {
                found(types::name(&last.ident));
            }
        }
    } else if list.path.is_ident("cfg_attr") {
        for part in metas().into_iter().flatten().skip(1) {
            derives_in(&part, found);
        }
    }
}

/// Whether the attributes keep the code out of every build but the tests'.
pub(super) fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<Meta>().is_ok_and(|meta| requires_test(&meta))
    })
}

/// Whether a function is run by a test runner, whatever its name: `test`, `tokio::test`, `rstest`.
pub(super) fn is_test_function(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|last| types::name(&last.ident));
        last.is_some_and(|last| last == "test" || last.ends_with("_test") || last == "rstest")
            || attribute.path().is_ident("test_case")
    })
}

/// Whether a `cfg` holds only under test. `any(test, ..)` does not, because the code then also
/// exists outside of tests.
fn requires_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|parts| parts.iter().any(requires_test)),
        _ => false,
    }
}

/// The same for the text of a `cfg(..)`, without brackets.
#[must_use]
pub fn requires_test_of(attribute: &str) -> bool {
    let Ok(Meta::List(list)) = syn::parse_str::<Meta>(attribute) else {
        return false;
    };
    list.parse_args::<Meta>().is_ok_and(|meta| requires_test(&meta))
}
