//! The real program: its start, its settings, its lock; and the means to kill it.
//! It never waits by the clock: it waits for what the program says.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};

use crate::fixture::{Client, answer};

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret-collector"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A running collector, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Kept open, so that the program can always write its log.
    stderr: BufReader<ChildStderr>,
    pub(crate) url: String,
}

impl Server {
    /// Starts one, and waits until it listens.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, |command| command)
    }

    pub(crate) fn start_with(
        data_dir: &Path,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        change(&mut command);
        Self::started(command)
    }

    /// Runs a command that becomes a collector, and waits until it listens.
    pub(crate) fn started(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        // It may tell first what it found.
        let mut log = String::new();
        let url = loop {
            let before = log.len();
            assert!(stderr.read_line(&mut log).unwrap() > 0, "it ended: {log}");
            if let Some((_, url)) = log[before..].split_once("listening on ") {
                break url.to_owned();
            }
        };
        Self { child, stderr, url: url.trim().to_owned() }
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; what it said last, too.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(change: impl FnOnce(&mut Command) -> &mut Command) -> (Option<i32>, String) {
    let mut command = program();
    let Output { status, stderr, .. } = change(&mut command).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn bad_settings_are_all_told_and_nothing_starts() {
    let (code, log) = run(|command| {
        command
            .args(["serve", "--listen", "4750", "--queue-bytes", "many"])
            .env("EGRET_COLLECTOR_RETENTION_DAYS", "-1")
    });
    assert_eq!(code, Some(1));
    for says in [
        "--listen is \"4750\", but must be an address with a port",
        "--queue-bytes is \"many\", but must be a whole number, 1 or more",
        "EGRET_COLLECTOR_RETENTION_DAYS is \"-1\", but must be a whole number from 0 to 36500",
    ] {
        assert!(log.contains(says), "{log} does not say {says}");
    }
}

#[test]
fn an_open_address_without_tokens_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (code, log) = run(|command| {
        command.args(["serve", "--listen", "0.0.0.0:0", "--data-dir"]).arg(dir.path())
    });
    assert_eq!(code, Some(1));
    assert!(log.contains("set tokens (EGRET_COLLECTOR_TOKENS, --token-file"), "{log}");
}

#[test]
fn a_second_collector_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (code, log) = run(|command| {
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path())
    });
    assert_eq!(code, Some(1));
    assert!(log.contains("is in use by another egret-collector"), "{log}");
    server.signal("INT");
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
}

#[tokio::test]
async fn refused_tokens_are_logged_once_and_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let server =
        Server::start_with(dir.path(), |command| command.env("EGRET_COLLECTOR_TOKENS", "right"));
    let client = Client::new(&server.url).with_token("not-the-right-one");
    for _ in 0..5 {
        let get = client.request(reqwest::Method::GET, "/api/v1/calls?host=private");
        assert_eq!(answer(get).await.0, 401);
    }
    server.signal("INT");
    let (_, log) = server.wait();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("no valid token")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains("WARN") && told[0].contains("/api/v1/calls"), "{log}");
    assert!(told[0].contains("n_refused=1"), "{log}");
    assert!(!log.contains("not-the-right-one") && !log.contains("private"), "{log}");
}
