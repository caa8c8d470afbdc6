//! Clients in containers: what is read out of one is not sent.
use reqwest::Client;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
static ONCE: OnceLock<Client> = OnceLock::new();
fn set() {
    let _ = ONCE.set(Client::new()); //~ WRAPPED reqwest
}
fn once() {
    let _ = egret::wrap(ONCE.get().unwrap().clone());
}
static SENT: OnceLock<Client> = OnceLock::new();
fn set_sent() {
    let _ = SENT.set(Client::new()); //~ FLAG reqwest verdict=unwrapped
}
fn once_sent() {
    let _ = SENT.get().unwrap().get("x");
}
fn cell() {
    let cell = std::cell::OnceCell::new();
    let _ = cell.set(Client::new()); //~ WRAPPED reqwest
    let _ = egret::wrap(cell.get().unwrap().clone());
}
fn rows(i: usize) {
    let all = vec![Client::new()]; //~ WRAPPED reqwest
    let _ = egret::wrap(all.get(0).unwrap().clone());
    let mut all = Vec::new();
    all.push(Client::new()); //~ WRAPPED reqwest
    let _ = egret::wrap(all.get(i).unwrap().clone());
    let all = vec![Client::new()]; //~ FLAG reqwest verdict=unwrapped
    let _ = all.first().unwrap().get("x");
    let all = vec![Client::new()]; //~ FLAG reqwest verdict=unwrapped
    let _ = all.get(i).unwrap().get("x");
}
fn maps(k: String) {
    let mut all = HashMap::new();
    all.insert("a", Client::new()); //~ WRAPPED reqwest
    let _ = egret::wrap(all.get("a").unwrap().clone());
    let mut all = HashMap::new();
    all.insert(k.clone(), Client::new()); //~ WRAPPED reqwest
    if let Some(client) = all.get(&k) {
        let _ = egret::wrap(client.clone());
    }
    let mut all = HashMap::new();
    all.insert(k.clone(), Client::new()); //~ FLAG reqwest verdict=unwrapped
    let _ = all.get(&k).unwrap().get(&k);
}
struct Pool {
    all: Mutex<HashMap<String, Client>>,
}
impl Pool {
    fn fill(&self) {
        self.all.lock().unwrap().insert("a".into(), Client::new()); //~ WRAPPED reqwest
    }
    fn read(&self, k: &str) {
        let _ = egret::wrap(self.all.lock().unwrap().get(k).unwrap().clone());
    }
}
fn channel(tx: std::sync::mpsc::Sender<Client>, other: Outbox) {
    let _ = tx.send(Client::new()); //~ FLAG reqwest verdict=unknown
    let client = Client::new(); //~ FLAG reqwest verdict=unknown
    let _ = other.inner.try_send(client);
}
