//! Types as far as they are needed: what is defined where, and what stands in the angle brackets.
//! They never say anything of references, lifetimes or mutability.

use super::{Def, Resolver, Space};
use crate::syntax::{ItemKind, Path, ScopeId, Type};

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A struct, enum, parameter or foreign type, with its arguments.
    Def(Def, Vec<Ty>),
    /// A tuple.
    Tuple(Vec<Ty>),
    /// A slice or array.
    Slice(Box<Ty>),
    /// Something that is called; its result.
    Function(Box<Ty>),
    /// Not known.
    Unknown,
}

/// Types that hold one value and behave like it.
const HOLDERS: &[&str] = &[
    "Option",
    "Result",
    "Box",
    "Arc",
    "Rc",
    "Cow",
    "Pin",
    "Mutex",
    "RwLock",
    "RefCell",
    "Cell",
    "OnceCell",
    "OnceLock",
    "Lazy",
    "LazyLock",
    "LazyCell",
    "ManuallyDrop",
    "Vec",
    "VecDeque",
    "ArcSwap",
    "Weak",
    "MutexGuard",
    "RwLockReadGuard",
    "RwLockWriteGuard",
    "Ref",
    "RefMut",
    "BoxFuture",
    "LocalBoxFuture",
    "Extension",
    "State",
    "Data",
    "Sync",
    "SyncLazy",
    "SyncOnceCell",
    "AsyncOnceCell",
    "ThreadLocal",
    "LocalKey",
    "Saved",
];

/// Those of them whose default holds the default of the value.
const DEFAULT_HOLDERS: &[&str] = &["Box", "Arc", "Rc", "Mutex", "RwLock", "RefCell", "Cell"];

const MAX_ALIASES: usize = 16;

impl Ty {
    /// The type inside of all holders.
    #[must_use]
    pub fn peeled(&self) -> &Ty {
        match self {
            Self::Def(Def::Foreign(path), arguments) => match path.last().map(String::as_str) {
                Some("HashMap" | "BTreeMap" | "DashMap" | "IndexMap") if arguments.len() > 1 => {
                    arguments[1].peeled()
                }
                Some(last) if HOLDERS.contains(&last) && !arguments.is_empty() => {
                    arguments[0].peeled()
                }
                _ => self,
            },
            Self::Slice(inner) | Self::Function(inner) => inner.peeled(),
            _ => self,
        }
    }

    /// Whether it is a cell whose `get()` gives what was set once.
    #[must_use]
    pub fn is_set_once(&self) -> bool {
        match self {
            Self::Def(Def::Foreign(path), arguments) => match path.last().map(String::as_str) {
                Some("OnceCell" | "OnceLock" | "SyncOnceCell" | "AsyncOnceCell") => true,
                Some("Arc" | "Rc" | "Box") => arguments.first().is_some_and(Self::is_set_once),
                _ => false,
            },
            _ => false,
        }
    }

    /// The type that the default of this one holds.
    #[must_use]
    pub fn of_default(&self) -> &Ty {
        match self {
            Self::Def(Def::Foreign(path), arguments)
                if arguments.len() == 1
                    && path.last().is_some_and(|last| DEFAULT_HOLDERS.contains(&last.as_str())) =>
            {
                arguments[0].of_default()
            }
            _ => self,
        }
    }

    /// Whether a path is the `default` of a holder whose default holds the default of the value.
    #[must_use]
    pub fn is_default_of_holder(path: &str) -> bool {
        let parts: Vec<&str> = path.split("::").collect();
        matches!(parts.as_slice(), ["std" | "alloc" | "core", .., of, "default"]
            if DEFAULT_HOLDERS.contains(of))
    }

    /// The path, when the type is foreign.
    #[must_use]
    pub fn foreign(&self) -> Option<String> {
        match self {
            Self::Def(Def::Foreign(path), _) => Some(path.join("::")),
            _ => None,
        }
    }

    /// Puts types in the place of parameters.
    fn replaced(self, scope: (usize, ScopeId), with: &[(String, Ty)]) -> Ty {
        let all = |types: Vec<Ty>| types.into_iter().map(|ty| ty.replaced(scope, with)).collect();
        match self {
            Self::Def(Def::Generic(file, at, name), _) if (file, at) == scope => {
                let found = with.iter().find(|(known, _)| *known == name);
                found.map_or(Self::Unknown, |(_, ty)| ty.clone())
            }
            Self::Def(def, arguments) => Self::Def(def, all(arguments)),
            Self::Tuple(types) => Self::Tuple(all(types)),
            Self::Slice(inner) => Self::Slice(Box::new(inner.replaced(scope, with))),
            Self::Function(inner) => Self::Function(Box::new(inner.replaced(scope, with))),
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Resolver<'_> {
    /// A type that is written in a scope.
    #[must_use]
    pub fn ty(&self, file: usize, scope: ScopeId, ty: &Type) -> Ty {
        self.ty_at(file, scope, ty, MAX_ALIASES)
    }

    fn ty_at(&self, file: usize, scope: ScopeId, ty: &Type, left: usize) -> Ty {
        if left == 0 {
            return Ty::Unknown;
        }
        match ty {
            Type::Path(path) => self.path_type(file, scope, path, left),
            Type::Reference(inner) => self.ty_at(file, scope, inner, left),
            Type::Slice(inner) => Ty::Slice(Box::new(self.ty_at(file, scope, inner, left))),
            Type::Tuple(types) => {
                Ty::Tuple(types.iter().map(|ty| self.ty_at(file, scope, ty, left)).collect())
            }
            Type::Traits(traits) => self.traits(file, scope, traits, left),
            Type::Function(Some(result)) => {
                Ty::Function(Box::new(self.ty_at(file, scope, result, left)))
            }
            Type::Function(None) | Type::Unknown => Ty::Unknown,
        }
    }

    fn path_type(&self, file: usize, scope: ScopeId, path: &Path, left: usize) -> Ty {
        if path.identifier() == Some("Self") {
            return self.self_type(file, scope);
        }
        let Some(def) = self.path(file, scope, path, Space::Type) else {
            return Ty::Unknown;
        };
        let arguments: Vec<Ty> = path.segments.last().map_or_else(Vec::new, |last| {
            last.arguments.iter().map(|ty| self.ty_at(file, scope, ty, left - 1)).collect()
        });
        match &def {
            Def::Item(to, item) => match &self.item(*to, *item).kind {
                ItemKind::Alias { ty: Some(ty), scope } => {
                    let target = self.ty_at(*to, *scope, ty, left - 1);
                    let generics = &self.tree(*to).scope(*scope).generics;
                    let names = generics.iter().map(|generic| generic.name.clone());
                    let with: Vec<(String, Ty)> = names.zip(arguments).collect();
                    target.replaced((*to, *scope), &with)
                }
                _ => Ty::Def(def, arguments),
            },
            Def::Generic(to, at, name) => {
                self.bound(*to, *at, name, left).unwrap_or(Ty::Def(def, Vec::new()))
            }
            _ => Ty::Def(def, arguments),
        }
    }

    /// What is known of a parameter by its bounds: `F: Future<Output = Client>`, `F: Fn() -> Client`.
    fn bound(&self, file: usize, scope: ScopeId, name: &str, left: usize) -> Option<Ty> {
        let generics = &self.tree(file).scope(scope).generics;
        let generic = generics.iter().find(|generic| generic.name == name)?;
        let holds = generic
            .bounds
            .iter()
            .any(|bound| bound.segments.last().is_some_and(|last| !last.associated.is_empty()));
        holds.then(|| self.traits(file, scope, &generic.bounds, left - 1))
    }

    /// `impl Future<Output = T>` behaves like `T`, `impl Fn() -> T` like something that gives it.
    fn traits(&self, file: usize, scope: ScopeId, traits: &[Path], left: usize) -> Ty {
        for of in traits {
            let Some(last) = of.segments.last() else {
                continue;
            };
            if let Some((_, ty)) = last
                .associated
                .iter()
                .find(|(name, _)| matches!(name.as_str(), "Output" | "Item" | "Target"))
            {
                return self.ty_at(file, scope, ty, left - 1);
            }
            if matches!(last.name.as_str(), "AsRef" | "Borrow" | "Into" | "Deref")
                && let Some(ty) = last.arguments.first()
            {
                return self.ty_at(file, scope, ty, left - 1);
            }
        }
        let first = traits.first().and_then(|of| self.path(file, scope, of, Space::Type));
        first.map_or(Ty::Unknown, |def| Ty::Def(def, Vec::new()))
    }
}
