//! A binary that uses its own package's library.
use more_app::forms::Http;
fn main() {
    let _ = Http::new(); //~ FLAG reqwest ctx=prod
}
