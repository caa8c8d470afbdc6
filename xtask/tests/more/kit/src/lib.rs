//! A crate that gives wrappers and macros to others.
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};
pub struct Audit;
impl Middleware for Audit {}
pub struct Retry;
impl Middleware for Retry {}
pub fn wrap(client: reqwest::Client) -> ClientWithMiddleware {
    ClientBuilder::new(client).with(Audit).build()
}
pub fn wrap_other(client: reqwest::Client) -> ClientWithMiddleware {
    ClientBuilder::new(client).with(Retry).build()
}
pub fn covered_by_us(client: reqwest::Client) -> reqwest::Client {
    client
}
#[macro_export]
macro_rules! kit_client {
    () => {
        reqwest::Client::new() //~ FLAG reqwest
    };
}
pub fn old() {
    let _ = renamed_in_workspace::Client::new(); //~ FLAG reqwest
}
