//! The thread that puts what is stored into an order that is better to search, behind the one that
//! stores.
//! It never holds the pipeline up: it works in steps of its own, and stops between two batches.
//!
//! It has a thread because a step takes a quarter of a second of computing, and a busy hour hundreds of
//! steps: on the pipeline's own, whatever comes would wait that long for its place in the store; beside
//! it, storing waits only while a step commits.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::unix_now_ns;
use crate::store::{Regroup, Step};

/// How often it looks whether an hour has closed; also the pause after a failure.
const LOOK: Duration = Duration::from_secs(30);

/// The running thread. Dropped, it ends after the batch at hand, and is waited for.
#[derive(Debug)]
pub(super) struct Regrouping {
    stopped: Arc<AtomicBool>,
    /// Dropped, it ends the thread's pause.
    wake: Option<Sender<std::convert::Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Regrouping {
    pub(super) fn start(mut work: Box<dyn Regroup>) -> io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (wake, woken) = channel();
        let is_stopped = Arc::clone(&stopped);
        let run = move || {
            let go_on = || !is_stopped.load(Ordering::Relaxed);
            while go_on() {
                match work.step(unix_now_ns(), &go_on) {
                    Ok(Step::Regrouped { n_calls }) => {
                        tracing::debug!(n_calls, "calls are regrouped");
                        continue;
                    }
                    Ok(Step::Nothing | Step::Stopped) => {}
                    Err(error) => {
                        let error: &dyn Error = &error;
                        tracing::error!(error, "cannot regroup calls; they stay as they are");
                    }
                }
                if woken.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("egret-regroup".to_owned()).spawn(run)?;
        Ok(Self { stopped, wake: Some(wake), thread: Some(thread) })
    }
}

impl Drop for Regrouping {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.wake.take();
        if let Some(thread) = self.thread.take() {
            // It panicked; the panic is told already, and what it did is all or nothing.
            let _ = thread.join();
        }
    }
}
