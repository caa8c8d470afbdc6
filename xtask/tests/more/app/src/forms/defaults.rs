//! `Default` in all its forms, and derives.
use reqwest::Client;
use std::sync::{Arc, Mutex};
#[derive(Default)] //~ FLAG reqwest
pub struct Derived {
    client: Client,
}
#[derive(Clone, Debug)]
#[derive(Default)] //~ FLAG reqwest
pub struct Shared {
    client: Arc<Client>,
    name: String,
}
#[derive(Default)]
pub struct Lazy {
    client: Option<Client>,
    all: Vec<Client>,
}
#[derive(Clone)]
pub struct NotDefault {
    client: Client,
}
#[cfg_attr(feature = "extra-http", derive(Default))] //~ FLAG reqwest
pub struct Conditional(Client);
pub struct ByHand {
    client: Client,
    name: String,
}
impl Default for ByHand {
    fn default() -> Self {
        ByHand { client: Default::default(), name: Default::default() } //~ FLAG reqwest
    }
}
fn takes(_: Client) {}
fn gives() -> Client {
    Default::default() //~ FLAG reqwest
}
fn early(x: bool) -> Client {
    if x {
        return Default::default(); //~ FLAG reqwest
    }
    Client::default() //~ FLAG reqwest
}
pub fn f(given: Option<Client>) {
    let _a: Client = Default::default(); //~ FLAG reqwest
    let _b = <Client as Default>::default(); //~ FLAG reqwest
    let _c = <reqwest::Client as std::default::Default>::default(); //~ FLAG reqwest
    takes(Default::default()); //~ FLAG reqwest
    let _d: String = Default::default();
    let _e = given.clone().unwrap_or_default(); //~ FLAG reqwest
    let _f = given.unwrap_or_else(Client::new); //~ FLAG reqwest
    let _g = Client::builder().build().unwrap_or_default(); //~ FLAG reqwest
    let _h: Arc<Client> = Default::default(); //~ FLAG reqwest
    let _i: Option<Client> = Default::default();
    let _j = Mutex::new(Client::default()); //~ FLAG reqwest
    let _k = String::default();
    let _l = reqwest_middleware::ClientWithMiddleware::default(); //~ FLAG reqwest-middleware
}
