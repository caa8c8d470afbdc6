//! The receiving side: the real program, or the floor, each in a process of its own.
//! Never shares a process with the sender, so that each side's CPU is its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::sender;

/// What `/proc` counts CPU in on every Linux of today.
const TICKS_PER_SECOND: u64 = 100;

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// Removed at last.
    _dir: TempDir,
}

impl Server {
    /// The collector, as it is installed: every default, full durability.
    pub(crate) fn collector() -> Result<Self> {
        Self::start(env!("CARGO_BIN_EXE_egret-collector").as_ref(), |command, dir| {
            command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir);
        })
    }

    /// Receive and append.
    pub(crate) fn floor() -> Result<Self> {
        let program = std::env::current_exe()?;
        Self::start(&program, |command, dir| {
            command.arg("--floor").arg(dir);
        })
    }

    fn start(program: &Path, arguments: impl FnOnce(&mut Command, &Path)) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut command = Command::new(program);
        arguments(&mut command, dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the server")?;
        let mut stderr = BufReader::new(child.stderr.take().context("no stderr")?);
        let mut line = String::new();
        stderr.read_line(&mut line)?;
        let address = line.split_once("listening on http://").context("it does not listen")?.1;
        let address = address.trim().to_owned();
        // What else it says is shown, and never blocks it.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::stderr()));
        Ok(Self { child, address, _dir: dir })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// CPU that it has used, in user and system mode.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu(&self.child.id().to_string())
    }

    /// Asks until so many calls are counted; what is counted when it takes too long.
    pub(crate) fn wait_for_count(&self, expected: u64) -> Result<u64> {
        let began = Instant::now();
        loop {
            let summary = sender::get(&self.address, "/api/v1/summary?from=0")?;
            let summary: serde_json::Value = serde_json::from_str(&summary)?;
            let counted = summary["count"].as_u64().context("no count")?;
            if counted >= expected || began.elapsed() > Duration::from_secs(60) {
                return Ok(counted);
            }
            // Asking costs CPU too, which nobody who only sends would cause.
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU of a process, `self` for ours.
pub(crate) fn cpu(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))
        .context("CPU is read from /proc, which this system has not")?;
    // The name, in parentheses, may have spaces.
    let Some((_, fields)) = stat.rsplit_once(')') else {
        bail!("/proc/{process}/stat cannot be read");
    };
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks = ticks.sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}
