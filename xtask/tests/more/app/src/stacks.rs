//! Middlewares that come out of variables and functions of the workspace.
use kit::{Audit, Retry};
use reqwest::Client;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};
use std::sync::Arc;
fn by_variable() {
    let m = egret::middleware();
    let _ = ClientBuilder::new(Client::new()).with(m).build(); //~ WRAPPED reqwest
    let m: Arc<dyn Middleware> = Arc::new(Audit);
    let _ = ClientBuilder::new(Client::new()).with_arc(m.clone()).build(); //~ WRAPPED reqwest
    let m: Arc<dyn Middleware> = Arc::new(Retry);
    let _ = ClientBuilder::new(Client::new()).with_arc(m).build(); //~ FLAG reqwest verdict=wrapped_other
}
fn set_again(x: bool) {
    let mut m: Arc<dyn Middleware> = Arc::new(Audit);
    if x {
        m = Arc::new(Retry);
    }
    let _ = ClientBuilder::new(Client::new()).with_arc(m).build(); //~ FLAG reqwest verdict=unknown
}
fn hidden() -> impl Middleware {
    egret::middleware()
}
fn dynamic() -> Arc<dyn Middleware> {
    let own = egret::middleware();
    Arc::new(own)
}
fn other() -> Arc<dyn Middleware> {
    Arc::new(Retry)
}
fn either(x: bool) -> Arc<dyn Middleware> {
    if x {
        return Arc::new(Retry);
    }
    Arc::new(Audit)
}
fn circle() -> Arc<dyn Middleware> {
    circle()
}
fn by_function() {
    let _ = ClientBuilder::new(Client::new()).with(hidden()).build(); //~ WRAPPED reqwest
    let _ = ClientBuilder::new(Client::new()).with_arc(dynamic()).build(); //~ WRAPPED reqwest
    let _ = ClientBuilder::new(Client::new()).with_arc(other()).build(); //~ FLAG reqwest verdict=wrapped_other
    let _ = ClientBuilder::new(Client::new()).with_arc(either(true)).build(); //~ FLAG reqwest verdict=unknown
    let _ = ClientBuilder::new(Client::new()).with_arc(circle()).build(); //~ FLAG reqwest verdict=unknown
}
fn mws() -> Vec<Arc<dyn Middleware>> {
    vec![Arc::new(Retry), Arc::new(Audit)]
}
fn others() -> Box<[Arc<dyn Middleware>]> {
    vec![other()].into_boxed_slice()
}
fn none() -> Vec<Arc<dyn Middleware>> {
    Vec::new()
}
fn whole(x: bool) {
    let _ = ClientWithMiddleware::new(Client::new(), mws()); //~ WRAPPED reqwest
    let all = mws();
    let _ = ClientWithMiddleware::new(Client::new(), all); //~ WRAPPED reqwest
    let _ = ClientWithMiddleware::new(Client::new(), others()); //~ FLAG reqwest verdict=wrapped_other
    let _ = ClientWithMiddleware::new(Client::new(), none()); //~ FLAG reqwest verdict=wrapped_empty
    let mut all = Vec::new();
    all.push(dynamic());
    let _ = ClientWithMiddleware::new(Client::new(), all); //~ WRAPPED reqwest
    let mut all = Vec::new();
    if x {
        all.push(dynamic());
    }
    let _ = ClientWithMiddleware::new(Client::new(), all); //~ FLAG reqwest verdict=unknown
}
