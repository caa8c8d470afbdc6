//! An integration test with a module that others share.
mod common;
#[test]
fn t() {
    let _ = common::client().get("x");
    let _ = ureq::get("x"); //~ FLAG ureq ctx=test
}
