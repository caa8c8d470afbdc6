//! Tests of the baseline: what it keeps, what it lets go, how its file looks.
//! They never write a file.

use expect_test::expect;

use super::{Baseline, Entry};
use crate::findings::samples::{FINDING_RULE, site};
use crate::findings::{Finding, Report, Severity, Suppressed, Verdict};

fn report() -> Report {
    let mut report = Report {
        sites: vec![
            site("src/a.rs", 3, "app::f", Verdict::Unwrapped),
            site("src/a.rs", 9, "app::f", Verdict::WrappedEmpty),
            site("src/a.rs", 12, "app::g", Verdict::Covered),
        ],
        ..Report::default()
    };
    let finding = Finding::new(&FINDING_RULE, Severity::Error, "sentry", "has a client", "");
    report.findings.push(finding);
    report
}

#[test]
fn the_file_is_sorted_and_reads_back() {
    let baseline = Baseline::of(&report());
    let text = baseline.to_toml().unwrap();
    expect![[r#"
        # What `cargo egret audit` found when it was adopted, and may stay until it is mended.
        # By itself this file only shrinks: `cargo egret audit --update-baseline`.
        version = 1

        [[site]]
        package = "app"
        enclosing = "app::f"
        symbol = "reqwest::Client::new"
        ordinal = 0

        [[site]]
        package = "app"
        enclosing = "app::f"
        symbol = "reqwest::Client::new"
        ordinal = 1

        [[finding]]
        rule = "sample-finding"
        subject = "sentry"
    "#]]
    .assert_eq(&text);
    assert_eq!(Baseline::parse(&text).unwrap().entries, baseline.entries);
    assert!(Baseline::parse(&Baseline::default().to_toml().unwrap()).unwrap().is_empty());
}

#[test]
fn a_new_site_is_not_hidden_and_moved_ones_are_still_known() {
    let baseline = Baseline::of(&report());
    let mut later = report();
    for site in &mut later.sites {
        site.place.line += 100;
    }
    later.sites.push(site("src/a.rs", 500, "app::f", Verdict::Unwrapped));
    assert_eq!(baseline.apply(&mut later), []);
    let hidden: Vec<_> = later.sites.iter().map(|site| site.suppressed.is_some()).collect();
    assert_eq!(hidden, [true, true, false, false]);
    assert_eq!(later.findings[0].suppressed, Some(Suppressed::Baseline));
}

#[test]
fn what_was_mended_leaves_a_stale_entry_with_its_line() {
    let text = Baseline::of(&report()).to_toml().unwrap();
    let baseline = Baseline::parse(&text).unwrap();
    let mut mended = report();
    mended.sites[1].verdict = Verdict::Covered;
    mended.findings.clear();
    let stale: Vec<_> = baseline.apply(&mut mended).into_iter().map(|stale| stale.line).collect();
    assert_eq!(stale, [11, 17]);
}

#[test]
fn it_shrinks_by_itself_and_never_grows() {
    let old = Baseline::of(&report());
    let mut later = report();
    later.sites.remove(1);
    later.sites.push(site("src/b.rs", 1, "app::new", Verdict::Unwrapped));
    let shrunk = old.shrunk_to(&Baseline::of(&later));
    let names: Vec<String> = shrunk.entries.iter().map(Entry::to_string).collect();
    assert_eq!(names, ["app: reqwest::Client::new in app::f (#0)", "sample-finding: sentry"]);
}

#[test]
fn another_version_or_a_typo_is_an_error() {
    let newer = Baseline::parse("version = 2\n").unwrap_err().to_string();
    assert_eq!(newer, "version 2 is unknown; this program reads version 1");
    let typo = Baseline::parse("version = 1\n[[sites]]\n").unwrap_err().to_string();
    assert!(typo.contains("line 2") && typo.contains("unknown field `sites`"), "{typo}");
}
