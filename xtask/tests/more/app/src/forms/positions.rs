//! Every position that an expression can stand in.
use reqwest::Client;
use std::sync::{Arc, LazyLock, OnceLock};
static ONCE: OnceLock<Client> = OnceLock::new();
static LAZY: LazyLock<Client> = LazyLock::new(Client::new); //~ FLAG reqwest
static LAZY_TOO: LazyLock<Client> = LazyLock::new(|| Client::builder().build().unwrap()); //~ FLAG reqwest
const MAKE: fn() -> Client = Client::new; //~ FLAG reqwest
thread_local! {
    static LOCAL: Client = Client::new(); //~ FLAG reqwest
}
pub struct Api {
    client: Client,
}
impl Api {
    pub fn new() -> Self {
        let client = Client::new(); //~ FLAG reqwest
        Self { client }
    }
    pub fn with(client: Client) -> Self {
        Self { client }
    }
    pub fn made() -> Self {
        Self::with(Client::new()) //~ FLAG reqwest
    }
}
pub trait Maker {
    fn make() -> Client {
        Client::new() //~ FLAG reqwest
    }
    fn other(&self) -> Client;
}
impl Maker for Api {
    fn other(&self) -> Client {
        Client::new() //~ FLAG reqwest
    }
}
pub trait Fresh {
    fn fresh() -> Self;
}
impl Fresh for Client {
    fn fresh() -> Self {
        Self::new() //~ FLAG reqwest
    }
}
pub fn once() -> &'static Client {
    ONCE.get_or_init(|| Client::new()) //~ FLAG reqwest
}
pub fn generic<F: Fn() -> Client>(f: F) -> Client {
    f()
}
pub async fn f(x: Option<u8>) -> Result<(), reqwest::Error> {
    let _a = || Client::new(); //~ FLAG reqwest
    let _b = async { Client::new() }; //~ FLAG reqwest
    let _c = async move { Client::new() }; //~ FLAG reqwest
    let _d = if x.is_some() { Client::new() } else { Client::builder().build()? }; //~ FLAG reqwest x2
    let _e = match x {
        Some(_) => Client::new(), //~ FLAG reqwest
        None => return Ok(()),
    };
    let Some(_y) = x else {
        drop(Client::new()); //~ FLAG reqwest
        return Ok(());
    };
    let _g = [Client::new(), Client::new()]; //~ FLAG reqwest x2
    let _h = (1, Client::new()).1; //~ FLAG reqwest
    let _i = &Client::new(); //~ FLAG reqwest
    let _j = Arc::new(Client::new()); //~ FLAG reqwest
    let _k = Some(Client::new()).map(|c| c); //~ FLAG reqwest
    let _l = generic(Client::new); //~ FLAG reqwest
    let make = Client::new; //~ FLAG reqwest
    let _m = make();
    let _n = loop {
        break Client::new(); //~ FLAG reqwest
    };
    for _ in 0..2 {
        Client::new().get("x").send().await?; //~ FLAG reqwest
    }
    while Client::builder().build().is_err() {} //~ FLAG reqwest
    let _o = unsafe { Client::new() }; //~ FLAG reqwest
    let _p = { Client::new() }; //~ FLAG reqwest
    let _q = ["a", "b"].map(reqwest::blocking::get); //~ FLAG reqwest
    let _r = vec![Client::new(); 2]; //~ FLAG reqwest
    let _s = Client //~ FLAG reqwest
        ::new();
    if let Ok(_c) = Client::builder().build() {} //~ FLAG reqwest
    let _t = (Client::new)(); //~ FLAG reqwest
    Ok(())
}
pub fn default_arg(client: Option<Client>) -> Client {
    client.unwrap_or_else(|| Client::new()) //~ FLAG reqwest
}
