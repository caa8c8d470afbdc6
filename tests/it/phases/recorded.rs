//! What egret's measured client records of each call.
//! Never measures by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use egret::{Config, Egret, MemoryTransport, Tags};
use reqwest_middleware::ClientWithMiddleware;
use serde_json::Value;

use super::{Measured, Phases, Server};

/// A measured client that keeps its records.
pub(super) struct Recorded {
    egret: Egret,
    transport: MemoryTransport,
    client: ClientWithMiddleware,
    n_calls: AtomicU64,
}

impl Recorded {
    pub(super) fn new(server: &Server) -> Self {
        let transport = MemoryTransport::default();
        let config = Config::builder().flush_interval(Duration::from_millis(10)).build().unwrap();
        let egret = Egret::start_with(config, transport.clone()).unwrap();
        let builder = egret.reqwest_client().configure(|inner| server.trust(inner).http1_only());
        let client = builder.dns_resolver(server.resolver()).build().unwrap();
        Self { egret, transport, client, n_calls: AtomicU64::new(0) }
    }

    /// The record of one call.
    pub(super) async fn record(&self, url: &str) -> Value {
        let number = self.n_calls.fetch_add(1, Ordering::Relaxed).to_string();
        let tags = Tags::new().attribute("number", number.as_str());
        let response = self.client.get(url).with_extension(tags).send().await.unwrap();
        response.bytes().await.unwrap();
        self.egret.flush_async(Duration::from_secs(10)).await.unwrap();
        let mut calls = self.transport.calls().into_iter();
        calls.find(|call| call["attributes"]["number"] == number).expect("the call is recorded")
    }
}

impl Measured for Recorded {
    async fn call(&self, url: &str) -> Phases {
        let record = self.record(url).await;
        let phase = |name: &str| record[name].as_u64().map(Duration::from_nanos);
        let (dns, connect) = (phase("dns_ns"), phase("connect_ns"));
        let until_connected = dns.unwrap_or_default() + connect.unwrap_or_default();
        Phases {
            dns,
            connect,
            first_byte: phase("ttfb_ns").unwrap().saturating_sub(until_connected),
            body: phase("body_ns").unwrap(),
            reused: record["connection.reused"].as_bool().unwrap(),
        }
    }
}
