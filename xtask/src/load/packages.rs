//! Puts packages together: manifests, who depends on whom, and which folder a file belongs to.
//! It never reads a source file.

use std::fs;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap as HashMap;

use super::manifest::{self, Manifest};
use super::walk::relative;
use super::{Dependency, Package, Sources};
use crate::findings::Skipped;

/// Packages outside of the scanned root that are read for their names; a bound against surprises.
const MAX_OUTSIDE: usize = 200;

/// The packages of a tree, with the manifests that they come from.
pub(super) struct Packages {
    pub(super) manifests: Vec<Option<Manifest>>,
    by_folder: HashMap<PathBuf, usize>,
}

/// Reads all manifests. The first package stands for files that no manifest claims.
pub(super) fn read(root: &Path, folders: &[PathBuf], sources: &mut Sources) -> Packages {
    let mut packages = Packages { manifests: vec![None], by_folder: HashMap::default() };
    let folder_name = root.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = folder_name.unwrap_or_else(|| "root".into());
    let bare = Package { name, folder: root.to_path_buf(), ..Package::default() };
    sources.packages.push(bare);
    let mut excluded = Vec::new();
    for folder in folders {
        match manifest::read(folder) {
            Ok(manifest) => {
                for path in &manifest.missing {
                    let file = relative(root, &folder.join("Cargo.toml"));
                    let reason = format!("names `{path}` as the root of a target; there is none");
                    sources.skipped.push(Skipped { file, reason, holds_anchor: false });
                }
                excluded.extend(manifest.excluded.iter().map(|path| canonical(path)));
                packages.add(manifest, sources);
            }
            Err(reason) => {
                let file = relative(root, &folder.join("Cargo.toml"));
                sources.skipped.push(Skipped { file, reason, holds_anchor: false });
            }
        }
    }
    packages.connect(sources);
    packages.set_aside(root, &excluded, sources);
    packages
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

impl Packages {
    fn add(&mut self, manifest: Manifest, sources: &mut Sources) -> Option<usize> {
        let name = manifest.name.clone()?;
        let index = sources.packages.len();
        let declared = manifest.dependencies.iter();
        let dependencies = declared.map(|one| {
            let package = one.package.clone();
            (one.name.clone(), Dependency { package, local: None, folder: one.folder.clone() })
        });
        sources.packages.push(Package {
            name,
            folder: manifest.folder.clone(),
            has_manifest: true,
            dependencies: dependencies.collect(),
            library: manifest.library.clone(),
            is_foreign: false,
        });
        self.by_folder.insert(canonical(&manifest.folder), index);
        self.manifests.push(Some(manifest));
        Some(index)
    }

    /// Finds the sources of path dependencies; those outside of the root are read for their names.
    fn connect(&mut self, sources: &mut Sources) {
        let n_inside = sources.packages.len();
        let mut index = 0;
        while index < sources.packages.len() {
            let names: Vec<String> = sources.packages[index].dependencies.keys().cloned().collect();
            for name in names {
                let folder = sources.packages[index].dependencies[&name].folder.clone();
                let Some(folder) = folder.map(|folder| canonical(&folder)) else {
                    continue;
                };
                let mut local = self.by_folder.get(&folder).copied();
                if local.is_none()
                    && sources.packages.len() < n_inside + MAX_OUTSIDE
                    && let Ok(manifest) = manifest::read(&folder)
                {
                    local = self.add(manifest, sources);
                    if let Some(outside) = local {
                        sources.packages[outside].is_foreign = true;
                    }
                }
                if let Some(dependency) = sources.packages[index].dependencies.get_mut(&name) {
                    dependency.local = local;
                }
            }
            index += 1;
        }
    }

    /// What a workspace leaves out and yet depends on is somebody else's code that lies here: it is
    /// read for its names, and named in the report.
    fn set_aside(&self, root: &Path, excluded: &[PathBuf], sources: &mut Sources) {
        let is_excluded = |package: &Package| {
            let folder = canonical(&package.folder);
            excluded.iter().any(|excluded| folder.starts_with(excluded))
        };
        let insiders = sources.packages.iter().filter(|package| !is_excluded(package));
        let needed: Vec<usize> = insiders
            .flat_map(|package| package.dependencies.values().filter_map(|one| one.local))
            .collect();
        for index in needed {
            let package = &sources.packages[index];
            if !package.is_foreign && is_excluded(package) {
                let file = relative(root, &package.folder);
                let reason = "left out of the workspace, and a dependency of it: not its own code";
                let reason = reason.to_owned();
                sources.skipped.push(Skipped { file, reason, holds_anchor: false });
                sources.packages[index].is_foreign = true;
            }
        }
    }

    /// The package whose folder is nearest above a file.
    pub(super) fn of_file(&self, path: &Path, cache: &mut HashMap<PathBuf, usize>) -> usize {
        let Some(folder) = path.parent() else {
            return 0;
        };
        if let Some(&known) = cache.get(folder) {
            return known;
        }
        let whole = canonical(folder);
        let found = whole.ancestors().find_map(|folder| self.by_folder.get(folder).copied());
        let found = found.unwrap_or(0);
        cache.insert(folder.to_path_buf(), found);
        found
    }
}
