//! Defaults whose type only the surroundings tell.
#![allow(dead_code, unused, clippy::all)]
use std::sync::{Arc, LazyLock};
static LAZY: LazyLock<reqwest::Client> = LazyLock::new(Default::default); //~ FLAG reqwest
static NAME: LazyLock<String> = LazyLock::new(Default::default);
type Same<T> = T;
struct Holder {
    client: Arc<reqwest::Client>,
    name: Arc<String>,
}
fn main() {
    let _a: Arc<reqwest::Client> = Arc::default(); //~ FLAG reqwest
    let _b: Arc<String> = Arc::default();
    let _c = Holder {
        client: Arc::default(), //~ FLAG reqwest
        name: Arc::default(),
    };
    let _d: reqwest::Client = <_>::default(); //~ FLAG reqwest
    let _e: String = <_>::default();
    let (_f, _g): (reqwest::Client, u8) = Default::default(); //~ FLAG reqwest
    let (_h, _i): (String, u8) = Default::default();
    let _j = Same::<reqwest::Client>::new(); //~ FLAG reqwest
    let _k = Same::<String>::new();
}
fn taken(client: &mut reqwest::Client, name: &mut String, may: &mut Option<reqwest::Client>) {
    drop(std::mem::take(client)); //~ FLAG reqwest
    drop(std::mem::take(name));
    drop(std::mem::take(may));
}
