//! Where names are used: paths by their last name, methods and fields by theirs, package by package.
//! It never resolves; it says where to look.

use rustc_hash::FxHashMap as HashMap;

use crate::load::Sources;
use crate::syntax::{BindingId, NodeId, NodeKind, Step};

/// Uses in one file after the other, by package and name.
type Uses<'a, T> = HashMap<(usize, &'a str), Vec<(usize, T)>>;

/// Uses by name, over all files.
#[derive(Debug, Default)]
pub(super) struct Index<'a> {
    paths: Uses<'a, NodeId>,
    methods: Uses<'a, NodeId>,
    fields: Uses<'a, NodeId>,
    patterns: Uses<'a, BindingId>,
    /// For each package, those that can name what is in it: itself, and what depends on it. Without
    /// this, every `new` of a large tree would be looked at for every other `new`.
    dependents: Vec<Vec<usize>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let mut index = Self { dependents: dependents(sources), ..Self::default() };
        for (file, at) in sources.files.iter().enumerate() {
            let Some(tree) = &at.tree else {
                continue;
            };
            let package = at.package;
            for (at, node) in tree.nodes.iter().enumerate() {
                let (map, name) = match &node.kind {
                    NodeKind::Path(path) => (&mut index.paths, path.last().unwrap_or_default()),
                    NodeKind::Method { name, .. } => (&mut index.methods, name.as_str()),
                    NodeKind::Field { name, .. } => (&mut index.fields, name.as_str()),
                    _ => continue,
                };
                map.entry((package, name)).or_default().push((file, NodeId::after(at)));
            }
            for (at, binding) in tree.bindings.iter().enumerate() {
                for step in &binding.steps {
                    if let Step::Field(_, name) = step {
                        let found = (file, BindingId::after(at));
                        index.patterns.entry((package, name)).or_default().push(found);
                    }
                }
            }
        }
        index
    }

    /// The paths that end in a name, wherever something of `package` can be named.
    pub(super) fn paths(&self, name: &str, package: usize) -> Vec<(usize, NodeId)> {
        self.over(&self.paths, name, &[package])
    }

    /// The calls of methods of a name, wherever something of one of the packages can be named.
    pub(super) fn methods(&self, name: &str, packages: &[usize]) -> Vec<(usize, NodeId)> {
        self.over(&self.methods, name, packages)
    }

    /// The fields of a name that are read or written.
    pub(super) fn fields(&self, name: &str, package: usize) -> Vec<(usize, NodeId)> {
        self.over(&self.fields, name, &[package])
    }

    /// The patterns that take a field of a name.
    pub(super) fn patterns(&self, name: &str, package: usize) -> Vec<(usize, BindingId)> {
        self.over(&self.patterns, name, &[package])
    }

    fn over<T: Copy>(&self, uses: &Uses<'a, T>, name: &str, packages: &[usize]) -> Vec<(usize, T)> {
        let mut users: Vec<usize> =
            packages.iter().flat_map(|&package| &self.dependents[package]).copied().collect();
        users.sort_unstable();
        users.dedup();
        users.iter().filter_map(|&package| uses.get(&(package, name))).flatten().copied().collect()
    }
}

/// For each package, itself and every package that depends on it, over any number of steps.
fn dependents(sources: &Sources) -> Vec<Vec<usize>> {
    let n = sources.packages.len();
    let mut direct = vec![Vec::new(); n];
    for (index, package) in sources.packages.iter().enumerate() {
        for local in package.dependencies.values().filter_map(|one| one.local) {
            direct[local].push(index);
        }
    }
    let all = |package: usize| {
        let mut found = vec![package];
        let mut is_found = vec![false; n];
        is_found[package] = true;
        let mut at = 0;
        while at < found.len() {
            for &user in &direct[found[at]] {
                if !std::mem::replace(&mut is_found[user], true) {
                    found.push(user);
                }
            }
            at += 1;
        }
        found
    };
    (0..n).map(all).collect()
}
