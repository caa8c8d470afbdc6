//! Patterns and what they match.

use super::*;

#[test]
fn the_most_specific_pattern_comes_first() {
    let mut map = HostMap::default();
    for pattern in ["*.com", "api.example.com", "*.example.com"] {
        *map.entry(&HostPattern::parse(pattern).unwrap()) = pattern;
    }
    let all = |host| map.matching(host).copied().collect::<Vec<_>>();
    assert_eq!(all("api.example.com"), ["api.example.com", "*.example.com", "*.com"]);
    assert_eq!(all("badexample.com"), ["*.com"]);
    assert_eq!(all("example.com"), ["*.com"]);
    assert!(all("example.org").is_empty() && all("").is_empty());
}

#[test]
fn what_matches_no_host_is_no_pattern() {
    for bad in ["", "*", "*.", "a.*", "https://a", "a/b", "a:80", "a b"] {
        assert_eq!(HostPattern::parse(bad), None, "{bad}");
    }
    assert!(HostPattern::parse(" API.example.com ").unwrap().matches("api.example.com"));
    assert!(HostPattern::parse("::1").unwrap().matches("::1"));
}
