//! Nobody declares this file.
use crate::forms::Http;
pub fn f() {
    let _ = reqwest::Client::new(); //~ FLAG reqwest
    let _ = Http::new(); //~ FLAG reqwest
}
