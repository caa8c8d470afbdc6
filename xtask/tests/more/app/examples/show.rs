//! An example.
fn main() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest ctx=example
}
