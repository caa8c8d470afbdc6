//! Clients that are easily lost sight of: by closures, macros, labels and functions of `std`.
use reqwest::Client;
use std::rc::Rc;
use std::sync::Arc;
fn takes(f: impl FnOnce() -> Client) {
    egret::wrap(f());
}
fn closure_given() {
    takes(|| Client::new()); //~ WRAPPED reqwest
    takes(|| {
        let client = Client::new(); //~ WRAPPED reqwest
        client
    });
}
fn takes_and_sends(f: impl FnOnce() -> Client) {
    f().get("x");
}
fn closure_sent() {
    takes_and_sends(|| Client::new()); //~ FLAG reqwest verdict=unwrapped
    takes_and_sends(Client::new); //~ FLAG reqwest verdict=unwrapped
}
fn maker() -> impl Fn() -> Client {
    || Client::new() //~ WRAPPED reqwest
}
fn made() {
    let make = maker();
    egret::wrap(make());
    egret::wrap(maker()());
}
pub fn maker_for_others() -> impl Fn() -> Client {
    || Client::new() //~ FLAG reqwest verdict=unknown
}
struct Lazy<F> {
    make: F,
}
fn stored() {
    let _ = Lazy { make: || Client::new() }; //~ FLAG reqwest verdict=unknown
}
struct Boxed {
    make: Box<dyn Fn() -> Client>,
}
impl Boxed {
    fn new() -> Self {
        Self { make: Box::new(|| Client::new()) } //~ WRAPPED reqwest
    }
    fn wrapped(&self) {
        egret::wrap((self.make)());
    }
}
fn in_circles(n: u8) -> Box<dyn Fn() -> Client> {
    if n == 0 {
        return in_circles(n + 1);
    }
    Box::new(|| Client::new()) //~ FLAG reqwest verdict=unknown
}
macro_rules! wrapping {
    ($client:expr) => {
        egret::wrap($client)
    };
}
fn by_macro() {
    let _ = wrapping!(Client::new()); //~ FLAG reqwest verdict=unknown
    let _ = egret::wrap(wrapping!(Client::new())); //~ WRAPPED reqwest
}
fn labelled(x: bool) {
    let client = 'made: {
        if x {
            break 'made Client::new(); //~ WRAPPED reqwest
        }
        return;
    };
    egret::wrap(client);
}
fn unpacked() {
    let c = Arc::new(Client::new()); //~ WRAPPED reqwest
    egret::wrap(Arc::unwrap_or_clone(c));
    let c = Rc::new(Client::new()); //~ WRAPPED reqwest
    egret::wrap(Rc::try_unwrap(c).unwrap());
    let c = Client::new(); //~ WRAPPED reqwest
    std::iter::once(c).for_each(|c| {
        egret::wrap(c);
    });
    let c = Client::new(); //~ FLAG reqwest verdict=unknown
    std::thread::scope(c);
}
fn unused() {
    let c = Client::new(); //~ FLAG reqwest verdict=unwrapped
    let _ = Client::new(); //~ FLAG reqwest verdict=unwrapped
    Client::new(); //~ FLAG reqwest verdict=unwrapped
    std::mem::drop(Client::new()); //~ FLAG reqwest verdict=unwrapped
}
