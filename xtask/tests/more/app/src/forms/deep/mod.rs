//! Names through `super` and globs.
use super::*;
mod leaf;
pub fn f() {
    let _ = Http::new(); //~ FLAG reqwest
    let _ = r::get("x"); //~ FLAG reqwest
}
