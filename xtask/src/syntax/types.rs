//! Turns syn's paths and types into plain ones.
//! It never keeps what no name can come from: lifetimes, constants, bounds with `?`.

use proc_macro2::Ident;
use syn::{GenericArgument, Generics, PathArguments, ReturnType, TypeParamBound};

use super::ir::Generic;
use super::names::{Path, Segment, SelfType, Type};

/// The name without `r#`; in macro bodies `$crate` arrives as `crate`.
pub(super) fn name(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

pub(super) fn path(path: &syn::Path) -> Path {
    Path {
        is_global: path.leading_colon.is_some(),
        self_type: None,
        segments: path.segments.iter().map(segment).collect(),
    }
}

/// A path with the type in front of it, split behind the trait.
pub(super) fn qualified(self_type: Option<&syn::QSelf>, whole: &syn::Path) -> Path {
    let Some(front) = self_type else {
        return path(whole);
    };
    let mut segments: Vec<Segment> = whole.segments.iter().map(segment).collect();
    let rest = segments.split_off(front.position.min(segments.len()));
    let is_global = whole.leading_colon.is_some();
    let of_trait = (!segments.is_empty()).then_some(Path { is_global, self_type: None, segments });
    let front = SelfType { ty: ty(&front.ty), of_trait };
    Path { is_global: false, self_type: Some(Box::new(front)), segments: rest }
}

fn segment(segment: &syn::PathSegment) -> Segment {
    let mut plain = Segment::of(name(&segment.ident));
    match &segment.arguments {
        PathArguments::None => {}
        PathArguments::AngleBracketed(list) => {
            for argument in &list.args {
                match argument {
                    GenericArgument::Type(argument) => plain.arguments.push(ty(argument)),
                    GenericArgument::AssocType(associated) => {
                        let of = (name(&associated.ident), ty(&associated.ty));
                        plain.associated.push(of);
                    }
                    _ => {}
                }
            }
        }
        PathArguments::Parenthesized(list) => {
            if let Some(output) = output(&list.output) {
                plain.associated.push(("Output".to_owned(), output));
            }
        }
    }
    plain
}

pub(super) fn generic_arguments(list: &syn::AngleBracketedGenericArguments) -> Vec<Type> {
    let types = list.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(ty(argument)),
        _ => None,
    });
    types.collect()
}

pub(super) fn output(output: &ReturnType) -> Option<Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, result) => Some(ty(result)),
    }
}

pub(super) fn ty(whole: &syn::Type) -> Type {
    match whole {
        syn::Type::Path(path) => Type::Path(qualified(path.qself.as_ref(), &path.path)),
        syn::Type::Reference(inner) => Type::Reference(Box::new(ty(&inner.elem))),
        syn::Type::Ptr(inner) => Type::Reference(Box::new(ty(&inner.elem))),
        syn::Type::Paren(inner) => ty(&inner.elem),
        syn::Type::Group(inner) => ty(&inner.elem),
        syn::Type::Tuple(tuple) => Type::Tuple(tuple.elems.iter().map(ty).collect()),
        syn::Type::Slice(inner) => Type::Slice(Box::new(ty(&inner.elem))),
        syn::Type::Array(inner) => Type::Slice(Box::new(ty(&inner.elem))),
        syn::Type::ImplTrait(inner) => Type::Traits(bounds(inner.bounds.iter())),
        syn::Type::TraitObject(inner) => Type::Traits(bounds(inner.bounds.iter())),
        syn::Type::FnPtr(pointer) => Type::Function(output(&pointer.output).map(Box::new)),
        _ => Type::Unknown,
    }
}

fn bounds<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Vec<Path> {
    let traits = bounds.filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(path(&bound.path)),
        _ => None,
    });
    traits.collect()
}

pub(super) fn generics(generics: &Generics) -> Vec<Generic> {
    let mut found: Vec<Generic> = Vec::new();
    for parameter in generics.type_params() {
        let name = name(&parameter.ident);
        found.push(Generic { name, bounds: bounds(parameter.bounds.iter()) });
    }
    let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    for predicate in predicates {
        if let syn::WherePredicate::Type(predicate) = predicate
            && let Type::Path(bounded) = ty(&predicate.bounded_ty)
            && let Some(known) = found.iter_mut().find(|g| bounded.identifier() == Some(&g.name))
        {
            known.bounds.extend(bounds(predicate.bounds.iter()));
        }
    }
    found
}
