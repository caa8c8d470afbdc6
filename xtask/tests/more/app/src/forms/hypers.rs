//! hyper and hyper-util: clients, never servers.
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;
pub async fn f() {
    let _a = hyper::Client::new(); //~ FLAG hyper
    let _b = hyper::Client::builder().build_http(); //~ FLAG hyper
    let _c = hyper::Server::builder();
    let _d = hyper::Request::get("x");
    let _e = hyper::client::conn::http1::handshake(()).await; //~ FLAG hyper
    let _f = hyper::server::conn::http1::Builder::new();
    let _g = Client::builder(TokioExecutor::new()).build(()); //~ FLAG hyper-util
    let _h = Builder::new(TokioExecutor::new()); //~ FLAG hyper-util
    let _i = hyper_util::server::conn::auto::Builder::new(());
    use hyper::client::conn::http1;
    let _j = http1::handshake(()).await; //~ FLAG hyper
}
pub mod servers {
    use hyper_util::server::conn::auto::Builder;
    pub fn f() {
        let _ = Builder::new(());
    }
}
