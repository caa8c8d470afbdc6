//! An example at an odd place.
fn main() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest ctx=example
}
