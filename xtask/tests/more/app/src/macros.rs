//! Macros: arguments, bodies, items.
use reqwest::Client;
macro_rules! pass { ($($t:tt)*) => { $($t)* } }
macro_rules! with_arg {
    ($name:ident, $url:expr) => {
        let $name = reqwest::blocking::get($url); //~ FLAG reqwest
    };
    ($name:ident) => {
        let $name = $crate::forms::Http::new(); //~ FLAG reqwest
    };
}
macro_rules! items {
    ($($name:ident),*) => {
        $(
            fn $name() -> reqwest::Client {
                reqwest::Client::new() //~ FLAG reqwest
            }
        )*
    };
}
items!(one, two);
macro_rules! ty_macro { ($t:ty) => { <$t>::new() } }
macro_rules! wrapped {
    () => {
        reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(kit::Audit).build() //~ WRAPPED reqwest
    };
}
pass! {
    fn in_items() {
        let _ = Client::new(); //~ FLAG reqwest
    }
    mod inside {
        use reqwest::Client as Inside;
        pub fn f() {
            let _ = Inside::new(); //~ FLAG reqwest
        }
    }
}
macro_rules! either { (if $a:tt { $($x:tt)* } else { $($y:tt)* }) => { $($x)* } }
either! {
    if first {
        fn chosen() {
            let _ = Client::new(); //~ FLAG reqwest
        }
    } else {
        fn refused() {
            let _ = ureq::agent(); //~ FLAG ureq
        }
    }
}
macro_rules! arms { ($($p:pat => $e:expr),* $(,)?) => { $( if let $p = Some(1) { $e; } )* } }
pub fn f() {
    arms! {
        Some(1) => Client::new(), //~ FLAG reqwest
        _ => { let c = reqwest::ClientBuilder::new(); let _ = c.build(); }, //~ FLAG reqwest
    };
    pass!(let _ = Client::new();); //~ FLAG reqwest
    assert!(matches!(Client::builder().build(), Ok(_))); //~ FLAG reqwest
    let _ = format!("{:?}", Some(Client::new())); //~ FLAG reqwest
    let _ = dbg!(Client::new()); //~ FLAG reqwest
    let _ = std::convert::identity(pass!(Client::new())); //~ FLAG reqwest
    let _ = vec![(1, Client::new())]; //~ FLAG reqwest
    let _ = wrapped!();
    with_arg!(a, "x");
    let _ = concat!("reqwest::Client::new()");
    let _ = kit::kit_client!();
    pass! {
        pass! { let _ = Client::new(); } //~ FLAG reqwest
    }
}
