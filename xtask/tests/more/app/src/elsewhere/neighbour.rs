//! The child of a file with a path of its own.
use super::super::forms::Http;
pub fn f() {
    let _ = Http::new(); //~ FLAG reqwest
}
