//! `log()` and `observe()` around an SDK that brings its own way to the network.
//! Never needs a runtime: everything here happens on plain threads.
//!
//! `cargo run --release --example manual_log` sends to the collector of `EGRET_COLLECTOR_URL`;
//! with `-- --once` it brings its own and checks what arrived.

#![allow(clippy::print_stdout, reason = "an example that shows what it did")]
#![allow(clippy::disallowed_methods, reason = "a service reads the clock where it likes")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Result, ensure};
use egret::{Call, Config};

/// Mails that are sent.
const N_MAILS: u64 = 20;

/// Somebody's SDK: it speaks to its server over a socket of its own.
struct MailSdk {
    server: SocketAddr,
}

impl MailSdk {
    fn send(&self, to: &str) -> std::io::Result<u16> {
        let mut stream = TcpStream::connect(self.server)?;
        let request = format!("POST /v3/mail?to={to} HTTP/1.1\r\nhost: mail\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| std::io::Error::other("not an HTTP answer"))
    }
}

fn main() -> Result<()> {
    let is_once = std::env::args().any(|argument| argument == "--once");
    let runtime = tokio::runtime::Runtime::new()?;
    let collector = match is_once {
        true => Some(runtime.block_on(egret_collector::Collector::bind("127.0.0.1:0"))?),
        false => None,
    };
    let mut config = Config::builder().env().service_name("manual-log");
    if let Some(collector) = &collector {
        config = config.collector_url(collector.url());
    }
    let egret = egret::init(config.build()?)?;
    let _guard = egret.guard();

    let server = start_mail_server()?;
    let worker = std::thread::Builder::new().spawn(move || send_mails(&MailSdk { server }))?;
    worker.join().map_err(|_| anyhow::anyhow!("the mail thread panicked"))??;

    egret.flush(Duration::from_secs(5))?;
    let stats = egret.stats();
    println!("offered {}, delivered {}", stats.offered, stats.delivered);
    ensure!(stats.delivered == 2 * N_MAILS, "not all calls arrived: {stats:?}");
    if let Some(collector) = collector {
        runtime.block_on(print_calls(&collector.url()))?;
        runtime.block_on(collector.shutdown());
    }
    Ok(())
}

fn send_mails(sdk: &MailSdk) -> Result<()> {
    for n in 0..N_MAILS {
        // By hand, where everything about the call is known...
        let timer = egret::Timer::start();
        let result = sdk.send(&format!("user{n}@example.com"));
        let call = Call::new("POST", "https://mail.example.com/v3/mail").target("mail");
        egret::log(match &result {
            Ok(status) => call.status(*status).timed(timer),
            Err(_) => call.error("io").timed(timer),
        });
        // ...or timed around the SDK's own function, where it is not.
        egret::observe("mail", || sdk.send("ann@example.com"))?;
    }
    Ok(())
}

/// Answers each connection with 202.
fn start_mail_server() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::Builder::new().spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
        }
    })?;
    Ok(address)
}

async fn print_calls(collector: &str) -> Result<()> {
    let answer = reqwest::get(format!("{collector}/api/v1/calls?limit=2")).await?;
    let answer: serde_json::Value = answer.error_for_status()?.json().await?;
    println!("The newest two at the collector:\n{:#}", answer["calls"]);
    Ok(())
}
