//! Covered clients out of which the raw one is taken again; and what only looks like it.
use kit::{Audit, Retry};
use reqwest::Client;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use std::sync::Arc;
fn sent() {
    let w = egret::wrap(Client::new()); //~ FLAG reqwest verdict=mixed
    let _ = w.as_ref().get("x"); // bypass
}
fn named() {
    let w = egret::wrap(Client::new()); //~ FLAG reqwest verdict=mixed
    let r: &reqwest::Client = w.as_ref(); // bypass
    let _ = r.get("x");
}
fn unnamed() {
    let w = egret::wrap(Client::new()); //~ FLAG reqwest verdict=mixed
    let r = w.as_ref(); // bypass
    let _ = r.get("x");
}
fn by_handle(egret: &egret::Egret) {
    let w = egret.wrap(Client::new()); //~ FLAG reqwest verdict=mixed
    let _ = w.as_ref().get("x"); // bypass
}
fn of_builder() {
    let raw = Client::new(); //~ FLAG reqwest verdict=mixed
    let w = reqwest_middleware::ClientBuilder::new(raw).with(egret::middleware()).build();
    let _ = w.as_ref().get("x"); // bypass
}
fn of_stack() {
    let w = egret::stack(Client::new()).with(Retry).build(); //~ FLAG reqwest verdict=mixed
    let _ = w.as_ref().get("x"); // bypass
}
fn of_whole() {
    let w = ClientWithMiddleware::new(Client::new(), vec![Arc::new(Audit)]); //~ FLAG reqwest verdict=mixed
    let _ = w.as_ref().get("x"); // bypass
}
fn written_out() {
    let w = egret::wrap(Client::new()); //~ FLAG reqwest verdict=mixed
    let _ = AsRef::<reqwest::Client>::as_ref(&w).get("x"); // bypass
}
fn qualified() {
    let w = egret::wrap(Client::new()); //~ FLAG reqwest verdict=mixed
    let r = <ClientWithMiddleware as AsRef<Client>>::as_ref(&w); // bypass
}
fn made() -> ClientWithMiddleware {
    egret::wrap(Client::new()) //~ FLAG reqwest verdict=mixed
}
fn elsewhere() {
    let _ = made().as_ref().get("x"); // bypass
}
fn held() {
    let w = Arc::new(egret::wrap(Client::new())); //~ WRAPPED reqwest
    let _ = w.as_ref().get("x");
    let again: &ClientWithMiddleware = w.as_ref();
    let maybe = Some(egret::wrap(Client::new())); //~ WRAPPED reqwest
    if let Some(w) = maybe.as_ref() {
        let _ = w.get("x");
    }
}
fn passed(w: Arc<ClientWithMiddleware>) {
    let _ = w.as_ref().get("x");
}
