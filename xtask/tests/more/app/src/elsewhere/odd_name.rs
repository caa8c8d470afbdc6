//! Reached by `#[path]`; its own modules lie beside it.
pub mod neighbour;
pub fn f() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest ctx=prod
}
