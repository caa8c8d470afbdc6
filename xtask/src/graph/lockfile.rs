//! The graph from `Cargo.lock` and the members' manifests, for when cargo cannot be asked.
//! It never knows features, nor whether a package of the registry needs another to build or to run.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_lock::Lockfile;
use toml::Table;

use super::{Edge, Graph, Package, Use};

pub(super) fn load(root: &Path) -> Result<Graph, String> {
    let text = fs::read_to_string(root.join("Cargo.lock")).map_err(|error| error.to_string())?;
    let lock: Lockfile = text.parse().map_err(|error: cargo_lock::Error| error.to_string())?;
    let kinds = kinds_of_members(root);
    Ok(from_lock(&lock, &kinds))
}

/// Notes for each package the line that names it, so that a finding has a place.
pub(super) fn note_lines(root: &Path, graph: &mut Graph) {
    let Ok(text) = fs::read_to_string(root.join("Cargo.lock")) else { return };
    let mut line_of = HashMap::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, pair) in lines.windows(2).enumerate() {
        let name = pair[0].strip_prefix("name = ");
        let version = pair[1].strip_prefix("version = ");
        if let (Some(name), Some(version)) = (name, version) {
            line_of.insert((name.trim_matches('"'), version.trim_matches('"')), index + 1);
        }
    }
    for package in &mut graph.packages {
        let key = (package.name.as_str(), package.version.as_deref().unwrap_or_default());
        package.lock_line = line_of.get(&key).copied();
    }
}

/// The members and what they depend on directly, from the manifests alone.
pub(super) fn direct(root: &Path) -> Graph {
    let kinds = kinds_of_members(root);
    let package = |name: &String, is_member| Package {
        name: name.clone(),
        version: None,
        is_member,
        lock_line: None,
        edges: Vec::new(),
    };
    let mut packages: Vec<Package> = kinds.keys().map(|name| package(name, true)).collect();
    for (member, uses_of) in &kinds {
        for (name, uses) in uses_of {
            let known = packages.iter().position(|other| other.name == *name);
            let to = known.unwrap_or_else(|| {
                packages.push(package(name, false));
                packages.len() - 1
            });
            let edge = Edge { to, uses: uses.clone(), features: None };
            if let Some(from) = packages.iter_mut().find(|other| other.name == *member) {
                from.edges.push(edge);
            }
        }
    }
    packages.iter_mut().for_each(|package| package.edges.sort_by_key(|edge| edge.to));
    Graph { packages, gap: None }
}

/// For each member by name, what it needs each of its dependencies for.
type Kinds = HashMap<String, HashMap<String, Vec<Use>>>;

pub(super) fn from_lock(lock: &Lockfile, kinds: &Kinds) -> Graph {
    let key = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    let index_of: HashMap<_, usize> = lock
        .packages
        .iter()
        .enumerate()
        .map(|(index, package)| (key(package.name.as_str(), &package.version.to_string()), index))
        .collect();
    let packages = lock
        .packages
        .iter()
        .map(|package| {
            let name = package.name.to_string();
            let member = kinds.get(&name).filter(|_| package.source.is_none());
            let edges = package.dependencies.iter().filter_map(|dependency| {
                let to = *index_of
                    .get(&key(dependency.name.as_str(), &dependency.version.to_string()))?;
                let known = member.and_then(|uses| uses.get(dependency.name.as_str()));
                let uses = known.cloned().unwrap_or_else(|| vec![Use::Normal]);
                Some(Edge { to, uses, features: None })
            });
            Package {
                version: Some(package.version.to_string()),
                is_member: member.is_some(),
                lock_line: None,
                edges: edges.collect(),
                name,
            }
        })
        .collect();
    Graph { packages, gap: None }
}

/// Reads the manifests of the root and of the members that it names.
fn kinds_of_members(root: &Path) -> Kinds {
    let mut kinds = Kinds::new();
    let Some(manifest) = read(&root.join("Cargo.toml")) else { return kinds };
    add(&manifest, &manifest, &mut kinds);
    for folder in members(root, &manifest) {
        if let Some(member) = read(&folder.join("Cargo.toml")) {
            add(&member, &manifest, &mut kinds);
        }
    }
    kinds
}

fn read(path: &Path) -> Option<Table> {
    fs::read_to_string(path).ok()?.parse().ok()
}

/// The members' folders; `crates/*` stands for every folder there.
fn members(root: &Path, manifest: &Table) -> Vec<PathBuf> {
    let listed = manifest.get("workspace").and_then(|table| table.get("members"));
    let patterns = listed.and_then(|list| list.as_array()).into_iter().flatten();
    let mut folders = Vec::new();
    for pattern in patterns.filter_map(|pattern| pattern.as_str()) {
        match pattern.strip_suffix("/*") {
            Some(parent) => {
                let entries = fs::read_dir(root.join(parent)).into_iter().flatten();
                folders.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
            }
            None => folders.push(root.join(pattern)),
        }
    }
    folders
}

/// Adds one manifest's dependencies. Names of inherited ones are looked up in the root's manifest.
fn add(manifest: &Table, root: &Table, kinds: &mut Kinds) {
    let name = manifest.get("package").and_then(|package| package.get("name"));
    let Some(name) = name.and_then(|name| name.as_str()) else { return };
    let uses = kinds.entry(name.to_owned()).or_default();
    let targets = manifest.get("target").and_then(|table| table.as_table());
    let of_targets = targets.into_iter().flatten().filter_map(|(_, table)| table.as_table());
    for table in std::iter::once(manifest).chain(of_targets) {
        for (section, used) in [
            ("dependencies", Use::Normal),
            ("build-dependencies", Use::Build),
            ("dev-dependencies", Use::Dev),
        ] {
            let listed = table.get(section).and_then(|list| list.as_table());
            for (key, value) in listed.into_iter().flatten() {
                let inherited = root
                    .get("workspace")
                    .and_then(|table| table.get("dependencies"))
                    .and_then(|table| table.get(key));
                let renamed = [Some(value), inherited]
                    .into_iter()
                    .flatten()
                    .find_map(|value| value.get("package").and_then(|name| name.as_str()));
                uses.entry(renamed.unwrap_or(key).to_owned()).or_default().push(used);
            }
        }
    }
}
