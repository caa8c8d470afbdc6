//! The forms in which a client can be made.
pub mod deep;
pub mod defaults;
pub mod hypers;
pub mod positions;
pub mod ureqs;
pub use reqwest::Client as Http;
use reqwest as r;
pub(crate) use self::inner::Hidden;
mod inner {
    pub(crate) type Hidden = ::reqwest::Client;
    pub(super) use ::reqwest::blocking as block;
}
pub fn f() {
    let _ = Http::new(); //~ FLAG reqwest
    let _ = r::Client::new(); //~ FLAG reqwest
    let _ = self::r::blocking::Client::new(); //~ FLAG reqwest
    let _ = Hidden::builder(); //~ FLAG reqwest
    let _ = inner::block::Client::new(); //~ FLAG reqwest
    let _ = crate::forms::Http::new(); //~ FLAG reqwest
    let _ = http_old::Client::new(); //~ FLAG reqwest
    let _ = reqwest_middleware::reqwest::Client::new(); //~ FLAG reqwest
    let _ = <reqwest::Client>::new(); //~ FLAG reqwest
    let _ = r#reqwest::Client::new(); //~ FLAG reqwest
}
pub fn block_scope() {
    use reqwest::Client;
    let _ = Client::new(); //~ FLAG reqwest
    {
        use reqwest::blocking::Client;
        let _ = Client::builder(); //~ FLAG reqwest
    }
    fn nested() {
        let _ = Hidden::new(); //~ FLAG reqwest
    }
    extern crate reqwest as again;
    let _ = again::Client::new(); //~ FLAG reqwest
}
