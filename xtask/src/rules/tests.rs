//! Tests of what all rules share: codes and pages.
//! They never check what a rule finds.

use super::ALL;

#[test]
fn every_rule_has_its_own_code_and_a_page_that_starts_with_it() {
    let mut codes = super::codes();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), ALL.len());
    for rule in ALL {
        assert!(rule.page.starts_with(&format!("# {}\n", rule.code)), "{}", rule.code);
    }
}
