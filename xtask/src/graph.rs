//! The resolved dependencies of a workspace: who depends on whom, for what, with which features.
//! It never downloads or builds: what is not on the machine is told as missing.

mod lockfile;
mod metadata;
mod reach;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use reach::{Reached, Use};

/// Every package that a workspace's builds may contain.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The packages; edges point into this list.
    pub packages: Vec<Package>,
    /// What the graph could not know and why, as a lowercase fragment; none when it is whole.
    pub gap: Option<String>,
}

/// One package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name on crates.io.
    pub name: String,
    /// Its version, as text; `None` when no lock file says it, and then nobody knows its edges.
    pub version: Option<String>,
    /// Whether it belongs to the workspace: its sources are scanned instead.
    pub is_member: bool,
    /// Its line in the `Cargo.lock` of the scanned folder, if there is one.
    pub lock_line: Option<usize>,
    /// What it depends on.
    pub edges: Vec<Edge>,
}

/// One dependency of a package.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The index of the package depended on.
    pub to: usize,
    /// What it is needed for.
    pub uses: Vec<Use>,
    /// The features asked for; `None` when only a lock file is there to ask.
    pub features: Option<Vec<String>>,
}

/// Loads the graph of the workspace at `root`: from `cargo metadata`, else from `Cargo.lock` and the
/// members' manifests. A folder without a manifest has an empty graph.
#[must_use]
pub fn load(root: &Path) -> Graph {
    if !root.join("Cargo.toml").is_file() {
        return Graph::default();
    }
    let mut graph = known(root);
    lockfile::note_lines(root, &mut graph);
    graph
}

fn known(root: &Path) -> Graph {
    // Without a lock file cargo would have to resolve, which it may not do here.
    let Some(workspace) = root.ancestors().find(|folder| folder.join("Cargo.lock").is_file())
    else {
        let gap = "there is none, so only direct dependencies are known, by name";
        return Graph { gap: Some(gap.to_owned()), ..lockfile::direct(root) };
    };
    let refused = match metadata::load(root) {
        Ok(graph) => return graph,
        Err(refused) => refused,
    };
    let why = refused.lines().next().unwrap_or_default().trim();
    let refused = format!("cargo metadata cannot be asked ({why})");
    match lockfile::load(workspace) {
        Ok(graph) => {
            let gap = format!("{refused}; it was read alone, without features and uses");
            Graph { gap: Some(gap), ..graph }
        }
        Err(problem) => Graph { packages: Vec::new(), gap: Some(format!("{refused}; {problem}")) },
    }
}
