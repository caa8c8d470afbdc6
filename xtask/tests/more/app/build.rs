//! A build script.
fn main() {
    let _ = ureq::get("https://example.com").call(); //~ FLAG ureq ctx=build
}
