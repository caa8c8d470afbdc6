//! Clients that egret sees through a handle, its layers and its stacks; and what only looks like it.
use egret::{Config, Egret};
use kit::Retry;
use reqwest::Client;
use std::sync::{Arc, LazyLock, OnceLock};
type Failed = Box<dyn std::error::Error>;
static ONCE: OnceLock<Egret> = OnceLock::new();
static LAZY: LazyLock<Egret> = LazyLock::new(Egret::disabled);
static SHARED: OnceLock<Arc<Egret>> = OnceLock::new();
struct App {
    egret: Egret,
    maybe: Option<Egret>,
}
fn from_init() -> Result<(), Failed> {
    let egret = egret::init(Config::from_env()?)?;
    let _ = egret.wrap(Client::new()); //~ WRAPPED reqwest
    let copy = egret.clone();
    let _ = copy.wrap(Client::builder().build()?); //~ WRAPPED reqwest
    let clients = [("w", egret.wrap(Client::new()))]; //~ WRAPPED reqwest
    let _ = Egret::wrap(&egret, Client::new()); //~ WRAPPED reqwest
    Ok(())
}
fn from_others() -> Result<(), Failed> {
    let a = egret::init_or_disabled(Config::from_env());
    let _ = a.wrap(Client::new()); //~ WRAPPED reqwest
    let b = Egret::start(Config::from_env()?)?;
    let _ = b.wrap(Client::new()); //~ WRAPPED reqwest
    let c = egret::Egret::start_with(Config::from_env()?, Memory::default()).unwrap();
    let _ = c.wrap(Client::new()); //~ WRAPPED reqwest
    let d = Egret::disabled();
    let _ = d.wrap(Client::new()); //~ WRAPPED reqwest
    let e = match egret::init(Config::from_env()?) {
        Ok(egret) => egret,
        Err(_) => Egret::disabled(),
    };
    let _ = e.wrap(Client::new()); //~ WRAPPED reqwest
    Ok(())
}
fn by_parameter(borrowed: &Egret, owned: Egret, shared: Arc<Egret>) {
    let _ = borrowed.wrap(Client::new()); //~ WRAPPED reqwest
    let _ = owned.wrap(Client::new()); //~ WRAPPED reqwest
    let _ = shared.wrap(Client::new()); //~ WRAPPED reqwest
}
impl App {
    fn by_field(&self) {
        let _ = self.egret.wrap(Client::new()); //~ WRAPPED reqwest
        if let Some(egret) = &self.maybe {
            let _ = egret.wrap(Client::new()); //~ WRAPPED reqwest
        }
    }
    fn own_handle(&self) -> &Egret {
        &self.egret
    }
    fn by_method(&self) {
        let _ = self.own_handle().wrap(Client::new()); //~ WRAPPED reqwest
    }
}
fn by_static() {
    let _ = ONCE.get().unwrap().wrap(Client::new()); //~ WRAPPED reqwest
    let _ = LAZY.wrap(Client::new()); //~ WRAPPED reqwest
    let _ = SHARED.get().expect("is set").wrap(Client::new()); //~ WRAPPED reqwest
    let _ = ONCE.get_or_init(Egret::disabled).wrap(Client::new()); //~ WRAPPED reqwest
    if let Some(egret) = ONCE.get() {
        let _ = egret.wrap(Client::new()); //~ WRAPPED reqwest
    }
}
fn stacks(egret: &Egret) -> Result<(), Failed> {
    let _ = egret::stack(Client::new()).with(Retry).build(); //~ WRAPPED reqwest
    let _ = egret.stack(Client::new()).with(Retry).build(); //~ WRAPPED reqwest
    let _ = egret.stack(Client::new()).build(); //~ WRAPPED reqwest
    let _ = egret::reqwest_client().build_stack()?.with(Retry).build(); //~ WRAPPED egret
    let _ = egret.reqwest_client().build_stack()?.build(); //~ WRAPPED egret
    let _ = egret.reqwest_client().build()?; //~ WRAPPED egret
    let own = egret.middleware();
    let _ = reqwest_middleware::ClientBuilder::new(Client::new()).with(own.clone()).build(); //~ WRAPPED reqwest
    Ok(())
}
fn blocking(egret: &Egret) -> Result<(), Failed> {
    let _ = egret::blocking::wrap(reqwest::blocking::Client::new()); //~ WRAPPED reqwest
    let _ = egret.wrap_blocking(reqwest::blocking::Client::new()); //~ WRAPPED reqwest
    let _ = egret.blocking_client().build()?; //~ WRAPPED egret
    let _ = egret::blocking::Client::new(); //~ WRAPPED egret
    let _ = egret::blocking::get("http://x")?; //~ WRAPPED egret
    let _ = egret::http::Client::builder().build()?; //~ WRAPPED egret
    Ok(())
}
mod drop_in {
    use egret::http as reqwest;
    fn f() {
        let _ = reqwest::Client::new(); //~ WRAPPED egret
        let _ = reqwest::get("http://x"); //~ WRAPPED egret
    }
}
fn of_0_12(egret: &Egret) -> Result<(), Failed> {
    let _ = egret::reqwest_0_12::wrap(http_old::Client::new()); //~ WRAPPED reqwest
    let _ = egret::reqwest_0_12::stack(http_old::Client::new()).with(Retry).build(); //~ WRAPPED reqwest
    let _ = egret::reqwest_0_12::reqwest_client().build()?; //~ WRAPPED egret
    let _ = egret.wrap_0_12(http_old::Client::new()); //~ WRAPPED reqwest
    let _ = egret.stack_0_12(http_old::Client::new()).build(); //~ WRAPPED reqwest
    let _ = egret.reqwest_client_0_12().build()?; //~ WRAPPED egret
    let _ = mw::ClientBuilder::new(http_old::Client::new()).with(egret.middleware_0_12()).build(); //~ WRAPPED reqwest
    let _ = mw::ClientBuilder::new(http_old::Client::new()) //~ WRAPPED reqwest
        .with(egret::reqwest_0_12::middleware())
        .build();
    Ok(())
}
mod layers {
    use egret::Egret;
    use hyper_util::client::legacy::Client;
    use tonic::transport::Channel;
    use tower::{Layer, ServiceBuilder};
    fn hyper(egret: &Egret) {
        let client = Client::builder(Executor).build_http(); //~ WRAPPED hyper-util
        let _ = ServiceBuilder::new().layer(egret::tower_client()).service(client);
        let client = Client::builder(Executor).build_http(); //~ WRAPPED hyper-util
        let _ = ServiceBuilder::new().layer(Timeout).layer(egret.tower_client()).service(client);
        let client = Client::builder(Executor).build_http(); //~ WRAPPED hyper-util
        let _ = egret::tower_client::<Plain>().layer(client);
        let client = Client::builder(Executor).build_http(); //~ WRAPPED hyper-util
        let around = ServiceBuilder::new().layer(egret.tower_client().around_retries());
        let _ = around.service(client);
    }
    async fn grpc(egret: Egret) -> Result<(), Box<dyn std::error::Error>> {
        let channel = Channel::from_static("http://x").connect().await?; //~ WRAPPED tonic
        let _ = ServiceBuilder::new().layer(egret.tower_client()).service(channel);
        let channel = Channel::from_static("http://x").connect_lazy(); //~ WRAPPED tonic
        let _ = Greeter::new(egret::tower_client().layer(channel));
        Ok(())
    }
    fn open(egret: Egret) {
        let client = Client::builder(Executor).build_http(); //~ FLAG hyper-util
        let _ = ServiceBuilder::new().layer(Timeout).service(client);
        // The server's layer sees what comes in.
        let client = Client::builder(Executor).build_http(); //~ FLAG hyper-util
        let _ = ServiceBuilder::new().layer(egret::tower_server()).service(client);
        let client = Client::builder(Executor).build_http(); //~ FLAG hyper-util
        let _ = egret.tower_server().layer(client);
    }
}
fn agents(egret: &Egret) {
    let config = ureq::Agent::config_builder().middleware(egret::ureq::middleware()).build();
    let _: ureq::Agent = config.into(); //~ WRAPPED ureq
    let config = ureq::Agent::config_builder().middleware(egret.ureq_middleware()).build();
    let _ = ureq::Agent::new_with_config(config); //~ WRAPPED ureq
    let _ = ureq::Agent::config_builder().middleware(egret.ureq_middleware()).build().new_agent(); //~ WRAPPED ureq
    let own = egret::ureq::middleware();
    let _ = ureq::Agent::config_builder().middleware(own).build().new_agent(); //~ WRAPPED ureq
    let _ = ureq::Agent::config_builder().build().new_agent(); //~ FLAG ureq
}
async fn observed(egret: Egret) {
    let _ = egret::observe("x", || reqwest::blocking::get("http://x")); //~ WRAPPED reqwest
    let _ = egret.observe("x", || ureq::get("http://x").call()); //~ WRAPPED ureq
    let _ = egret::observe_async("x", reqwest::get("http://x")).await; //~ WRAPPED reqwest
    let _ = egret.observe_async("x", async { reqwest::get("http://x").await }).await; //~ WRAPPED reqwest
    let _ = egret.log(reqwest::get("http://x").await); //~ FLAG reqwest
}
mod namesake {
    use super::*;
    struct Egret;
    impl Egret {
        fn disabled() -> Self {
            Egret
        }
        fn wrap(&self, client: Client) -> Client {
            client
        }
        fn observe<R>(&self, _: &str, call: impl FnOnce() -> R) -> R {
            call()
        }
        fn reqwest_client(&self) {}
    }
    fn local(of_others: sdkcrate::Egret) {
        let egret = Egret::disabled();
        let _ = egret.wrap(Client::new()); //~ FLAG reqwest
        let _ = egret.observe("x", || reqwest::blocking::get("http://x")); //~ FLAG reqwest
        egret.reqwest_client();
        let _ = of_others.wrap(Client::new()); //~ FLAG reqwest
        of_others.reqwest_client();
        let _ = sdkcrate::Egret::disabled().wrap(Client::new()); //~ FLAG reqwest
    }
    fn of_anything<E: Wraps>(egret: E, other: &dyn Wraps) {
        let _ = egret.wrap(Client::new()); //~ FLAG reqwest
        let _ = other.wrap(Client::new()); //~ FLAG reqwest
    }
    trait Wraps {
        fn wrap(&self, client: Client) -> Client;
    }
}
