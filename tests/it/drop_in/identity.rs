//! What a program sees of answers and errors by `egret::http` is what reqwest shows it.
//! Never says which shapes there are; they are in `shapes/table`.

use crate::shapes::{self, Bare, DropIn, Pair, Shape, compare};

/// Compares on this thread alone, for whose calls `captured` stands in.
fn check(group: &str, shapes: fn() -> Vec<Shape>) {
    let pair = Pair { name: "drop-in", bare: Box::new(Bare), wrapped: Box::new(DropIn) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (found, calls) = egret::captured(|| runtime.block_on(compare(&pair, shapes())));
    assert_eq!(found.differences, [""; 0]);
    let n_compared = found.outcomes.len();
    println!("{group}: {n_compared} shapes without a difference, {} calls recorded", calls.len());
    assert!(n_compared > 0 && calls.len() >= n_compared);
}

#[test]
fn statuses() {
    check("statuses", shapes::statuses);
}

#[test]
fn bodies() {
    check("bodies", shapes::bodies);
}

#[test]
fn headers() {
    check("headers", shapes::headers);
}

#[test]
fn redirects() {
    check("redirects", shapes::redirects);
}

#[test]
fn broken_exchanges() {
    check("broken exchanges", shapes::broken);
}

#[test]
fn requests() {
    check("requests", shapes::requests);
}

#[test]
fn connections() {
    check("connections", shapes::connections);
}

#[test]
fn http2() {
    check("http2", shapes::http2);
}
