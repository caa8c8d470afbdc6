//! Two levels down, without the crate's name.
use super::super::Http as Mine;
use super::super::super::forms::*;
pub fn f() {
    let _ = Mine::new(); //~ FLAG reqwest
    let _ = Http::builder(); //~ FLAG reqwest
    let _ = super::super::Hidden::new(); //~ FLAG reqwest
}
