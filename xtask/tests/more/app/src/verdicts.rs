//! What becomes of a client.
use kit::{Audit, Retry};
use reqwest::Client;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};
use std::sync::Arc;
fn direct() -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).with(Audit).build() //~ WRAPPED reqwest
}
fn with_arc() -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).with_arc(Arc::new(Audit)).build() //~ WRAPPED reqwest
}
fn two() -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).with(Retry).with(Audit).build() //~ WRAPPED reqwest
}
fn empty() -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).build() //~ FLAG reqwest verdict=wrapped_empty
}
fn other() -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).with(Retry).build() //~ FLAG reqwest verdict=wrapped_other
}
fn turned() -> ClientWithMiddleware {
    Client::new().into() //~ FLAG reqwest verdict=wrapped_empty
}
fn from() -> ClientWithMiddleware {
    ClientWithMiddleware::from(Client::new()) //~ FLAG reqwest verdict=wrapped_empty
}
fn whole() -> ClientWithMiddleware {
    ClientWithMiddleware::new(Client::new(), vec![Arc::new(Audit) as Arc<dyn Middleware>]) //~ WRAPPED reqwest
}
fn whole_empty() -> ClientWithMiddleware {
    ClientWithMiddleware::new(Client::new(), Vec::<Audit>::new()) //~ FLAG reqwest verdict=wrapped_empty
}
fn helper() -> ClientWithMiddleware {
    kit::wrap(Client::new()) //~ WRAPPED reqwest
}
fn helper_other() -> ClientWithMiddleware {
    kit::wrap_other(Client::new()) //~ FLAG reqwest verdict=wrapped_other
}
fn approved() -> Client {
    kit::covered_by_us(Client::new()) //~ WRAPPED reqwest
}
fn reassigned(retry: bool) -> ClientWithMiddleware {
    let raw = Client::new(); //~ WRAPPED reqwest
    let mut builder = ClientBuilder::new(raw);
    builder = builder.with(Audit);
    if retry {
        builder = builder.with(Retry);
    }
    builder.build()
}
fn sometimes(audit: bool) -> ClientWithMiddleware {
    let raw = Client::new(); //~ FLAG reqwest verdict=mixed
    let mut builder = ClientBuilder::new(raw);
    if audit {
        builder = builder.with(Audit);
    }
    builder.build()
}
fn clone_escapes() -> ClientWithMiddleware {
    let raw = Client::new(); //~ FLAG reqwest verdict=mixed
    let _ = raw.clone().get("x");
    ClientBuilder::new(raw).with(Audit).build()
}
fn sends() {
    let client = Client::new(); //~ FLAG reqwest verdict=unwrapped
    let _ = client.get("x");
}
fn given_away() {
    let client = Client::new(); //~ FLAG reqwest verdict=unwrapped
    let _ = async_openai::Client::new().with_http_client(client);
}
struct Raw {
    client: Client,
}
impl Raw {
    fn new() -> Self {
        Self { client: Client::new() } //~ WRAPPED reqwest
    }
    fn wrapped(&self) -> ClientWithMiddleware {
        ClientBuilder::new(self.client.clone()).with(Audit).build()
    }
}
struct Leaky {
    client: Client,
}
impl Leaky {
    fn new(client: Client) -> Self {
        Self { client }
    }
    fn made() -> Self {
        Self::new(Client::new()) //~ FLAG reqwest verdict=mixed
    }
    fn wrapped(self) -> ClientWithMiddleware {
        let Self { client } = self;
        ClientBuilder::new(client).with(Audit).build()
    }
    fn send(&self) {
        let _ = self.client.get("x");
    }
}
fn base() -> reqwest::ClientBuilder {
    Client::builder() //~ WRAPPED reqwest
}
fn more() -> reqwest::ClientBuilder {
    base().gzip(true)
}
fn finish(builder: reqwest::ClientBuilder) -> ClientWithMiddleware {
    let client = match builder.build() {
        Ok(client) => client,
        Err(_) => panic!(),
    };
    let stack = ClientBuilder::new(client);
    stack.with(Audit).build()
}
fn long_way() -> ClientWithMiddleware {
    finish(more())
}
fn tuple() -> ClientWithMiddleware {
    let (client, _name) = (Client::new(), "x"); //~ WRAPPED reqwest
    kit::wrap(client)
}
fn mapped() -> Option<ClientWithMiddleware> {
    Some(Client::new()).map(kit::wrap) //~ WRAPPED reqwest
}
fn closure() -> ClientWithMiddleware {
    let make = || Client::new(); //~ WRAPPED reqwest
    kit::wrap(make())
}
fn closure_wraps() -> ClientWithMiddleware {
    let wrap = |client| ClientBuilder::new(client).with(Audit).build();
    wrap(Client::new()) //~ WRAPPED reqwest
}
fn branches(x: bool) -> ClientWithMiddleware {
    let raw = if x {
        Client::new() //~ WRAPPED reqwest
    } else {
        Client::builder().build().unwrap_or_else(|_| Client::new()) //~ WRAPPED reqwest x2
    };
    kit::wrap(raw)
}
fn questioned() -> Result<ClientWithMiddleware, reqwest::Error> {
    let client = Client::builder().build()?; //~ WRAPPED reqwest
    Ok(ClientBuilder::new(client).with(Audit).build())
}
fn let_else() -> Option<ClientWithMiddleware> {
    let Ok(client) = Client::builder().build() else { return None }; //~ WRAPPED reqwest
    Some(kit::wrap(client))
}
static ONCE: std::sync::OnceLock<ClientWithMiddleware> = std::sync::OnceLock::new();
fn once() -> &'static ClientWithMiddleware {
    ONCE.get_or_init(|| kit::wrap(Client::new())) //~ WRAPPED reqwest
}
static RAW: std::sync::LazyLock<Client> = std::sync::LazyLock::new(Client::new); //~ WRAPPED reqwest
fn from_static() -> ClientWithMiddleware {
    kit::wrap(RAW.clone())
}
static RAW_USED: std::sync::LazyLock<Client> = std::sync::LazyLock::new(|| Client::new()); //~ FLAG reqwest verdict=unwrapped
fn from_static_used() {
    let _ = RAW_USED.get("x");
}
trait Source {
    fn raw(&self) -> Client;
}
struct Here;
impl Source for Here {
    fn raw(&self) -> Client {
        Client::new() //~ WRAPPED reqwest
    }
}
fn by_trait(source: &dyn Source) -> ClientWithMiddleware {
    kit::wrap(source.raw())
}
fn taken_apart(pair: (u8, u8)) -> ClientWithMiddleware {
    let client = { let client = Client::new(); client }; //~ WRAPPED reqwest
    let stack = {
        let stack = ClientBuilder::new(client);
        stack.with(Audit)
    };
    stack.build()
}
fn unsure(middleware: Arc<dyn Middleware>) -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).with_arc(middleware).build() //~ FLAG reqwest verdict=unknown
}
fn by_value(wrap: fn(Client) -> ClientWithMiddleware) -> ClientWithMiddleware {
    wrap(Client::new()) //~ FLAG reqwest verdict=unknown
}
fn renamed() -> mw::ClientWithMiddleware {
    let raw = mw::reqwest::Client::new(); //~ FLAG reqwest verdict=wrapped_empty
    mw::ClientBuilder::new(raw).build()
}
fn out_of_a_labelled_block(old: Option<Client>) -> ClientWithMiddleware {
    let raw = 'made: {
        if let Some(old) = old {
            break 'made old;
        }
        for _ in 0..3 {
            if ready() {
                break 'made Client::new(); //~ WRAPPED reqwest
            }
        }
        Client::new() //~ WRAPPED reqwest
    };
    ClientBuilder::new(raw).with(Audit).build()
}
fn out_of_an_outer_loop() -> ClientWithMiddleware {
    let raw = 'outer: loop {
        loop {
            break 'outer Client::new(); //~ FLAG reqwest verdict=wrapped_empty
        }
    };
    ClientBuilder::new(raw).build()
}
trait Locks<T> {
    fn lock(&self) -> T;
}
impl<T> Locks<T> for std::sync::Mutex<T> {
    fn lock(&self) -> T {
        std::sync::Mutex::lock(self).unwrap()
    }
}
fn behind_a_lock_that_a_trait_has_too() {
    let held = std::sync::Mutex::new(Client::new()); //~ FLAG reqwest verdict=unwrapped
    held.lock().unwrap().get("x").send();
}
