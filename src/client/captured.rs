//! The calls of a piece of code, for its tests.
//! Never mixes the calls of one thread with another's.

use std::cell::RefCell;
use std::time::Duration;

use super::Egret;
use crate::config::Config;
use crate::transport::MemoryTransport;

/// In memory nothing is waited for; this is for machines that are busy otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

thread_local! {
    static HANDLE: RefCell<Option<Egret>> = const { RefCell::new(None) };
}

/// The handle that stands in for the default on this thread, while [`captured`] runs.
pub(super) fn handle() -> Option<Egret> {
    HANDLE.try_with(|handle| handle.borrow().clone()).ok().flatten()
}

/// Puts back what stood there before, also when the code panics.
struct Restore(Option<Egret>);

impl Drop for Restore {
    fn drop(&mut self) {
        HANDLE.set(self.0.take());
    }
}

/// Runs `code` and returns its value and the calls that it recorded on this thread with the free
/// functions and with clients of [`wrap`](crate::wrap), whether or not there is a default.
///
/// ```
/// let ((), calls) = egret::captured(|| {
///     egret::log(egret::Call::new("GET", "https://api.example.com/items/17").status(200));
/// });
/// assert_eq!(calls[0]["url.path"], "/items/17");
/// ```
pub fn captured<T>(code: impl FnOnce() -> T) -> (T, Vec<serde_json::Value>) {
    let transport = MemoryTransport::default();
    let egret = Config::builder()
        .build()
        .ok()
        .and_then(|config| Egret::start_with(config, transport.clone()).ok())
        .unwrap_or_else(Egret::disabled);
    let restore = Restore(HANDLE.replace(Some(egret.clone())));
    let value = code();
    drop(restore);
    // In memory everything arrives; a thread that could not be had leaves nothing to wait for.
    let _ = egret.shutdown(DEADLINE);
    (value, transport.calls())
}
