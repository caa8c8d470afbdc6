//! Tests of every house rule, on samples that are strings.
//! They never read the real tree; `tests/tidy.rs` does.

use super::{SourceFile, check as violations_of};

/// Judges one file, without its first line, beside a clean tree; compares `line: [rule] ...` by
/// how each violation starts.
#[track_caller]
fn check(path: &str, body: &str, expected: &[&str]) {
    check_text(path, &format!("//! A sample.\n{body}"), expected);
}

#[track_caller]
fn check_text(path: &str, text: &str, expected: &[&str]) {
    let mut files = clean();
    files.retain(|file| file.path != path);
    files.push(file(path, text));
    let found: Vec<_> = violations_of(&files).iter().map(ToString::to_string).collect();
    let matches = |(found, expected): (&String, &&str)| {
        found.strip_prefix(&format!("{path}:")).is_some_and(|rest| rest.starts_with(expected))
    };
    let equal = found.len() == expected.len() && found.iter().zip(expected).all(matches);
    assert!(equal, "{path}: expected {expected:#?}, found {found:#?}");
}

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

fn clean() -> Vec<SourceFile> {
    vec![
        file("src/record.rs", "//! Records.\n\nuse crate::clock::Clock;\n"),
        file(
            "src/worker.rs",
            "//! The worker.\n\nuse crate::{queue::Queue, record};\n\nmod tick;\n",
        ),
        file("src/worker/tick.rs", "//! A tick.\n\nuse super::super::batch;\nuse super::Worker;\n"),
        file("src/lib.rs", "//! egret.\n\nmod worker;\n\npub use worker::Worker;\n"),
        file("xtask/src/main.rs", "//! Starts.\n\nfn main() {}\n"),
        file("README.md", "# egret\n"),
    ]
}

fn lines(line: &str, n: usize) -> String {
    format!("{line}\n").repeat(n)
}

#[test]
fn a_clean_tree_is_clean() {
    assert_eq!(violations_of(&clean()), []);
}

#[test]
fn a_violation_says_where_what_and_what_would_be_right() {
    let files = [file("src/queue.rs", "//! Queue.\nuse crate::worker::Worker;\n")];
    let found: Vec<_> = violations_of(&files).iter().map(ToString::to_string).collect();
    let expected = "src/queue.rs:2: [floors] `queue` on floor 3 imports `crate::worker::Worker` of \
                    `worker` on floor 5; move what is shared down, or hand it in from above";
    assert_eq!(found, [expected]);
}

#[test]
fn the_first_line_says_what_the_file_is() {
    check_text("src/clock.rs", "fn now() {}\n", &["1: [first-line]"]);
    check_text("src/clock.rs", "//!\n//! Late.\n", &["1: [first-line]"]);
    check_text("examples/quickstart.rs", "fn main() {}\n", &["1: [first-line]"]);
}

#[test]
fn whitespace_is_exact() {
    check("src/clock.rs", "fn a() {} \n", &["2: [trailing-space]"]);
    check("src/clock.rs", "fn a() {}\r\n", &["2: [trailing-space]"]);
    check("src/clock.rs", "fn a() {\n\tb();\n}\n", &["3: [tab]"]);
    check("src/clock.rs", "fn a() {}\n\n", &["3: [final-newline]"]);
    check("src/clock.rs", "fn a() {}", &["2: [final-newline]"]);
    check_text("README.md", "# egret \n", &["1: [trailing-space]"]);
    check_text(".ci/steps.yml", "a:\tb\n\n", &[]);
}

#[test]
fn a_file_ends_by_600_lines() {
    check("src/clock.rs", &lines("// Line.", 599), &[]);
    check("src/clock.rs", &lines("// Line.", 699), &["700: [file-length] 700 lines"]);
}

#[test]
fn a_function_ends_by_70_lines() {
    let function = |n: usize| format!("fn long() {{\n{}}}\n", lines("    a();", n - 2));
    check("src/clock.rs", &function(70), &[]);
    check("src/clock.rs", &function(71), &["2: [function-length] `long` has 71 lines"]);
    check("tests/it/drops.rs", &function(71), &["2: [function-length]"]);
    let method = format!("/// Doc.\nimpl A {{\n{}}}\n", function(71));
    check("src/clock.rs", &method, &["4: [function-length]"]);
    let nested = format!("trait A {{ fn a() {{\n{}}} }}\n", function(71));
    check("src/clock.rs", &nested, &["2: [function-length] `a`", "3: [function-length] `long`"]);
}

#[test]
fn imports_go_down() {
    check("src/queue.rs", "use crate::record::Record;\n", &[]);
    check("src/queue.rs", "use crate::worker::Worker;\n", &["2: [floors] `queue` on floor 3"]);
    check("src/queue.rs", "use crate::{record, client::Client};\n", &["2: [floors]"]);
    check("src/queue/ring.rs", "fn a(w: &crate::worker::Worker) {}\n", &["2: [floors]"]);
    check("src/queue.rs", "fn a() {\n    crate::client::b();\n}\n", &["3: [floors]"]);
    check("collector/src/queue.rs", "use crate::app::App;\n", &["2: [floors]"]);
    check("xtask/src/tidy/text.rs", "use crate::ci::Step;\n", &["2: [floors]"]);
}

#[test]
fn modules_of_one_floor_do_not_know_each_other() {
    check("src/queue.rs", "use crate::codec::Batch;\n", &["2: [floors] `queue` imports"]);
    check("src/codec.rs", "use crate::batch::Batch;\n", &[]);
}

#[test]
fn super_is_resolved() {
    check("src/queue.rs", "use super::worker::Worker;\n", &["2: [floors]"]);
    check("src/queue/ring.rs", "use super::worker::Worker;\n", &[]);
    check("src/queue/ring.rs", "use super::super::worker::Worker;\n", &["2: [floors]"]);
    check("src/queue/mod.rs", "use super::worker::Worker;\n", &["2: [floors]"]);
    check("src/queue.rs", "mod a {\n    use super::worker::B;\n}\n", &[]);
    check("src/queue.rs", "mod a {\n    use super::super::worker::B;\n}\n", &["3: [floors]"]);
    check("src/queue.rs", "use crate as root;\nuse root::worker::B;\n", &["3: [floors]"]);
}

#[test]
fn macros_hide_nothing() {
    let call = "fn a() {\n    log!(\"{}\", crate::worker::NAME);\n}\n";
    check("src/queue.rs", call, &["3: [floors]"]);
    let rules = "macro_rules! a {\n    () => { use $crate::{record, client::Client as C}; };\n}\n";
    check(
        "src/queue.rs",
        rules,
        &["3: [floors] `queue` on floor 3 imports `crate::client::Client`"],
    );
    check("src/queue.rs", "#[error(crate::worker::A)]\nstruct B;\n", &["2: [floors]"]);
}

#[test]
fn the_root_stands_above_all() {
    check("src/queue.rs", "use crate::Worker;\n", &["2: [floors] `queue` on floor 3 imports"]);
    check("src/lib.rs", "pub use crate::client::Client;\n", &[]);
    check("src/queue.rs", "pub(in crate::worker) fn a() {}\n", &[]);
}

#[test]
fn some_pairs_are_forbidden_downwards() {
    let store = "use crate::store::Store;\n";
    check("collector/src/query.rs", store, &[]);
    check(
        "collector/src/ingest.rs",
        store,
        &["2: [floors] `ingest` imports `crate::store::Store`"],
    );
    check("collector/src/gateway/proxy.rs", store, &["2: [floors] `gateway` imports"]);
    check("collector/src/dashboard.rs", store, &["2: [floors] `dashboard` imports"]);
    check("collector/src/dashboard.rs", "use crate::pipeline::A;\n", &["2: [floors]"]);
}

#[test]
fn every_module_has_a_floor() {
    let expected = "1: [floors] module `gadget` has no floor; add it to the table in \
                    xtask/src/tidy/floors.rs";
    check("src/gadget.rs", "use crate::gadget::part::A;\n", &[expected]);
    check("collector/src/gadget/part.rs", "", &["1: [floors] module `gadget`"]);
    check("collector/tests/gadget.rs", "", &[]);
}

#[test]
fn a_module_without_a_floor_is_reported_once() {
    let files = [
        file("src/gadget.rs", "//! A gadget.\n"),
        file("src/queue.rs", "//! A queue.\nuse crate::gadget::A;\n"),
    ];
    let found = violations_of(&files);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].path, "src/gadget.rs");
}

#[test]
fn test_code_may_see_anything() {
    let body = "#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::worker::Worker;\n}\n";
    check("src/queue.rs", body, &[]);
    check("src/queue/tests.rs", "use super::*;\nuse crate::worker::Worker;\n", &[]);
    check("src/queue.rs", "#[cfg(test)]\nuse crate::worker::Worker;\n", &[]);
    let any = "#[cfg(any(test, feature = \"x\"))]\nuse crate::worker::Worker;\n";
    check("src/queue.rs", any, &["3: [floors]"]);
    check("src/queue.rs", "#[cfg(not(test))]\nuse crate::worker::Worker;\n", &["3: [floors]"]);
}

#[test]
fn foreign_crates_have_one_door() {
    let flume = "use flume::Sender;\n";
    check("src/queue.rs", flume, &[]);
    check("src/queue/ring.rs", flume, &[]);
    check("src/queues.rs", flume, &["1: [floors]", "2: [doors]"]);
    check("src/worker.rs", flume, &["2: [doors] `flume` is used outside of its door (src/queue)"]);
    check("tests/it/drops.rs", flume, &[]);
    check("collector/src/ingest/body.rs", "fn a() {\n    zstd::decode_all();\n}\n", &[]);
    check("collector/src/query.rs", "use rusqlite::Row;\n", &["2: [doors]"]);
    check("collector/src/gateway.rs", "use axum::Router;\n", &["2: [doors]"]);
    check("xtask/src/rules/reqwest.rs", "use ::syn::File;\n", &["2: [doors]"]);
}

#[test]
fn powers_have_one_door() {
    let spawn = "use std::thread;\nfn a() {\n    thread::Builder::new();\n}\n";
    check("src/worker.rs", spawn, &[]);
    check("src/queue.rs", spawn, &["4: [doors] `std::thread::Builder`"]);
    check("src/queue.rs", "use std::thread::{Builder};\ntype A = Builder;\n", &["2: [doors]"]);
    check("src/queue.rs", "use std::thread as t;\nuse t::spawn as s;\n", &["3: [doors]"]);
    check("src/transport.rs", "use std::fs;\nfn a() { fs::read(); }\n", &["2: [doors]"]);
    check("collector/src/queue.rs", "use std::fs;\n", &[]);
}

#[test]
fn only_the_client_reads_the_configuration() {
    let config = "use crate::config;\nfn a(c: &config::Config) {}\n";
    check("src/client.rs", config, &[]);
    check("src/worker.rs", config, &["3: [doors] `crate::config::Config`"]);
    check("src/worker.rs", "use crate::config::Limits;\n", &[]);
}

#[test]
fn only_delivery_builds_a_client() {
    let client = "use reqwest::Client;\nfn a() -> Client {\n    Client::new()\n}\n";
    check("src/transport/http.rs", client, &[]);
    check("src/capture/wrap.rs", client, &["4: [doors] `reqwest::Client::new`"]);
    check("src/capture.rs", "use reqwest::Client;\nfn a(c: Client) {}\n", &[]);
}

#[test]
fn globs_are_named() {
    check("src/clock.rs", "use std::io::*;\n", &["2: [glob] `use std::io::*`"]);
    check("src/clock.rs", "use super::*;\n", &["2: [glob]"]);
    check("tests/it/drops.rs", "use egret::{a, b::*};\n", &["2: [glob] `use egret::b::*`"]);
    check("src/clock/tests.rs", "use std::io::*;\n", &["2: [glob]"]);
}

#[test]
fn modules_are_named_for_what_they_hold() {
    check("tests/it/main.rs", "mod common;\n", &["2: [module-name] module `common`"]);
    check("src/clock.rs", "mod utils {}\n", &["2: [module-name]"]);
}

#[test]
fn what_does_not_parse_is_reported() {
    check("src/clock.rs", "fn a( {}\n", &["2: [syntax]"]);
}
