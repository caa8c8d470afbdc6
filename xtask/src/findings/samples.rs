//! Sites made by hand, for the tests of everything that takes a report.
//! They never come from a scan.

use super::{Context, Kind, Place, Rule, Severity, Site, Verdict};

pub(crate) static SITE_RULE: Rule =
    Rule { code: "sample-site", title: "a sample of a site", page: "# sample-site\n" };

pub(crate) static FINDING_RULE: Rule =
    Rule { code: "sample-finding", title: "a sample of a finding", page: "# sample-finding\n" };

/// A site that calls `reqwest::Client::new` in the package `app`.
pub(crate) fn site(file: &str, line: usize, enclosing: &str, verdict: Verdict) -> Site {
    let covered = verdict == Verdict::Covered;
    let hint = "write `egret::wrap(reqwest::Client::new())`";
    Site {
        place: Place::new(file, line, 13),
        client: "reqwest".to_owned(),
        package: "app".to_owned(),
        symbol: "reqwest::Client::new".to_owned(),
        kind: Kind::Construct,
        context: Context::Prod,
        verdict,
        enclosing: enclosing.to_owned(),
        rule: (!covered).then_some(&SITE_RULE),
        severity: if covered { Severity::Off } else { Severity::Error },
        evidence: Vec::new(),
        hint: if covered { String::new() } else { hint.to_owned() },
        suppressed: None,
        requests: Vec::new(),
    }
}
