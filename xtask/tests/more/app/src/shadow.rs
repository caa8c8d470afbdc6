//! Names that hide others.
mod reqwest_like {
    pub struct Client;
    impl Client {
        pub fn new() -> Self {
            Client
        }
    }
    pub fn get(_: &str) {}
}
mod local_first {
    use super::reqwest_like::*;
    use reqwest::get;
    fn f() {
        let _ = Client::new();
        let _ = get("x"); //~ FLAG reqwest
    }
}
mod explicit_wins {
    use super::reqwest_like::Client;
    use reqwest::*;
    fn f() {
        let _ = Client::new();
        let _ = ClientBuilder::new(); //~ FLAG reqwest
    }
}
mod own_module {
    pub mod reqwest {
        pub struct Client;
        impl Client {
            pub fn new() -> Self {
                Client
            }
        }
        pub fn get(_: &str) {}
    }
    fn f() {
        let _ = self::reqwest::Client::new();
        let _ = ::reqwest::Client::new(); //~ FLAG reqwest
        let _ = reqwest::Client::new();
        reqwest::get("x");
    }
}
mod block_items {
    use reqwest::Client;
    fn f() {
        struct Client2;
        let _ = Client::new(); //~ FLAG reqwest
        {
            struct Client;
            impl Client {
                fn new() -> Self {
                    Client
                }
            }
            let _ = Client::new();
        }
        let _ = Client::new(); //~ FLAG reqwest
    }
    fn g() {
        fn get(_: &str) {}
        get("x");
        let fetch = |_: &str| ();
        fetch("x");
    }
}
mod locals {
    use reqwest::get;
    fn f(get: fn(&str)) {
        get("x");
    }
    fn g() {
        let _ = get("x"); //~ FLAG reqwest
        let get = |_: &str| 1;
        let _ = get("x");
    }
}
mod generics {
    pub trait New {
        fn new() -> Self;
    }
    fn f<Client: New>() -> Client {
        Client::new()
    }
    struct Holder<Client>(Client);
    impl<Client: New> Holder<Client> {
        fn g() -> Client {
            Client::new()
        }
    }
}
mod private_is_not_seen {
    mod a {
        use reqwest::Client;
        pub fn f(_: Client) {}
    }
    mod b {
        pub struct Client;
        impl Client {
            pub fn new() -> Self {
                Client
            }
        }
    }
    use a::*;
    use b::*;
    fn f() {
        let _ = Client::new();
    }
}
mod derived_locals {
    #[derive(Default)]
    pub struct Client;
    #[derive(Default)]
    pub struct Holder {
        client: Client,
    }
    fn f() {
        let _ = Client::default();
        let _: Client = Default::default();
    }
}
