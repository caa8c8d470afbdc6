//! `cargo egret` as users run it: in throw-away crates, by its binary, with its exit codes.
//! It never calls the library.

#![expect(clippy::unwrap_used, reason = "test helpers outside of tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const ONE_CLIENT: &str = "pub fn first() {\n    let client = reqwest::Client::new();\n    \
    client.get(\"https://api.example.com/v1/things\");\n}\n";
const SECOND_CLIENT: &str =
    "\npub fn second() -> reqwest::Client {\n    reqwest::Client::new()\n}\n";

/// An empty crate with one unwrapped client. It has no `Cargo.lock`, so cargo itself cannot be asked.
fn throw_away() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let put = |file: &str, text: &str| {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         reqwest = \"0.13\"\n",
    );
    put("src/lib.rs", ONE_CLIENT);
    root
}

fn egret(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-egret"))
        .arg("egret")
        .args(arguments)
        .current_dir(root)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn exits(output: &Output, code: i32) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "\n{out}\n{err}");
    out
}

#[test]
fn init_makes_today_pass_and_tomorrow_fail() {
    let root = throw_away();
    let root = root.path();
    exits(&egret(root, &["audit"]), 1);
    let told = exits(&egret(root, &["init"]), 0);
    for file in
        ["egret-audit.toml", "egret-audit-baseline.toml", ".github/workflows/egret-audit.yml"]
    {
        assert!(told.contains(&format!("written {file}\n")), "{told}");
        assert!(root.join(file).is_file(), "{file}");
    }
    let clean = exits(&egret(root, &["audit"]), 0);
    assert!(clean.contains("1 site found, 0 covered (0.0 %), 1 suppressed"), "{clean}");
    // Edits above the client do not make it a new one.
    let moved = format!("//! A crate.\n\n\n{ONE_CLIENT}");
    fs::write(root.join("src/lib.rs"), &moved).unwrap();
    exits(&egret(root, &["audit"]), 0);
    fs::write(root.join("src/lib.rs"), moved + SECOND_CLIENT).unwrap();
    let found = exits(&egret(root, &["audit"]), 1);
    assert!(found.contains("src/lib.rs:10:5"), "{found}");
    assert!(!found.contains("src/lib.rs:5:"), "{found}");
    // What was mended leaves the baseline, and the baseline does not come back by itself.
    fs::write(root.join("src/lib.rs"), "pub fn first() {}\n").unwrap();
    assert!(exits(&egret(root, &["audit"]), 1).contains("stale-baseline"));
    exits(&egret(root, &["audit", "--update-baseline"]), 0);
    fs::write(root.join("src/lib.rs"), ONE_CLIENT).unwrap();
    let kept_out = egret(root, &["audit", "--update-baseline"]);
    exits(&kept_out, 1);
    assert!(text(&kept_out.stderr).contains("1 entries are open"), "{kept_out:?}");
    let grown = egret(root, &["audit", "--update-baseline", "--grow"]);
    exits(&grown, 0);
    assert!(!text(&grown.stderr).contains("--grow"), "{grown:?}");
}

#[test]
fn a_second_init_changes_nothing() {
    let root = throw_away();
    exits(&egret(root.path(), &["init"]), 0);
    fs::write(root.path().join("egret-audit.toml"), "forbid_outside = []\n").unwrap();
    let told = exits(&egret(root.path(), &["init"]), 0);
    assert_eq!(told.matches("kept    ").count(), 4, "{told}");
    let policy = fs::read_to_string(root.path().join("egret-audit.toml")).unwrap();
    assert_eq!(policy, "forbid_outside = []\n");
    exits(&egret(root.path(), &["init", "--force"]), 0);
    let policy = fs::read_to_string(root.path().join("egret-audit.toml")).unwrap();
    assert!(policy.contains("[severity]"), "{policy}");
}

#[test]
fn nothing_to_scan_is_not_green() {
    let root = tempfile::tempdir().unwrap();
    let told = exits(&egret(root.path(), &["audit"]), 2);
    assert!(told.contains("nothing was scanned"), "{told}");
    let output = egret(root.path(), &["audit", "nowhere"]);
    exits(&output, 2);
    assert!(text(&output.stderr).contains("nowhere: there is no such file or folder"));
}

#[test]
fn a_file_that_may_hold_a_call_and_does_not_parse_is_not_judged() {
    let root = throw_away();
    let broken = "pub mod broken;\n";
    fs::write(root.path().join("src/lib.rs"), broken).unwrap();
    fs::write(root.path().join("src/broken.rs"), "fn f( { reqwest::Client::new() }\n").unwrap();
    let told = exits(&egret(root.path(), &["audit"]), 2);
    assert!(told.contains("src/broken.rs"), "{told}");
    fs::write(root.path().join("src/broken.rs"), "fn f( { nothing }\n").unwrap();
    let output = egret(root.path(), &["audit"]);
    assert_ne!(output.status.code(), Some(2), "{}", text(&output.stdout));
}

#[test]
fn every_format_tells_of_the_same_site() {
    let root = throw_away();
    for (format, sign) in [
        ("text", "src/lib.rs:2:18"),
        ("json", "\"line\": 2"),
        ("sarif", "\"startLine\": 2"),
        ("github", "::error file=src/lib.rs,line=2,col=18,"),
        ("junit", "at src/lib.rs:2\""),
        ("markdown", "| src/lib.rs:2 |"),
    ] {
        let out = exits(&egret(root.path(), &["audit", "--format", format]), 1);
        assert!(out.contains(sign), "{format}: {out}");
        assert!(!out.contains('\u{1b}'), "{format} has colours without a terminal");
    }
}

#[test]
fn json_has_the_fields_that_were_promised() {
    let root = throw_away();
    let out = exits(&egret(root.path(), &["audit", "--format", "json"]), 1);
    let document: Value = serde_json::from_str(&out).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../docs/report.schema.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &document), "{out}");
    let site = &document["sites"][0];
    for (field, value) in [
        ("file", "src/lib.rs"),
        ("crate", "reqwest"),
        ("symbol", "reqwest::Client::new"),
        ("kind", "construct"),
        ("context", "prod"),
        ("verdict", "unwrapped"),
        ("rule", "unwrapped-client"),
        ("severity", "error"),
    ] {
        assert_eq!(site[field], value, "{field}");
    }
    assert_eq!((&site["line"], &site["column"]), (&Value::from(2), &Value::from(18)));
    assert!(site["evidence"].is_array() && site["hint"].is_string(), "{site}");
}

#[test]
fn sarif_and_junit_of_a_real_scan_keep_their_schemas() {
    let root = throw_away();
    fs::write(root.path().join("src/lib.rs"), ONE_CLIENT.to_owned() + SECOND_CLIENT).unwrap();
    let formats = ["audit", "--format", "sarif=a.sarif", "--format", "junit=a.xml"];
    exits(&egret(root.path(), &formats), 1);
    let document = fs::read_to_string(root.path().join("a.sarif")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    // A bracket too many in a pattern of the official schema; see `src/report/tests`.
    let schema = include_str!("schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(jsonschema::is_valid(&schema, &document), "{document}");
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let prints = results.iter().map(|result| &result["partialFingerprints"]["egretSite/v1"]);
    let prints: std::collections::BTreeSet<_> = prints.map(Value::to_string).collect();
    assert_eq!(prints.len(), 2);
    let xsd = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/jenkins-junit-10.xsd");
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--schema", xsd, "a.xml"]).current_dir(root.path());
    match xmllint.output() {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stderr)),
        Err(error) => {
            println!("xmllint cannot be run ({error}); JUnit was not validated");
            assert!(std::env::var_os("EGRET_REQUIRE_SERVICES").is_none(), "xmllint: {error}");
        }
    }
}

#[test]
fn an_inventory_names_what_is_called() {
    let root = throw_away();
    exits(&egret(root.path(), &["audit", "--inventory", "calls.json"]), 1);
    let inventory = fs::read_to_string(root.path().join("calls.json")).unwrap();
    let inventory: Value = serde_json::from_str(&inventory).unwrap();
    let request = &inventory["sites"][0]["requests"][0];
    assert_eq!(request["method"], "GET", "{inventory}");
    assert_eq!(request["url"], "https://api.example.com/v1/things");
}

#[test]
fn a_fix_is_shown_and_written_only_when_told() {
    let root = throw_away();
    // Without `egret` among the dependencies, the fix would not build: it says so.
    let refused = egret(root.path(), &["audit", "--fix"]);
    assert_eq!(exits(&refused, 1), "");
    assert!(text(&refused.stderr).contains("no `egret` among its dependencies"));
    let manifest = fs::read_to_string(root.path().join("Cargo.toml")).unwrap();
    fs::write(root.path().join("Cargo.toml"), manifest + "egret = \"0.1\"\n").unwrap();
    let source = ONE_CLIENT.replace("fn first", "async fn first");
    let source = source.replace("things\");", "things\").send().await.unwrap();");
    fs::write(root.path().join("src/lib.rs"), &source).unwrap();
    let shown = exits(&egret(root.path(), &["audit", "--fix"]), 1);
    assert!(shown.starts_with("--- a/src/lib.rs\n+++ b/src/lib.rs\n"), "{shown}");
    assert_eq!(fs::read_to_string(root.path().join("src/lib.rs")).unwrap(), source);
    exits(&egret(root.path(), &["audit", "--fix", "--write"]), 1);
    let fixed = fs::read_to_string(root.path().join("src/lib.rs")).unwrap();
    assert!(fixed.contains("let client = egret::wrap(reqwest::Client::new());"), "{fixed}");
    exits(&egret(root.path(), &["audit"]), 0);
}

#[test]
fn since_counts_only_what_was_changed() {
    let root = throw_away();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut command = Command::new("git");
        let done = command.args(identity).args(arguments).current_dir(root.path()).status();
        assert!(done.unwrap().success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    exits(&egret(root.path(), &["audit", "--since", "HEAD"]), 0);
    fs::write(root.path().join("src/lib.rs"), ONE_CLIENT.to_owned() + SECOND_CLIENT).unwrap();
    let found = exits(&egret(root.path(), &["audit", "--since", "HEAD"]), 1);
    assert!(found.contains("src/lib.rs:7:5") && !found.contains("src/lib.rs:2:18"), "{found}");
    let output = egret(root.path(), &["audit", "--since", "no-such-revision"]);
    exits(&output, 2);
    let output = egret(root.path(), &["audit", "--since", "--output=pwned"]);
    exits(&output, 2);
    assert!(!root.path().join("pwned").exists());
}

#[test]
fn exceptions_in_the_sources_need_a_reason_and_a_use() {
    let root = throw_away();
    let check = |comment: &str, code: i32, told: &str| {
        let source =
            format!("pub fn f() {{\n    {comment}\n    let _c = reqwest::Client::new();\n}}\n");
        fs::write(root.path().join("src/lib.rs"), source).unwrap();
        let out = exits(&egret(root.path(), &["audit"]), code);
        assert!(out.contains(told), "{comment}: {out}");
    };
    check("// egret: allow(reqwest) reason=\"a probe\"", 0, "1 suppressed");
    check("// egret: allow(unwrapped-client) reason=\"a probe\"", 0, "1 suppressed");
    check("/* egret: allow(reqwest) reason=\"a probe\" */", 0, "1 suppressed");
    check("// egret: allow(reqwest, unwrapped-client) reason=\"a probe\"", 0, "1 suppressed");
    let part = "allows `nonsense` where nothing of it is";
    check("// egret: allow(reqwest, nonsense) reason=\"a probe\"", 1, part);
    check("// egret: allow(reqwest)", 1, "missing-reason");
    check("// egret: allow(ureq) reason=\"a probe\"", 1, "stale-suppression");
    check("// egret: allow(reqwest) reason=\"a probe\" until=\"2020-01-01\"", 1, "which is over");
    check("// egret: alow(reqwest) reason=\"a probe\"", 1, "malformed-suppression");
    check("let _s = \"// egret: allow(reqwest) reason='a'\";", 1, "unwrapped-client");
}

#[test]
fn every_rule_is_explained() {
    let root = tempfile::tempdir().unwrap();
    let page = exits(&egret(root.path(), &["audit", "--explain", "unwrapped-client"]), 0);
    assert!(page.starts_with("# unwrapped-client\n"), "{page}");
    for verdict in ["wrapped_empty", "wrapped_other", "mixed", "unwrapped", "unknown"] {
        let page = exits(&egret(root.path(), &["audit", "--explain", verdict]), 0);
        assert!(page.starts_with("# "), "{verdict}: {page}");
    }
    let output = egret(root.path(), &["audit", "--explain", "nothing"]);
    exits(&output, 2);
    assert!(text(&output.stderr).contains("unwrapped-client"));
}
