//! Paths and types as they are written, without their spans.
//! They never say what they mean; that depends on the scope.

/// A path in an expression, type or import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Whether it starts with `::`.
    pub is_global: bool,
    /// The type in front: `<Client as Default>::default`.
    pub self_type: Option<Box<SelfType>>,
    /// The segments after `<..>::`, or all of them. The trait of a qualified path is not in here.
    pub segments: Vec<Segment>,
}

/// `<ty as of_trait>` in front of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfType {
    /// The type itself.
    pub ty: Type,
    /// The trait, where one is named.
    pub of_trait: Option<Path>,
}

/// One segment of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// The identifier, without `r#`.
    pub name: String,
    /// Type arguments, in order.
    pub arguments: Vec<Type>,
    /// Associated types: `Output = T`, and the result of `Fn() -> T` under the same name.
    pub associated: Vec<(String, Type)>,
}

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A named type.
    Path(Path),
    /// `&T`, `&mut T`, `*const T`.
    Reference(Box<Type>),
    /// `(A, B)`.
    Tuple(Vec<Type>),
    /// `[T]`, `[T; N]`.
    Slice(Box<Type>),
    /// `impl A + B`, `dyn A + B`: the traits.
    Traits(Vec<Path>),
    /// `fn(..) -> T`: the result.
    Function(Option<Box<Type>>),
    /// `_`, macros, `!`: nothing that could be known.
    Unknown,
}

impl Path {
    /// A path of plain names.
    pub fn of(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let segments = names.into_iter().map(Segment::of).collect();
        Self { segments, ..Self::default() }
    }

    /// The name of the last segment.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.segments.last().map(|segment| segment.name.as_str())
    }

    /// The name, when the path is one plain identifier.
    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [only] if !self.is_global && self.self_type.is_none() => Some(&only.name),
            _ => None,
        }
    }
}

impl Segment {
    /// A segment without arguments.
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}
