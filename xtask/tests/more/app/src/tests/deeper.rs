//! A module of the tests, without an attribute of its own.
pub fn f() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest ctx=test
}
