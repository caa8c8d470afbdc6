//! Code of 2015: keywords of today as names, parameters without names.
extern crate reqwest;
use reqwest::async::{Client, Decoder};
mod await {
    use reqwest::async::Client as Other;
    pub fn f() { try!(Other::builder().build()); } //~ FLAG reqwest
}
trait Old {
    fn poll(&mut self, Vec<(u8, String)>, &str) -> Box<Fn(u8) -> u8>;
    fn named(self, client: Client, _: u8) where Self: Sized;
}
fn async(await: u8) -> u8 { await }
fn f() -> Result<(), ()> {
    let é = "é"; let client = Client::new(); //~ FLAG reqwest
    let try = try!(Ok(reqwest::get("x"))); //~ FLAG reqwest
    async(1);
    Ok(())
}
