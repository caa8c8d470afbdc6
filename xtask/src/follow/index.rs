//! Where names are used: paths by their last name, methods and fields by theirs.
//! It never resolves; it says where to look.

use std::collections::HashMap;

use crate::load::Sources;
use crate::syntax::{BindingId, NodeId, NodeKind, Step};

/// Uses by name, over all files.
#[derive(Debug, Default)]
pub(super) struct Index<'a> {
    paths: HashMap<&'a str, Vec<(usize, NodeId)>>,
    methods: HashMap<&'a str, Vec<(usize, NodeId)>>,
    fields: HashMap<&'a str, Vec<(usize, NodeId)>>,
    patterns: HashMap<&'a str, Vec<(usize, BindingId)>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let mut index = Self::default();
        for (file, tree) in sources.files.iter().enumerate() {
            let Some(tree) = &tree.tree else {
                continue;
            };
            for (at, node) in tree.nodes.iter().enumerate() {
                let (map, name) = match &node.kind {
                    NodeKind::Path(path) => (&mut index.paths, path.last().unwrap_or_default()),
                    NodeKind::Method { name, .. } => (&mut index.methods, name.as_str()),
                    NodeKind::Field { name, .. } => (&mut index.fields, name.as_str()),
                    _ => continue,
                };
                map.entry(name).or_default().push((file, NodeId::after(at)));
            }
            for (at, binding) in tree.bindings.iter().enumerate() {
                for step in &binding.steps {
                    if let Step::Field(_, name) = step {
                        let found = (file, BindingId::after(at));
                        index.patterns.entry(name).or_default().push(found);
                    }
                }
            }
        }
        index
    }

    pub(super) fn paths(&self, name: &str) -> &[(usize, NodeId)] {
        self.paths.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn methods(&self, name: &str) -> &[(usize, NodeId)] {
        self.methods.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn fields(&self, name: &str) -> &[(usize, NodeId)] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn patterns(&self, name: &str) -> &[(usize, BindingId)] {
        self.patterns.get(name).map_or(&[], Vec::as_slice)
    }
}
