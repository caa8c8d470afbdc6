//! Nothing of reqwest's is missing in `egret::http`, but for what is listed here with its reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const HTTP3: &str = "reqwest's `http3` is unstable, and needs a flag of the compiler";
const NATIVE: &str = "behind reqwest's `native-tls`, which egret does not have; use `configure`";

/// What is not there, and why.
const ABSENT: &[(&str, &str)] = &[
    ("ClientBuilder::connector_layer", "its bounds name types that reqwest hides; use `configure`"),
    ("ClientBuilder::hickory_dns", "behind a feature that egret does not have; use `configure`"),
    ("ClientBuilder::http3_congestion_bbr", HTTP3),
    ("ClientBuilder::http3_conn_receive_window", HTTP3),
    ("ClientBuilder::http3_max_field_section_size", HTTP3),
    ("ClientBuilder::http3_max_idle_timeout", HTTP3),
    ("ClientBuilder::http3_prior_knowledge", HTTP3),
    ("ClientBuilder::http3_send_grease", HTTP3),
    ("ClientBuilder::http3_send_window", HTTP3),
    ("ClientBuilder::http3_stream_receive_window", HTTP3),
    ("ClientBuilder::tls_backend_native", NATIVE),
    ("ClientBuilder::tls_early_data", HTTP3),
    ("ClientBuilder::use_native_tls", NATIVE),
    ("ClientBuilder::windows_named_pipe", "only on Windows; use `configure`"),
    ("UnixSocketProvider", "only in reqwest's documentation"),
    ("blocking", "this module is for async use"),
];

/// Methods of reqwest's type that the type of ours has to have; and the names at its root.
fn wanted(reqwest: &Path) -> BTreeSet<String> {
    let mut wanted = root_names(&read(&reqwest.join("lib.rs")));
    for (file, kind) in
        [("client", "Client"), ("client", "ClientBuilder"), ("request", "RequestBuilder")]
    {
        let text = read(&reqwest.join(format!("async_impl/{file}.rs")));
        let methods = methods_of(&text, kind);
        assert!(methods.len() > 9, "{kind} has {methods:?}");
        wanted.extend(methods.iter().map(|method| format!("{kind}::{method}")));
    }
    wanted
}

/// What ours has. Of methods that a macro makes, the lines of its table.
fn found() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = root_names(&read(&source.join("http.rs")));
    for (file, kind) in
        [("client", "Client"), ("builder", "ClientBuilder"), ("request", "RequestBuilder")]
    {
        let methods = methods_of(&read(&source.join(format!("http/{file}.rs"))), kind);
        found.extend(methods.iter().map(|method| format!("{kind}::{method}")));
    }
    for line in read(&source.join("capture/forward.rs")).lines() {
        let line = line.trim();
        let name = line.strip_prefix("pub fn ").unwrap_or(line).split(['(', '<']).next().unwrap();
        found.insert(format!("ClientBuilder::{name}"));
    }
    found
}

/// The public methods in `impl Kind { .. }`, as rustfmt lays them out.
fn methods_of(text: &str, kind: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        match line {
            "}" => is_inside = false,
            _ if line == format!("impl {kind} {{") => is_inside = true,
            _ if is_inside => {
                let name = line.strip_prefix("    pub fn ");
                methods
                    .extend(name.and_then(|name| name.split(['(', '<']).next()).map(str::to_owned));
            }
            _ => {}
        }
    }
    methods
}

/// What `pub use`, `pub mod` and `pub fn` name.
fn root_names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let code: Vec<_> = text.lines().filter(|line| !line.trim().starts_with("//")).collect();
    let code = code.join(" ");
    for item in code.split("pub ").skip(1) {
        if let Some(tree) = item.strip_prefix("use ") {
            let tree = tree.split(';').next().unwrap();
            let leaves =
                tree.split([',', '{', '}']).map(str::trim).filter(|leaf| !leaf.ends_with("::"));
            let last = leaves.filter_map(|leaf| leaf.rsplit("::").next());
            names.extend(last.filter(|name| !name.is_empty()).map(str::to_owned));
        } else if let Some(name) = item.strip_prefix("mod ") {
            names.insert(name.split(';').next().unwrap().to_owned());
        } else if let Some(name) = item.strip_prefix("async fn ") {
            names.insert(name.split('<').next().unwrap().to_owned());
        }
    }
    names
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The platform that this was built on. What others need has not been downloaded.
fn host() -> String {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(rustc.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The sources of the reqwest that egret is built with.
fn reqwest() -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--all-features", "--offline"])
        .args(["--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let is_ours = |package: &&serde_json::Value| {
        package["name"] == "reqwest" && package["version"].as_str().unwrap().starts_with("0.13.")
    };
    let package = metadata["packages"].as_array().unwrap().iter().find(is_ours).unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("src")
}

#[test]
fn nothing_of_reqwests_is_missing_without_a_reason() {
    let (wanted, found) = (wanted(&reqwest()), found());
    assert!(wanted.len() > 130, "{wanted:?}");
    let missing: Vec<_> = wanted.difference(&found).map(String::as_str).collect();
    let known: Vec<_> = ABSENT.iter().map(|(name, _)| *name).collect();
    // In both directions: what is not missing needs no reason.
    assert_eq!(missing, known);
}
