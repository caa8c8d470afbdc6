//! Tests of the fixes: what is wrapped, and what is left to a person.
//! They never write a file.

use expect_test::{Expect, expect};

use super::propose;
use crate::findings::samples::site;
use crate::findings::{Place, Report, Verdict};

const MANIFEST: &str = "[package]\nname = \"app\"\n[dependencies]\negret = \"0.1\"\n\
    reqwest = { version = \"0.13\", features = [\"json\"] }\n";

/// Proposes fixes for every `reqwest::Client` in the text.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    let mut report = Report::default();
    for (index, line) in text.lines().enumerate() {
        if let Some(at) = line.find("reqwest::Client") {
            let mut found = site("src/a.rs", index + 1, "app::f", Verdict::Unwrapped);
            found.place = Place::new("src/a.rs", index + 1, line[..at].chars().count() + 1);
            if line.contains("builder") {
                found.symbol = "reqwest::Client::builder".to_owned();
            }
            report.sites.push(found);
        }
    }
    let fixes = propose(&report, |file| match file {
        "Cargo.toml" => Some(MANIFEST.into()),
        "src/a.rs" => Some(text.into()),
        _ => None,
    });
    assert_eq!(fixes.left.len(), fixes.n_left, "each is told why");
    let diffs: String = fixes.changes.iter().map(super::Change::diff).collect();
    expected.assert_eq(&format!("{diffs}{} wrapped, {} left\n", fixes.n_sites, fixes.n_left));
}

#[test]
fn a_plain_let_is_wrapped() {
    check(
        "async fn f() -> anyhow::Result<()> {\n    let é = 1; let a = reqwest::Client::new();\n    \
         a.get(\"x\").header(\"a\", \"b\").send().await?;\n    \
         let b = reqwest::Client::builder()\n        .gzip(true)\n        .build()?;\n    \
         if let Ok(x) = b.post(url(é)).send().await { drop(x) }\n    Ok(())\n}\n",
        &expect![[r#"
            --- a/src/a.rs
            +++ b/src/a.rs
            @@ -1,9 +1,9 @@
             async fn f() -> anyhow::Result<()> {
            -    let é = 1; let a = reqwest::Client::new();
            +    let é = 1; let a = egret::wrap(reqwest::Client::new());
                 a.get("x").header("a", "b").send().await?;
            -    let b = reqwest::Client::builder()
            +    let b = egret::wrap(reqwest::Client::builder()
                     .gzip(true)
            -        .build()?;
            +        .build()?);
                 if let Ok(x) = b.post(url(é)).send().await { drop(x) }
                 Ok(())
             }
            2 wrapped, 0 left
        "#]],
    );
}

/// How many clients are wrapped in a function of a result, with a body behind `let c = ..`.
#[track_caller]
fn wraps(manifest: &str, output: &str, body: &str, n_sites: usize) {
    let text =
        format!("async fn f() -> {output} {{\nlet c = reqwest::Client::new();\n{body}\n}}\n");
    let mut report = Report::default();
    let mut found = site("app/src/a.rs", 2, "app::f", Verdict::Unwrapped);
    found.place = Place::new("app/src/a.rs", 2, 9);
    report.sites.push(found);
    let fixes = propose(&report, |file| match file {
        "app/Cargo.toml" => Some(manifest.into()),
        "Cargo.toml" => Some(
            "[workspace.dependencies]\negret = \"0.1\"\nreqwest = { version = \"0.13.1\" }\n"
                .into(),
        ),
        "app/src/a.rs" => Some(text.as_str().into()),
        _ => None,
    });
    assert_eq!(fixes.n_sites, n_sites, "{manifest}{text}{:?}", fixes.left);
}

#[test]
fn only_uses_that_stay_the_same_are_wrapped() {
    let any = "Result<u8, Box<dyn std::error::Error + Send>>";
    for (output, body, n_sites) in [
        (any, "c.get(1).send().await?; Ok(1)", 1),
        ("eyre::Result<u8>", "c.get(1).json(&2).send().await?; Ok(1)", 1),
        ("Result<u8, anyhow::Error>", "c.get(1).send().await?.text().await?; Ok(1)", 1),
        ("u8", "c.get(1).send().await.unwrap(); c.put(1).send().await.expect(\"x\"); 1", 1),
        ("u8", "match c.get(1).send().await { Ok(x) => g(x), Err(_) => 1 }", 1),
        ("u8", "match c.get(1).send().await { Ok(x) => g(x), Err(e) => h(e) }", 0),
        ("Result<u8, reqwest::Error>", "c.get(1).send().await?; Ok(1)", 0),
        ("Result<u8>", "c.get(1).send().await?; Ok(1)", 0),
        ("anyhow::Result<u8, reqwest::Error>", "c.get(1).send().await?; Ok(1)", 0),
        (any, "let g = async { c.get(1).send().await?; Ok(1) }; g.await", 0),
        ("reqwest::RequestBuilder", "c.get(1)", 0),
        ("u8", "send(c.get(1)); 1", 0),
        ("u8", "let r = c.get(1).send().await; 1", 0),
        ("u8", "c.get(1).multipart(f).send().await.unwrap(); 1", 0),
        ("u8", "c.get(1).send().await.unwrap(); g(&c); 1", 0),
        ("u8", "c.get(1).send().await.map_err(h).unwrap(); 1", 0),
    ] {
        wraps(&MANIFEST.replace("\nreqwest", "\n\nreqwest"), output, body, n_sites);
    }
}

#[test]
fn only_packages_that_can_call_wrap_are_changed() {
    for (dependencies, n_sites) in [
        ("egret = \"0.1\"\nreqwest = \"0.13\"", 1),
        ("egret = \"0.1\"\nreqwest = \"^0.13.2\"", 1),
        ("egret.workspace = true\nreqwest = { workspace = true, features = [] }", 1),
        ("reqwest = \"0.13\"", 0),
        ("egret = \"0.1\"\nreqwest = \"0.12\"", 0),
        ("egret = \"0.1\"\nreqwest = \"0.130\"", 0),
        ("egret = \"0.1\"\nreqwest = { path = \"../reqwest\" }", 0),
        ("egret = { version = \"0.1\", optional = true }\nreqwest = \"0.13\"", 0),
        ("egret = { version = \"0.1\", default-features = false }\nreqwest = \"0.13\"", 0),
        ("egret = { version = \"0.1\", package = \"other\" }\nreqwest = \"0.13\"", 0),
    ] {
        let manifest = format!("[package]\nname = \"app\"\n[dependencies]\n{dependencies}\n");
        wraps(&manifest, "u8", "c.get(1).send().await.unwrap(); 1", n_sites);
    }
}

#[test]
fn whatever_could_break_a_type_is_left() {
    check(
        "fn f() {\n    let a: reqwest::Client = reqwest::Client::new();\n    \
         let b = reqwest::Client::new();\n    g(b);\n    \
         let c = reqwest::Client::new();\n    println!(\"{c:?}\");\n    \
         let d = reqwest::Client::new();\n    d.execute(x);\n    \
         let e = reqwest::Client::builder();\n    \
         let h = reqwest::Client::new();\n    h\n}\n\
         struct S { c: reqwest::Client }\n",
        &expect![[r#"
            0 wrapped, 7 left
        "#]],
    );
}

#[test]
fn a_text_that_does_not_parse_is_left() {
    check(
        "fn f( { let a = reqwest::Client::new(); }\n",
        &expect![[r#"
        0 wrapped, 1 left
    "#]],
    );
}

#[test]
fn what_nests_deeply_is_survived() {
    for depth in [300, 10_000] {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        let text = format!("fn f() {{ let a = {open}reqwest::Client::new(){close}; }}\n");
        let mut report = Report::default();
        report.sites.push(site("src/a.rs", 1, "app::f", Verdict::Unwrapped));
        assert_eq!(propose(&report, |_| Some(text.as_str().into())).n_left, 1);
    }
}
