//! Makes whole calls: a request, its answer's head, its body to the end.
//! It never retries, and one failed call fails the run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest_middleware::ClientWithMiddleware;

use crate::alloc::n_allocations_of_all;
use crate::arm::{Answer, Order};
use crate::calls::samples;
use crate::cpu;

/// A client as its user holds it.
#[derive(Clone)]
pub enum Client {
    Plain(reqwest::Client),
    Wrapped(ClientWithMiddleware),
    DropIn(egret::http::Client),
}

/// Calls one server with one client.
pub struct Caller {
    client: Client,
    urls: Arc<[String]>,
    runtime: tokio::runtime::Runtime,
    settle: Box<dyn Fn() -> Result<()>>,
}

impl Caller {
    /// `settle` returns when what was recorded has been delivered.
    pub fn new(
        address: &str,
        client: Client,
        runtime: tokio::runtime::Runtime,
        settle: Box<dyn Fn() -> Result<()>>,
    ) -> Self {
        let path = |url: &str| url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        let urls = samples(4_096)
            .iter()
            .map(|sample| format!("http://{address}/call/{}", path(&sample.url)))
            .collect();
        Self { client, urls, runtime, settle }
    }

    /// Makes the calls and says what they cost, the delivery of their records included.
    pub fn run(&self, order: Order) -> Result<Answer> {
        let n_each = order.n_calls / order.concurrency;
        let n_calls = (n_each * order.concurrency) as f64;
        let (cpu_before, n_before) = (cpu::used()?, n_allocations_of_all());
        let begin = Instant::now();
        let mut latencies = self.runtime.block_on(self.call(order.concurrency, n_each))?;
        let wall = begin.elapsed();
        (self.settle)()?;
        let cpu = cpu::used()? - cpu_before;
        let n_allocations = n_allocations_of_all() - n_before;
        latencies.sort_unstable();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
        Ok(Answer {
            calls_per_second: n_calls / wall.as_secs_f64(),
            cpu_ns_per_call: cpu.as_nanos() as f64 / n_calls,
            allocations_per_call: n_allocations as f64 / n_calls,
            p50_ns: at(0.5).as_nanos() as f64,
            p99_ns: at(0.99).as_nanos() as f64,
        })
    }

    async fn call(&self, concurrency: usize, n_each: usize) -> Result<Vec<Duration>> {
        let tasks: Vec<_> = (0..concurrency)
            .map(|task| {
                let (client, urls) = (self.client.clone(), Arc::clone(&self.urls));
                tokio::spawn(async move {
                    let mut latencies = Vec::with_capacity(n_each);
                    for n in 0..n_each {
                        let url = &urls[(task * 61 + n) % urls.len()];
                        let start = Instant::now();
                        one(&client, url).await?;
                        latencies.push(start.elapsed());
                    }
                    anyhow::Ok(latencies)
                })
            })
            .collect();
        let mut latencies = Vec::with_capacity(concurrency * n_each);
        for task in tasks {
            latencies.append(&mut task.await.context("a caller panicked")??);
        }
        Ok(latencies)
    }
}

async fn one(client: &Client, url: &str) -> Result<()> {
    let response = match client {
        Client::Plain(client) => client.get(url).send().await?,
        Client::Wrapped(client) => client.get(url).send().await?,
        Client::DropIn(client) => client.get(url).send().await?,
    };
    let body = response.bytes().await?;
    ensure!(!body.is_empty(), "an answer without a body");
    Ok(())
}
