//! Re-exports over three crates.
use facade::{Client, Door};
mod globbed {
    use facade::*;
    pub fn f() {
        let _ = Client::new(); //~ FLAG reqwest
        let _ = ClientBuilder::new(); //~ FLAG reqwest
        let _ = Door::new(); //~ FLAG reqwest
        let _ = Other::new();
    }
}
mod all {
    use facade::all::{fetch, Blocking, Http};
    pub fn f() {
        let _ = Http::new(); //~ FLAG reqwest
        let _ = fetch("x"); //~ FLAG reqwest
        let _ = Blocking::new(); //~ FLAG reqwest
    }
}
mod through_sdk {
    use sdkcrate::prelude::*;
    pub fn f() {
        let _ = Client::new(); //~ FLAG reqwest
        let _ = sdkcrate::HttpClient::builder(); //~ FLAG reqwest
        let _ = sdkcrate::reqwest::Client::new(); //~ FLAG reqwest
    }
}
pub fn f() {
    let _ = Client::new(); //~ FLAG reqwest
    let _ = Door::builder(); //~ FLAG reqwest
    let _ = facade::load("x"); //~ FLAG reqwest
    let _ = facade::inner::Client::new(); //~ FLAG reqwest
    let _ = net::reqwest::blocking::Client::new(); //~ FLAG reqwest
    let _ = kit::wrap(net::raw());
    let _ = net::raw().get("x");
    let _ = kit::wrap(net::raw_for_all());
}
