//! A bench.
fn main() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest ctx=bench
}
