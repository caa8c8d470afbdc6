//! The graph from `cargo metadata`, which knows kinds and features.
//! It never lets the scanned tree choose a program to run, and never touches the network.

use std::collections::HashMap;
use std::path::Path;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

use super::{Edge, Graph, Package, Use};

/// Asks for every platform's packages; where some of them were never downloaded, for this one's.
pub(super) fn load(root: &Path) -> Result<Graph, String> {
    let refused = match ask(root, &[]) {
        Ok(metadata) => return from_metadata(&metadata),
        Err(refused) => refused,
    };
    if !refused.contains("download") {
        return Err(refused);
    }
    let metadata = ask(root, &["--filter-platform", "host-tuple"])?;
    let gap = "packages of other platforms are not on this machine and were not looked at";
    Ok(Graph { gap: Some(gap.to_owned()), ..from_metadata(&metadata)? })
}

fn ask(root: &Path, options: &[&str]) -> Result<Metadata, String> {
    // `--frozen` neither writes Cargo.lock nor downloads.
    let options = ["--frozen"].iter().chain(options).map(|&option| option.to_owned());
    MetadataCommand::new()
        .current_dir(root)
        .features(CargoOpt::AllFeatures)
        .other_options(options.collect::<Vec<_>>())
        // A `.cargo/config.toml` in the tree may name other programs; these variables win over it.
        .env("RUSTC", "rustc")
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("RUSTUP_AUTO_INSTALL", "0")
        .exec()
        .map_err(|error| error.to_string())
}

fn from_metadata(metadata: &Metadata) -> Result<Graph, String> {
    let resolve = metadata.resolve.as_ref().ok_or("it resolved nothing")?;
    let index_of: HashMap<&PackageId, usize> =
        metadata.packages.iter().enumerate().map(|(index, package)| (&package.id, index)).collect();
    let mut packages: Vec<Package> = metadata
        .packages
        .iter()
        .map(|package| Package {
            name: package.name.to_string(),
            version: Some(package.version.to_string()),
            is_member: metadata.workspace_members.contains(&package.id),
            lock_line: None,
            edges: Vec::new(),
        })
        .collect();
    for node in &resolve.nodes {
        let Some(&from) = index_of.get(&node.id) else { continue };
        for dependency in &node.deps {
            let Some(&to) = index_of.get(&dependency.pkg) else { continue };
            let uses = dependency.dep_kinds.iter().map(|info| use_of(info.kind)).collect();
            let features = Some(asked_for(&metadata.packages[from], &metadata.packages[to]));
            packages[from].edges.push(Edge { to, uses, features });
        }
    }
    Ok(Graph { packages, gap: None })
}

/// The features that one package's manifest asks of another, all declarations together. `default`
/// stands for the default ones.
fn asked_for(from: &cargo_metadata::Package, to: &cargo_metadata::Package) -> Vec<String> {
    let declared = from.dependencies.iter().filter(|declared| declared.name == *to.name);
    let mut features = Vec::new();
    for dependency in declared {
        features.extend(dependency.features.iter().cloned());
        if dependency.uses_default_features {
            features.push("default".to_owned());
        }
    }
    // A feature of the package's own may switch one on: `client = ["hyper/client"]`.
    for enabled in from.features.values().flatten() {
        let asked =
            enabled.split_once('/').map(|(name, feature)| (name.trim_end_matches('?'), feature));
        if let Some((name, feature)) = asked
            && name == to.name.as_str()
        {
            features.push(feature.to_owned());
        }
    }
    features.extend(implied(to, &features));
    features
}

/// What the features named switch on in the package itself.
fn implied(package: &cargo_metadata::Package, named: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut waiting: Vec<&str> = named.iter().map(String::as_str).collect();
    while let Some(feature) = waiting.pop() {
        for enabled in package.features.get(feature).into_iter().flatten() {
            if !found.contains(enabled) {
                found.push(enabled.clone());
                waiting.push(enabled);
            }
        }
    }
    found
}

fn use_of(kind: DependencyKind) -> Use {
    match kind {
        DependencyKind::Development => Use::Dev,
        DependencyKind::Build => Use::Build,
        _ => Use::Normal,
    }
}
