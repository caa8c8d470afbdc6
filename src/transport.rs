//! How batches leave the process: the trait and the ways out.
//! Never decides what becomes of a batch: it says what the other side answered.

mod checkup;
mod file;
mod http;
#[cfg(feature = "test-util")]
mod memory;
#[cfg(feature = "otlp")]
mod otlp;
mod several;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub(crate) use checkup::check;
pub use checkup::{Checkup, Step};
pub use file::{FileTransport, StdoutTransport};
pub(crate) use http::HttpTransport;
#[cfg(feature = "test-util")]
pub use memory::MemoryTransport;
#[cfg(feature = "otlp")]
pub use otlp::{OtlpBuilder, OtlpCounts, OtlpError, OtlpTransport};
pub use several::SeveralTransports;

use crate::codec::{Batch, CallColumn, DecodeError, Limits, ndjson};
use crate::retry::Verdict;

/// What a transport answers with.
pub type Sending = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// Takes batches to wherever they go. Called by egret's own thread, one batch at a time.
///
/// A batch is whole and self-contained (see [`codec`](crate::codec)). The future runs on a
/// current-thread tokio runtime of egret's own, with time and I/O enabled; it may be dropped at
/// the deadline of a shutdown. A batch that was not delivered comes
/// again, with the same bytes.
pub trait Transport: Send + Sync + 'static {
    /// Sends one batch.
    fn send(&self, batch: Arc<[u8]>) -> Sending;
}

/// A verdict that is there already.
fn settled(verdict: Verdict) -> Sending {
    Box::pin(std::future::ready(verdict))
}

/// The calls of a batch of our own making as JSON values, under the conventions' names.
fn values(batch: &[u8]) -> Result<Vec<serde_json::Value>, DecodeError> {
    let batch = Batch::open(batch, &Limits::default())?;
    let calls = batch.calls(CallColumn::ALL)?;
    // A record always has a JSON form; `null` would stand for one that has not.
    let value = |row| ndjson::to_value(&calls.record(row)).unwrap_or_default();
    Ok((0..calls.len()).map(value).collect())
}
