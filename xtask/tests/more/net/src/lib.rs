//! The lowest crate of a chain of re-exports.
pub use reqwest;
pub use reqwest::Client as Http;
pub use reqwest::get as fetch;
pub mod prelude {
    pub use reqwest::{Client, ClientBuilder};
}
pub type Blocking = reqwest::blocking::Client;
pub fn raw() -> reqwest::Client {
    reqwest::Client::new() //~ FLAG reqwest verdict=mixed
}
pub fn raw_for_all() -> reqwest::Client {
    reqwest::Client::new() //~ WRAPPED reqwest
}
