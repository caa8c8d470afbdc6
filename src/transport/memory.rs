//! Calls kept in memory, for users' tests.
//! Never leaves the process.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Sending, Transport, settled, values};
use crate::retry::Verdict;
use crate::stats::DropReason;

/// Keeps every call it is sent. Clones share what they keep.
#[derive(Debug, Clone, Default)]
pub struct MemoryTransport(Arc<Mutex<Vec<serde_json::Value>>>);

impl MemoryTransport {
    /// The calls so far, as JSON objects under OpenTelemetry's names.
    #[must_use]
    pub fn calls(&self) -> Vec<serde_json::Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for MemoryTransport {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        settled(match values(&batch) {
            Ok(values) => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(values);
                Verdict::Delivered
            }
            Err(_) => Verdict::Reject(DropReason::Rejected),
        })
    }
}
