//! Tests in a file of their own.
use super::*;
mod deeper;
#[test]
fn t() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest ctx=test
}
fn helper() {
    let _ = ureq::agent(); //~ FLAG ureq ctx=test
}
