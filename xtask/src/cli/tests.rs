//! Tests of the command line with reports made by hand.
//! They never scan; `tests/audit.rs` does.

use std::fs;
use std::path::Path;

use super::{AuditArguments, InitArguments, Terminal, audit, init};
use crate::findings::samples::site;
use crate::findings::{Coverage, Report, Severity, Skipped, Verdict};
use crate::policy::Policy;
use crate::report::Colour;

/// What a command answers: its exit code or why it failed, standard output, standard error.
struct Answer {
    code: Result<u8, String>,
    out: String,
    err: String,
}

fn report(verdicts: &[Verdict]) -> Report {
    let sites = verdicts.iter().enumerate();
    Report {
        sites: sites
            .map(|(line, &verdict)| site("src/a.rs", line + 1, "app::f", verdict))
            .collect(),
        coverage: Coverage { n_scanned: 1, n_parsed: 1, ..Coverage::default() },
        ..Report::default()
    }
}

fn run(arguments: &AuditArguments, found: &Report) -> Answer {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let now = jiff::civil::date(2026, 11, 21).at(12, 0, 0, 0);
    let mut terminal = Terminal { out: &mut out, err: &mut err, colour: Colour::Plain, now };
    let scan = |_: &Path, _: &Policy| Ok(found.clone());
    let code = audit(arguments, &scan, &mut terminal).map_err(|failure| failure.to_string());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code, out: text(out), err: text(err) }
}

fn at(path: &Path) -> AuditArguments {
    AuditArguments { path: path.to_owned(), ..AuditArguments::default() }
}

#[test]
fn the_exit_code_says_how_it_went() {
    let folder = tempfile::tempdir().unwrap();
    let code = |found: &Report| run(&at(folder.path()), found).code;
    assert_eq!(code(&report(&[Verdict::Covered])), Ok(0));
    assert_eq!(code(&report(&[Verdict::Unwrapped])), Ok(1));
    assert_eq!(code(&Report::default()), Ok(2));
    let mut warned = report(&[Verdict::Unwrapped]);
    warned.sites[0].severity = Severity::Warning;
    assert_eq!(code(&warned), Ok(0));
    let strict = AuditArguments { deny_warnings: true, ..at(folder.path()) };
    assert_eq!(run(&strict, &warned).code, Ok(1));
}

#[test]
fn a_bad_policy_judges_nothing_and_tells_every_mistake() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("egret-audit.toml"), "a = 1\n[severity]\nb = 2\n").unwrap();
    let told = run(&at(folder.path()), &report(&[])).code.unwrap_err();
    assert!(told.contains("egret-audit.toml:1:1: `a` is unknown here"), "{told}");
    assert!(told.contains("egret-audit.toml:3:1: `b` is unknown here"), "{told}");
}

#[test]
fn a_path_is_allowed_with_everything_in_it_and_must_hold_something() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "[[allow]]\npath = \"src\"\nreason = \"samples\"\n";
    fs::write(folder.path().join("egret-audit.toml"), policy).unwrap();
    let mut found = report(&[Verdict::Unwrapped]);
    let (file, reason) = ("src/half.rs".to_owned(), "does not parse".to_owned());
    found.coverage.token_scanned.push(Skipped { file, reason, holds_anchor: true });
    let allowed = run(&at(folder.path()), &found);
    assert_eq!(allowed.code, Ok(0));
    assert!(
        allowed.out.contains("does not parse; allowed by the policy: samples"),
        "{}",
        allowed.out
    );
    let stale = run(&at(folder.path()), &report(&[Verdict::Covered]));
    assert_eq!(stale.code, Ok(1));
    assert!(stale.out.contains("egret-audit.toml:2:1"), "{}", stale.out);
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let told = run(&at(&nowhere), &report(&[])).code.unwrap_err();
    assert!(told.ends_with("nowhere: there is no such file or folder"), "{told}");
    let file = folder.path().join("lib.rs");
    fs::write(&file, "").unwrap();
    let told = run(&at(&file), &report(&[])).code.unwrap_err();
    assert!(told.contains("this is a file; name the folder"), "{told}");
    let since = AuditArguments { since: Some("HEAD".to_owned()), ..at(folder.path()) };
    let told = run(&since, &report(&[])).code.unwrap_err();
    assert!(told.contains("not a git repository"), "{told}");
    let asked = AuditArguments { baseline: Some(nowhere), ..at(folder.path()) };
    let told = run(&asked, &report(&[])).code.unwrap_err();
    assert!(told.contains("nowhere: No such file"), "{told}");
}

#[test]
fn the_baseline_shrinks_by_itself_and_grows_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("egret-audit-baseline.toml");
    let two = report(&[Verdict::Unwrapped, Verdict::Unwrapped]);
    let update = AuditArguments { update_baseline: true, ..at(folder.path()) };
    // Without --grow, an empty one stays empty.
    assert_eq!(run(&update, &two).code, Ok(1));
    assert!(!fs::read_to_string(&path).unwrap().contains("[[site]]"));
    let grow = AuditArguments {
        grow: true,
        ..AuditArguments { update_baseline: true, ..at(folder.path()) }
    };
    let answer = run(&grow, &two);
    assert_eq!(answer.code, Ok(0));
    assert_eq!(answer.err, "egret-audit-baseline.toml: 2 entries, 0 before\n");
    // One is mended: the entry is stale until it is taken out.
    let one = report(&[Verdict::Unwrapped, Verdict::Covered]);
    let stale = run(&at(folder.path()), &one);
    assert_eq!(stale.code, Ok(1));
    assert!(stale.out.contains("stale-baseline"), "{}", stale.out);
    assert_eq!(run(&update, &one).code, Ok(0));
    assert_eq!(fs::read_to_string(&path).unwrap().matches("[[site]]").count(), 1);
}

#[test]
fn formats_go_where_they_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.sarif");
    let sarif = format!("sarif={}", file.display()).parse().unwrap();
    let both =
        AuditArguments { formats: vec![sarif, "json".parse().unwrap()], ..at(folder.path()) };
    let answer = run(&both, &report(&[Verdict::Covered]));
    assert!(answer.out.starts_with("{\n  \"version\": 1"), "{}", answer.out);
    assert!(fs::read_to_string(&file).unwrap().contains("\"2.1.0\""));
    let formats = vec!["json".parse().unwrap(), "text".parse().unwrap()];
    let two = AuditArguments { formats, ..at(folder.path()) };
    assert!(run(&two, &report(&[])).code.unwrap_err().contains("standard output"));
}

#[test]
fn a_rule_is_explained_and_a_wrong_one_lists_the_right_ones() {
    let ask = |rule: &str| {
        let explain = Some(rule.to_owned());
        run(&AuditArguments { explain, ..AuditArguments::default() }, &report(&[]))
    };
    assert!(ask("stale-baseline").out.starts_with("# stale-baseline\n"));
    assert!(ask("stale").code.unwrap_err().contains("stale-baseline"));
}

#[test]
fn init_writes_what_is_missing_and_keeps_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".cargo")).unwrap();
    fs::write(folder.path().join(".cargo/config.toml"), "# mine\n").unwrap();
    let found = report(&[Verdict::Unwrapped]);
    let mut out = Vec::new();
    let now = jiff::civil::date(2026, 11, 21).at(12, 0, 0, 0);
    let mut terminal = Terminal { out: &mut out, err: &mut Vec::new(), colour: Colour::Plain, now };
    let arguments = InitArguments { path: folder.path().to_owned(), force: false };
    let scan = |_: &Path, _: &Policy| Ok(found.clone());
    assert_eq!(init(&arguments, &scan, &mut terminal).unwrap(), 0);
    let told = String::from_utf8(out).unwrap();
    assert!(told.contains("written egret-audit-baseline.toml\n"), "{told}");
    assert!(told.contains("kept    .cargo/config.toml"), "{told}");
    assert_eq!(fs::read_to_string(folder.path().join(".cargo/config.toml")).unwrap(), "# mine\n");
    assert_eq!(run(&at(folder.path()), &found).code, Ok(0));
}
