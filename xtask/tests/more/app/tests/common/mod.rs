//! Shared by tests.
pub fn client() -> reqwest::Client {
    reqwest::Client::new() //~ FLAG reqwest ctx=test
}
