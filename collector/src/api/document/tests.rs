//! The document and the router tell of the same routes.
//! They never answer a request: `tests/it/document.rs` asks the running collector.

use std::collections::BTreeSet;

/// The paths that stand in the text form of axum's router, the only way in which it tells them.
fn paths(router: &str) -> BTreeSet<String> {
    let (routes, _) = router.split_once("fallback_router").unwrap();
    let quoted = routes.split('"').skip(1).step_by(2);
    quoted.filter(|text| text.starts_with('/')).map(str::to_owned).collect()
}

#[test]
fn every_route_is_documented_and_everything_documented_is_a_route() {
    for routes in [crate::api::guarded(), crate::api::open()] {
        let (router, document) = routes.split_for_parts();
        let documented: BTreeSet<String> = document.paths.paths.keys().cloned().collect();
        assert!(!documented.is_empty());
        assert_eq!(paths(&format!("{router:?}")), documented);
    }
}
