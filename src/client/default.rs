//! The process's default handle and the free functions that use it.
//! Never replaces a default that is set.

use std::panic::Location;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use once_cell::sync::OnceCell;

use super::{Egret, REQWEST};
use crate::capture::{self, Call, Middleware, Observed, Recorder, ReqwestBuilder, Source, Stack};
use crate::config::{Config, ConfigError};
use crate::stats::Stats;
use crate::transport::Checkup;
use crate::worker::{StartError, Unflushed};

static DEFAULT: OnceCell<Egret> = OnceCell::new();

/// Where clients were wrapped before there was a default, at most [`MAX_EARLY`].
static EARLY: Mutex<Vec<(&'static str, &'static Location<'static>)>> = Mutex::new(Vec::new());

const MAX_EARLY: usize = 256;

/// Why the default could not be set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// It is set already, and stays as it is.
    #[error("egret is initialised already; call `init` once, at start-up")]
    Twice,
    /// The thread could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Starts egret and makes it the process's default, which [`wrap`], [`log`] and the other free
/// functions use.
///
/// # Errors
/// When a default is set already, or the thread cannot be started.
pub fn init(config: Config) -> Result<Egret, InitError> {
    let mut is_new = false;
    let egret = DEFAULT.get_or_try_init(|| {
        is_new = true;
        Egret::start(config)
    })?;
    if !is_new {
        return Err(InitError::Twice);
    }
    let early = std::mem::take(&mut *EARLY.lock().unwrap_or_else(PoisonError::into_inner));
    early.into_iter().for_each(|(client, location)| egret.note_wrap(client, location));
    Ok(egret.clone())
}

/// As [`init`], for services that must start whatever happens: an error is logged through
/// `tracing`, and egret stays quiet.
pub fn init_or_disabled(config: Result<Config, ConfigError>) -> Egret {
    let started = match config {
        Ok(config) => init(config).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    started.unwrap_or_else(|problem| {
        tracing::error!(target: "egret", "calls are not recorded: {problem}");
        Egret::disabled()
    })
}

/// Hands the default to `act`, if it is set; without a clone, for `log` is called often.
fn with_current<T>(act: impl FnOnce(&Egret) -> T) -> Option<T> {
    #[cfg(feature = "test-util")]
    if let Some(egret) = super::captured::handle() {
        return Some(act(&egret));
    }
    DEFAULT.get().map(act)
}

fn current() -> Option<Egret> {
    with_current(Egret::clone)
}

pub(super) fn recorder() -> Option<Recorder> {
    with_current(Egret::recorder).flatten()
}

/// Wraps a client, so that every call through it is recorded by the default; also when the default
/// is set only later.
#[must_use]
#[track_caller]
pub fn wrap(client: reqwest::Client) -> reqwest_middleware::ClientWithMiddleware {
    Middleware::wrap(noted(REQWEST, Location::caller()), client)
}

/// Begins a stack of middlewares with egret around and within it, so that the attempts of a retry
/// are told from the call that they belong to.
///
/// ```no_run
/// # fn build(retry: impl reqwest_middleware::Middleware) -> reqwest_middleware::ClientWithMiddleware {
/// egret::stack(reqwest::Client::new()).with(retry).build()
/// # }
/// ```
#[track_caller]
pub fn stack(client: reqwest::Client) -> Stack {
    Stack::new(client, middleware())
}

/// `reqwest`'s client builder for a client that also measures name resolution, connects and their
/// reuse.
#[track_caller]
pub fn reqwest_client() -> ReqwestBuilder {
    ReqwestBuilder::new(noted(REQWEST, Location::caller()))
}

/// The middleware for who builds a stack of their own.
#[must_use]
#[track_caller]
pub fn middleware() -> Middleware {
    Middleware::new(noted(REQWEST, Location::caller()))
}

/// The default as the source of a client's records. Notes the client, and where it is.
pub(crate) fn noted(client: &'static str, location: &'static Location<'static>) -> Source {
    note_wrap(client, location);
    Source::Default(recorder)
}

fn note_wrap(client: &'static str, location: &'static Location<'static>) {
    if let Some(egret) = current() {
        return egret.note_wrap(client, location);
    }
    let mut early = EARLY.lock().unwrap_or_else(PoisonError::into_inner);
    if early.len() < MAX_EARLY {
        early.push((client, location));
    }
}

/// Records a call with the default. From any thread, with or without a runtime.
pub fn log(call: Call<'_>) {
    // Without a default there is nobody to record it.
    let _ = with_current(|egret| egret.log(call));
}

/// Runs `call`, times it and records it as a call to `target`.
///
/// ```
/// let charge: Result<u64, std::io::Error> = egret::observe("stripe", || Ok(42));
/// ```
pub fn observe<R: Observed>(target: &str, call: impl FnOnce() -> R) -> R {
    capture::observe(recorder(), target, call)
}

/// Awaits `call`, times it and records it as a call to `target`.
pub async fn observe_async<R: Observed>(target: &str, call: impl Future<Output = R>) -> R {
    capture::observe_async(recorder(), target, call).await
}

/// Tries the way to the collector that the environment names, step by step, and says in plain
/// words what works and what does not.
pub async fn doctor() -> Checkup {
    match Config::from_env() {
        Ok(config) => Egret::doctor(&config).await,
        Err(error) => {
            let mut checkup = Checkup::default();
            checkup.fails("config", error.to_string());
            checkup
        }
    }
}

/// Where every record of the default is. All zero before [`init`].
#[must_use]
pub fn stats() -> Stats {
    with_current(Egret::stats).unwrap_or_default()
}

/// [`Egret::flush`] of the default.
///
/// # Errors
/// When the deadline passed first.
pub fn flush(deadline: Duration) -> Result<(), Unflushed> {
    current().map_or(Ok(()), |egret| egret.flush(deadline))
}

/// [`Egret::flush_async`] of the default.
///
/// # Errors
/// When the deadline passed first.
pub async fn flush_async(deadline: Duration) -> Result<(), Unflushed> {
    match current() {
        Some(egret) => egret.flush_async(deadline).await,
        None => Ok(()),
    }
}

/// [`Egret::shutdown`] of the default.
///
/// # Errors
/// When the deadline passed before everything was delivered.
pub fn shutdown(deadline: Duration) -> Result<(), Unflushed> {
    current().map_or(Ok(()), |egret| egret.shutdown(deadline))
}

/// [`Egret::shutdown_async`] of the default.
///
/// # Errors
/// When the deadline passed before everything was delivered.
pub async fn shutdown_async(deadline: Duration) -> Result<(), Unflushed> {
    match current() {
        Some(egret) => egret.shutdown_async(deadline).await,
        None => Ok(()),
    }
}
