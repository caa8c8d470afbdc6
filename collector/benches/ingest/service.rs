//! A service that logs: threads that call `log()` at a pace, in a process of its own.
//! Never slows down: what egret cannot take is dropped and told.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use egret::{Call, Config, Egret};

/// The argument before what the service is told.
pub(crate) const ROLE: &str = "--service";

/// Threads that call.
const THREADS: usize = 2;

/// So many calls, whose paths differ, again and again.
const CALLS: usize = 1 << 16;

/// A thread calls as often as is due, and sleeps so long.
const PACE: Duration = Duration::from_millis(1);

/// How long egret may take for what waits at the end.
const FLUSH: Duration = Duration::from_secs(60);

const SHAPES: [(&str, &str, &str, &str, u16); 8] = [
    ("POST", "stripe", "https://api.stripe.com", "/v1/charges/{id}/capture", 200),
    ("GET", "github", "https://api.github.com", "/repos/acme/shop/issues/{id}", 200),
    ("POST", "sendgrid", "https://api.sendgrid.com", "/v3/mail/send", 202),
    ("GET", "maps", "https://maps.googleapis.com", "/maps/api/geocode/{id}", 200),
    ("GET", "graph", "https://graph.microsoft.com", "/v1.0/users/{id}/messages", 200),
    ("PUT", "storage", "https://storage.googleapis.com", "/upload/storage/v1/b/media/o/{id}", 404),
    ("DELETE", "twilio", "https://api.twilio.com", "/2010-04-01/Accounts/{id}/Messages", 204),
    ("POST", "openai", "https://api.openai.com", "/v1/chat/completions", 429),
];

/// The process, as the one that started it sees it.
pub(crate) struct Service {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What became of the calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) offered: u64,
    pub(crate) dropped: u64,
}

impl Service {
    /// Starts it, for the collector at an address; it waits to be told to call.
    pub(crate) fn start(address: &str, calls_a_second: u64, time: Duration) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([ROLE, address, &calls_a_second.to_string(), &time.as_secs().to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = child.stdin.take().context("no way in")?;
        let mut answers = BufReader::new(child.stdout.take().context("no way out")?);
        answers.read_line(&mut String::new())?;
        Ok(Self { child, orders, answers })
    }

    /// For `/proc`.
    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Has it call, and waits until egret has delivered what it took.
    pub(crate) fn run(&mut self) -> Result<Told> {
        self.orders.write_all(b"\n")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let (offered, dropped) = line.trim().split_once(' ').context("it said nothing")?;
        Ok(Told { offered: offered.parse()?, dropped: dropped.parse()? })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process does.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let [address, calls_a_second, seconds] = arguments else {
        anyhow::bail!("an address, a rate and seconds are told");
    };
    let (calls_a_second, seconds) = (calls_a_second.parse::<u64>()?, seconds.parse::<u64>()?);
    let config = Config::builder().collector_url(format!("http://{address}")).service_name("bench");
    let egret = egret::init(config.build()?)?;
    let urls: Vec<String> = (0..CALLS).map(url).collect();
    let mut line = String::new();
    println!("ready");
    std::io::stdin().read_line(&mut line)?;
    std::thread::scope(|scope| {
        for n in 0..THREADS {
            let (egret, urls) = (&egret, &urls);
            let rate = calls_a_second / THREADS as u64;
            scope.spawn(move || call(egret, urls, n, rate, Duration::from_secs(seconds)));
        }
    });
    egret.flush(FLUSH)?;
    let stats = egret.stats();
    ensure!(stats.sampled_out == 0, "calls were sampled out");
    let dropped = stats.dropped.total();
    println!("{} {dropped}", stats.offered);
    // Until its CPU is read.
    std::io::stdin().read_line(&mut line)?;
    Ok(())
}

fn url(n: usize) -> String {
    let (_, _, base, template, _) = SHAPES[n % SHAPES.len()];
    let id = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    format!("{base}{}", template.replace("{id}", &format!("{id:012x}")))
}

/// Calls as often as is due, for so long.
fn call(egret: &Egret, urls: &[String], first: usize, calls_a_second: u64, time: Duration) {
    let began = Instant::now();
    let mut n_called = 0;
    while began.elapsed() < time {
        let due = began.elapsed().as_nanos() * u128::from(calls_a_second) / 1_000_000_000;
        while n_called < due as u64 {
            let n = (n_called as usize * THREADS + first) % urls.len();
            let (method, target, _, template, status) = SHAPES[n % SHAPES.len()];
            let taken_us = 20_000 + (n_called.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44);
            egret.log(
                Call::new(method, &urls[n])
                    .target(target)
                    .template(template)
                    .status(status)
                    .duration(Duration::from_micros(taken_us))
                    .response_bytes(taken_us >> 4),
            );
            n_called += 1;
        }
        std::thread::sleep(PACE);
    }
}
