//! One client under test in a process of its own, so that its CPU time and allocations are its own.
//! It never measures on its own account: it runs what it is told to, and answers in numbers.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The argument before the name of what a process is to test.
const ROLE: &str = "--arm";

/// The process, driven from outside. It ends with this value.
pub struct Arm {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// So many calls, so many of them at a time.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub concurrency: usize,
    pub n_calls: usize,
}

/// What calls cost.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub calls_per_second: f64,
    /// On all threads, until what was recorded has been delivered.
    pub cpu_ns_per_call: f64,
    pub allocations_per_call: f64,
    pub p50_ns: f64,
    pub p99_ns: f64,
}

impl Arm {
    /// Starts this very program to test `name` against the sink at `address`.
    pub fn start(name: &str, address: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([ROLE, name, address]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let orders = child.stdin.take().context("no way in")?;
        let answers = BufReader::new(child.stdout.take().context("no way out")?);
        Ok(Self { child, orders, answers })
    }

    /// Has it make calls.
    pub fn run(&mut self, order: Order) -> Result<Answer> {
        writeln!(self.orders, "{} {}", order.concurrency, order.n_calls)?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let numbers: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        let numbers = numbers.with_context(|| format!("no numbers: {line}"))?;
        ensure!(numbers.len() == 5, "the client under test has ended");
        Ok(Answer {
            calls_per_second: numbers[0],
            cpu_ns_per_call: numbers[1],
            allocations_per_call: numbers[2],
            p50_ns: numbers[3],
            p99_ns: numbers[4],
        })
    }
}

impl Drop for Arm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What this process is to test and the sink's address, if it is to test anything.
pub fn role() -> Option<(String, String)> {
    let mut arguments = std::env::args().skip(1);
    (arguments.next().as_deref() == Some(ROLE)).then_some(())?;
    Some((arguments.next()?, arguments.next()?))
}

/// Does what the other end of the pipe says until it is closed.
pub fn obey(mut run: impl FnMut(Order) -> Result<Answer>) -> Result<()> {
    for line in std::io::stdin().lines() {
        let line = line?;
        let (concurrency, n_calls) = line.split_once(' ').context("half an order")?;
        let order = Order { concurrency: concurrency.parse()?, n_calls: n_calls.parse()? };
        let answer = run(order)?;
        println!(
            "{} {} {} {} {}",
            answer.calls_per_second,
            answer.cpu_ns_per_call,
            answer.allocations_per_call,
            answer.p50_ns,
            answer.p99_ns
        );
    }
    Ok(())
}
