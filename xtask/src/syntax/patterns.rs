//! Lowers patterns: which local variables they bring, and the way from the value to each.
//! It never decides whether a name is a constant but by its capital letter.

use syn::{Member, Pat};

use super::ids::BindingId;
use super::names::{Path, Type};
use super::nodes::{Origin, Pattern, Step};
use super::tree::Lower;
use super::types;

/// Where the variables of a pattern come from.
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) steps: Vec<Step>,
    /// How many local variables were in sight before the pattern; later ones are its own.
    pub(super) n_before: usize,
}

impl Lower {
    /// Lowers a pattern and puts its variables into sight.
    pub(super) fn pattern(&mut self, pattern: &Pat, origin: Origin, ty: Option<Type>) -> Pattern {
        let mut source = Source { origin, steps: Vec::new(), n_before: self.locals.len() };
        self.pattern_at(pattern, ty, &mut source)
    }

    fn pattern_at(&mut self, pattern: &Pat, ty: Option<Type>, source: &mut Source) -> Pattern {
        match pattern {
            Pat::Ident(ident) => self.name_pattern(ident, ty, source),
            Pat::Paren(inner) => self.pattern_at(&inner.pat, ty, source),
            Pat::Reference(inner) => {
                let ty = match ty {
                    Some(Type::Reference(ty)) => Some(*ty),
                    other => other,
                };
                self.pattern_at(&inner.pat, ty, source)
            }
            Pat::Guard(inner) => self.pattern_at(&inner.pat, ty, source),
            Pat::Type(typed) => {
                let written = types::ty(&typed.ty);
                let inner = self.pattern_at(&typed.pat, Some(written.clone()), source);
                Pattern::Typed(Box::new(inner), written)
            }
            Pat::Tuple(tuple) => {
                let of = |index: usize| match &ty {
                    Some(Type::Tuple(types)) => types.get(index).cloned(),
                    _ => None,
                };
                let elements = tuple.elems.iter().enumerate().map(|(index, element)| {
                    self.step(Step::Element(index), element, of(index), source)
                });
                Pattern::Tuple(elements.collect())
            }
            Pat::TupleStruct(whole) => {
                let path = types::qualified(whole.qself.as_ref(), &whole.path);
                let elements = whole.elems.iter().enumerate().map(|(index, element)| {
                    let step = Step::Field(path.clone(), index.to_string());
                    self.step(step, element, None, source)
                });
                let elements = elements.collect();
                Pattern::TupleStruct(path, elements)
            }
            Pat::Struct(whole) => self.struct_pattern(whole, source),
            Pat::Or(cases) => {
                let cases = cases.cases.iter();
                Pattern::Or(cases.map(|case| self.pattern_at(case, ty.clone(), source)).collect())
            }
            Pat::Slice(slice) => {
                let elements = slice.elems.iter();
                let of = elements.map(|element| self.step(Step::Item, element, None, source));
                Pattern::Slice(of.collect())
            }
            _ => Pattern::Other,
        }
    }

    fn struct_pattern(&mut self, whole: &syn::PatStruct, source: &mut Source) -> Pattern {
        let path: Path = types::qualified(whole.qself.as_ref(), &whole.path);
        let mut fields = Vec::new();
        for field in &whole.fields {
            let name = member(&field.member);
            let step = Step::Field(path.clone(), name.clone());
            fields.push((name, self.step(step, &field.pat, None, source)));
        }
        Pattern::Struct(path, fields)
    }

    fn step(
        &mut self,
        step: Step,
        pattern: &Pat,
        ty: Option<Type>,
        source: &mut Source,
    ) -> Pattern {
        source.steps.push(step);
        let inner = self.pattern_at(pattern, ty, source);
        source.steps.pop();
        inner
    }

    fn name_pattern(
        &mut self,
        ident: &syn::PatIdent,
        ty: Option<Type>,
        source: &mut Source,
    ) -> Pattern {
        let name = types::name(&ident.ident);
        let is_plain = ident.by_ref.is_none() && ident.mutability.is_none();
        if is_plain && ident.subpat.is_none() && name.starts_with(char::is_uppercase) {
            return Pattern::Other;
        }
        let id = self
            .own(&name, source)
            .unwrap_or_else(|| self.bind(name, ty.clone(), source.origin, source.steps.clone()));
        let inner = ident.subpat.as_ref().map(|(_, inner)| self.pattern_at(inner, ty, source));
        Pattern::Binding(id, inner.map(Box::new))
    }

    /// The variable that an earlier case of the same pattern brought: `A(x) | B(x)` is one `x`.
    fn own(&self, name: &str, source: &Source) -> Option<BindingId> {
        let own = self.locals.get(source.n_before..)?;
        own.iter().find(|(known, _)| known == name).map(|&(_, id)| id)
    }
}

/// A field's name, or its number.
pub(super) fn member(member: &Member) -> String {
    match member {
        Member::Named(ident) => types::name(ident),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
