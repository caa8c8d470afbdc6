//! Loading, on trees in a temporary folder.
//! It never resolves names.

use std::fs;
use std::path::Path;

use super::{Sources, load};
use crate::findings::Context;
use crate::knowledge::Knowledge;

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn loaded(files: &[(&str, &str)]) -> Sources {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(root.path(), name, text);
    }
    load(root.path(), Knowledge::shipped(), &[]).unwrap()
}

fn context(sources: &Sources, name: &str) -> (Context, bool) {
    let file = sources.files.iter().find(|file| file.name == name).unwrap();
    (file.context(file.krate.map(|krate| &sources.crates[krate])), file.is_orphan)
}

const MANIFEST: &str = "[package]\nname = \"a\"\n[dependencies]\nh = { package = \"reqwest\" }\n";

#[test]
fn what_is_named_and_not_there_is_told() {
    let manifest = format!("{MANIFEST}[lib]\npath = \"src/nope.rs\"\n");
    let sources = loaded(&[
        ("Cargo.toml", &manifest),
        ("src/main.rs", "mod gone; mod here; mod i { include!(\"lost.rs\"); }"),
        ("src/here.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/gen.rs\"));"),
    ]);
    let told: Vec<String> =
        sources.skipped.iter().map(|one| format!("{}: {}", one.file, one.reason)).collect();
    assert_eq!(
        told,
        [
            "Cargo.toml: names `src/nope.rs` as the root of a target; there is none",
            "src/main.rs: the file of `mod gone;` was not found",
            "src/main.rs: what `include!(\"lost.rs\")` shows was not found",
            "src/here.rs: what `include!(concat!(env!(\"OUT_DIR\"), \"/gen.rs\"))` shows is made by a \
             build, and was not read",
        ]
    );
}

#[test]
fn files_are_reached_from_every_target() {
    let sources = loaded(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "mod a; #[cfg(test)] mod t; #[path = \"x/y.rs\"] mod z; mod i { mod j; }"),
        ("src/a.rs", "mod b;"),
        ("src/a/b.rs", ""),
        ("src/t.rs", "mod u;"),
        ("src/t/u.rs", ""),
        ("src/x/y.rs", "mod w;"),
        ("src/x/w.rs", ""),
        ("src/i/j.rs", ""),
        ("src/lost.rs", ""),
        ("src/bin/c.rs", "mod d;"),
        ("src/bin/d.rs", ""),
        ("tests/it/main.rs", "mod e;"),
        ("tests/it/e.rs", ""),
        ("examples/f.rs", ""),
        ("benches/g.rs", ""),
        ("build.rs", ""),
    ]);
    for name in ["src/lib.rs", "src/a/b.rs", "src/x/w.rs", "src/i/j.rs", "src/bin/d.rs"] {
        assert_eq!(context(&sources, name), (Context::Prod, false), "{name}");
    }
    for name in ["src/t.rs", "src/t/u.rs", "tests/it/e.rs"] {
        assert_eq!(context(&sources, name), (Context::Test, false), "{name}");
    }
    assert_eq!(context(&sources, "examples/f.rs"), (Context::Example, false));
    assert_eq!(context(&sources, "benches/g.rs"), (Context::Bench, false));
    assert_eq!(context(&sources, "build.rs"), (Context::Build, false));
    assert_eq!(context(&sources, "src/lost.rs"), (Context::Prod, true));
}

#[test]
fn only_files_with_a_word_that_matters_are_parsed() {
    let sources = loaded(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "mod a; mod b; mod c; mod d; pub use h::Client as Door;"),
        ("src/a.rs", "use crate::Door; fn f() { Door::new(); }"),
        ("src/b.rs", "fn f() { Window::new(); }"),
        ("src/c.rs", "pub use crate::Door as Gate;"),
        ("src/d.rs", "fn f() { crate::c::Gate::new(); }"),
    ]);
    let is_parsed =
        |name: &str| sources.files.iter().find(|file| file.name == name).unwrap().tree.is_some();
    assert!(is_parsed("src/lib.rs") && is_parsed("src/a.rs") && is_parsed("src/d.rs"));
    assert!(!is_parsed("src/b.rs"));
}

#[test]
fn renames_are_read_from_the_workspace() {
    let sources = loaded(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"m\"]\n[workspace.dependencies]\nw = { package = \"ureq\" }\n",
        ),
        ("m/Cargo.toml", "[package]\nname = \"m\"\n[dependencies]\nw = { workspace = true }\n"),
        ("m/src/lib.rs", ""),
    ]);
    let package = sources.packages.iter().find(|package| package.name == "m").unwrap();
    assert_eq!(package.dependencies["w"].package, "ureq");
}
