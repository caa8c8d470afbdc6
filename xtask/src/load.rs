//! Reads a tree of sources: packages, targets, files, and the syntax of those that matter.
//! It never runs or builds anything, and never resolves a name.

mod files;
mod manifest;
mod modules;
mod packages;
mod reach;
mod read;
mod walk;
mod words;

use std::path::PathBuf;

use rustc_hash::FxHashMap as HashMap;

pub use files::{load, load_bytes};

use crate::findings::Context;
use crate::syntax::{Item, Scope, ScopeId, ScopeKind, Tree};

#[cfg(test)]
mod tests;

/// Everything that was loaded.
#[derive(Debug, Default)]
pub struct Sources {
    /// The packages; for files outside of any, one that stands for the folder.
    pub packages: Vec<Package>,
    /// Libraries, binaries, tests, examples, benches and build scripts.
    pub crates: Vec<Crate>,
    /// Every file of Rust.
    pub files: Vec<File>,
    /// What was not read, and why.
    pub skipped: Vec<crate::findings::Skipped>,
}

/// A package, or a folder that stands for one.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its name in the manifest.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether there is a manifest that lists the dependencies.
    pub has_manifest: bool,
    /// Dependencies by the name that they have in the sources.
    pub dependencies: HashMap<String, Dependency>,
    /// The name of its library in sources, if it has one.
    pub library: Option<String>,
    /// Whether it is only there to resolve names: its sites are not the workspace's.
    pub is_foreign: bool,
}

/// A dependency.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The package's real name.
    pub package: String,
    /// Its place among the packages, when its sources are here.
    pub local: Option<usize>,
    /// The folder that the manifest names.
    pub folder: Option<PathBuf>,
}

/// One target of a package.
#[derive(Clone, Debug)]
pub struct Crate {
    /// Its package.
    pub package: usize,
    /// Its name in sources.
    pub name: String,
    /// Whether it is the package's library.
    pub is_library: bool,
    /// What it is for.
    pub context: Context,
    /// Its root file.
    pub root: usize,
}

/// A file of Rust.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// The same, relative to the scanned root, with forward slashes.
    pub name: String,
    /// The package that it belongs to.
    pub package: usize,
    /// The crate that reaches it.
    pub krate: Option<usize>,
    /// The file and the inline modules that declare it as a module; none for roots.
    pub parent: Option<(usize, Vec<String>)>,
    /// Whether the parent shows its text in the middle of its own: `include!`.
    pub is_included: bool,
    /// Whether it is code for tests only, besides what the crate is for.
    pub is_test: bool,
    /// Whether no target reaches it.
    pub is_orphan: bool,
    /// Its name as a module.
    pub module: String,
    /// The modules that it declares, by the inline modules around and their name.
    pub children: HashMap<(Vec<String>, String), Vec<usize>>,
    /// How many lines it has.
    pub n_lines: usize,
    /// What is in it; none when it holds no word that matters.
    pub tree: Option<Tree>,
    /// Why it could not be parsed, if it could not. The tree then holds what its tokens tell.
    pub refused: Option<String>,
    /// Its text, when it holds a comment for the audit.
    pub comments: Option<String>,
    /// What its folder says that it is for; the crate that reaches it knows better.
    pub place: Option<Context>,
}

impl File {
    /// What the file is for, given the crate that reaches it.
    #[must_use]
    pub fn context(&self, krate: Option<&Crate>) -> Context {
        let context = krate.map(|krate| krate.context).or(self.place).unwrap_or(Context::Prod);
        if self.is_test && context == Context::Prod { Context::Test } else { context }
    }

    /// The scope of an inline module.
    #[must_use]
    pub fn inline_module(&self, names: &[String]) -> Option<ScopeId> {
        let tree = self.tree.as_ref()?;
        let mut scope = ScopeId(0);
        for name in names {
            scope = tree.child_module(scope, name)?;
        }
        Some(scope)
    }
}

impl Tree {
    /// The scope of the module of that name that stands in a scope.
    #[must_use]
    pub fn child_module(&self, scope: ScopeId, name: &str) -> Option<ScopeId> {
        self.scopes[scope.index()].items.iter().find_map(|item| match &self.item(*item).kind {
            crate::syntax::ItemKind::Module(found) if self.item(*item).name == name => *found,
            _ => None,
        })
    }

    /// An item.
    #[must_use]
    pub fn item(&self, id: crate::syntax::ItemId) -> &Item {
        &self.items[id.index()]
    }

    /// A scope.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }

    /// The module scope around a scope, or the scope itself.
    #[must_use]
    pub fn module_of(&self, mut scope: ScopeId) -> ScopeId {
        loop {
            match (&self.scope(scope).kind, self.scope(scope).parent) {
                (ScopeKind::Module(_), _) | (_, None) => return scope,
                (_, Some(parent)) => scope = parent,
            }
        }
    }

    /// The names of the inline modules from the file down to a module scope.
    #[must_use]
    pub fn module_names(&self, scope: ScopeId) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let ScopeKind::Module(name) = &self.scope(scope).kind
                && !name.is_empty()
            {
                names.push(name.clone());
            }
            at = self.scope(scope).parent;
        }
        names.reverse();
        names
    }
}
