//! What looks like a client and is none.
use reqwest::Client;
pub struct Agent;
impl Agent {
    pub fn new() -> Self {
        Agent
    }
}
pub enum Wrapped {
    Client(Client),
    None,
}
pub fn f(client: &Client, reqwest: u8) {
    let _ = Agent::new();
    let _ = reqwest + 1;
    let _ = Wrapped::None;
    let _ = Wrapped::Client(client.clone());
    let _ = client.clone();
    let _ = "ureq::get(x)";
    let _ = client.get("https://example.com");
    let _ = reqwest::header::HeaderMap::new();
    let _ = reqwest::header::HeaderMap::default();
    let _ = reqwest::redirect::Policy::none();
    let _ = async_openai::Client::new();
    let _ = jobserver::Client::builder();
    let _: fn(&Client, &str) -> reqwest::RequestBuilder = Client::get;
    let _ = std::any::type_name::<reqwest::Client>();
    let _ = Vec::<Client>::new();
    let _ = Option::<Client>::default();
    let _ = std::collections::HashMap::<String, Client>::new();
}
pub mod get {
    pub fn new() {}
}
pub fn g() {
    get::new();
    std::net::TcpListener::bind("x").ok();
}
mod of_that_name {
    // A module of rustify's own, which it names after what it is built on.
    use rustify::clients::reqwest::Client as H;
    fn f() {
        let _ = H::new(x(), y());
    }
}
