//! Tests of the fixes: what is wrapped, and what is left to a person.
//! They never write a file.

use expect_test::{Expect, expect};

use super::propose;
use crate::findings::samples::site;
use crate::findings::{Place, Report, Verdict};

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
    let fixes = propose(&report, |_| Some(text.into()));
    let diffs: String = fixes.changes.iter().map(super::Change::diff).collect();
    expected.assert_eq(&format!("{diffs}{} wrapped, {} left\n", fixes.n_sites, fixes.n_left));
}

#[test]
fn a_plain_let_is_wrapped() {
    check(
        "fn f() -> Result<(), E> {\n    let é = 1; let a = reqwest::Client::new();\n    \
         a.get(\"x\").send()?;\n    let b = reqwest::Client::builder()\n        .gzip(true)\n        \
         .build()?;\n    b.post(url(é));\n    Ok(())\n}\n",
        &expect![[r#"
            --- a/src/a.rs
            +++ b/src/a.rs
            @@ -1,9 +1,9 @@
             fn f() -> Result<(), E> {
            -    let é = 1; let a = reqwest::Client::new();
            +    let é = 1; let a = egret::wrap(reqwest::Client::new());
                 a.get("x").send()?;
            -    let b = reqwest::Client::builder()
            +    let b = egret::wrap(reqwest::Client::builder()
                     .gzip(true)
            -        .build()?;
            +        .build()?);
                 b.post(url(é));
                 Ok(())
             }
            2 wrapped, 0 left
        "#]],
    );
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
