//! Tests of the dependency graph: reach, the lock file as a substitute, cargo itself offline.
//! They never download.

use std::fs;

use super::{Edge, Graph, Package, Use, load, lockfile, metadata};

fn package(name: &str, is_member: bool, edges: &[(usize, Use)]) -> Package {
    let edges = edges.iter().map(|&(to, used)| Edge { to, uses: vec![used], features: None });
    Package {
        name: name.to_owned(),
        version: Some("1.0.0".to_owned()),
        is_member,
        lock_line: None,
        edges: edges.collect(),
    }
}

#[track_caller]
fn check(packages: Vec<Package>, expected: &[&str]) {
    let graph = Graph { packages, gap: None };
    let told: Vec<String> = graph
        .reach()
        .into_iter()
        .flatten()
        .map(|reached| format!("{:?}: {}", reached.used, reached.chain.join(" > ")))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn the_weightiest_use_wins_and_its_chain_is_told() {
    check(
        vec![
            package("app", true, &[(1, Use::Dev), (2, Use::Normal), (4, Use::Build)]),
            package("sdk", false, &[(3, Use::Normal)]),
            package("facade", false, &[(1, Use::Normal), (5, Use::Dev)]),
            package("reqwest", false, &[]),
            package("cc", false, &[]),
            package("wiremock", false, &[]),
        ],
        &[
            "Normal: app > facade > sdk",
            "Normal: app > facade",
            "Normal: app > facade > sdk > reqwest",
            "Build: app > cc",
        ],
    );
}

#[test]
fn what_a_dependency_needs_to_build_is_a_build_use() {
    check(
        vec![
            package("app", true, &[(1, Use::Normal), (4, Use::Dev)]),
            package("sys", false, &[(2, Use::Build)]),
            package("download", false, &[(3, Use::Normal)]),
            package("ureq", false, &[]),
            package("mock", false, &[(3, Use::Normal), (0, Use::Normal)]),
        ],
        &[
            "Normal: app > sys",
            "Build: app > sys > download",
            "Build: app > sys > download > ureq",
            "Dev: app > mock",
        ],
    );
}

#[test]
fn a_lock_file_knows_names_and_the_manifests_know_uses() {
    let root = tempfile::tempdir().unwrap();
    let lock = "version = 4\n\
        [[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"sentry\", \"ureq\"]\n\
        [[package]]\nname = \"sentry\"\nversion = \"1.0.0\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
        [[package]]\nname = \"ureq\"\nversion = \"3.0.0\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    fs::write(root.path().join("Cargo.lock"), lock).unwrap();
    let manifest = "[package]\nname = \"app\"\n[dependencies]\ns = { package = \"sentry\" }\n\
        [target.'cfg(unix)'.dev-dependencies]\nureq = \"3\"\n";
    fs::write(root.path().join("Cargo.toml"), manifest).unwrap();
    let graph = lockfile::load(root.path()).unwrap();
    let told: Vec<_> = graph
        .reach()
        .into_iter()
        .flatten()
        .map(|reached| (reached.used, reached.chain.join(" > ")))
        .collect();
    let expected = [(Use::Normal, "app > sentry".to_owned()), (Use::Dev, "app > ureq".to_owned())];
    assert_eq!(told, expected);
    // Cargo itself refuses: there is no target in this package.
    let gap = load(root.path()).gap.unwrap();
    assert!(gap.contains("it was read alone"), "{gap}");
    let lines: Vec<_> = load(root.path()).packages.iter().map(|found| found.lock_line).collect();
    assert_eq!(lines, [Some(3), Some(7), Some(11)]);
}

#[test]
fn our_own_workspace_is_known_to_cargo() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let graph = metadata::load(root.as_ref()).unwrap();
    let members = graph.packages.iter().filter(|package| package.is_member).count();
    assert_eq!(members, 3);
    let reqwest = graph.packages.iter().position(|package| package.name == "reqwest").unwrap();
    let reached = graph.reach()[reqwest].clone().unwrap();
    assert_eq!(
        (reached.used, reached.chain.join(" > ").as_str()),
        (Use::Normal, "egret > reqwest")
    );
}

#[test]
fn no_manifest_is_no_graph_and_no_lock_is_direct_names_and_a_gap() {
    let root = tempfile::tempdir().unwrap();
    assert!(load(root.path()).gap.is_none());
    let manifest = "[package]\nname = \"app\"\n[dependencies]\nsentry = \"1\"\n";
    fs::write(root.path().join("Cargo.toml"), manifest).unwrap();
    let graph = load(root.path());
    let chains: Vec<_> = graph.reach().into_iter().flatten().map(|found| found.chain).collect();
    assert_eq!(chains, [["app", "sentry"]]);
    let gap = graph.gap.unwrap();
    assert!(gap.starts_with("there is none"), "{gap}");
}
