//! Reads a body within its bounds: bytes, time, and what all bodies may hold together.
//! It never keeps a byte of a body that is too large.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::problem::Problem;

/// Of a refused body, so much is still received, for so long, and thrown away.
const DISCARD_BYTES: usize = 16 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// The bounds of one body.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) n_bytes: usize,
    pub(super) time: Duration,
    /// Permits for the bytes of all bodies together.
    pub(super) in_flight: Arc<Semaphore>,
}

/// A body, and the permits for its bytes for as long as it is held.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) permits: Option<OwnedSemaphorePermit>,
}

/// The whole body.
pub(super) async fn read(mut body: Body, bounds: &Bounds) -> Result<Held, Problem> {
    let read = timeout(bounds.time, collect(&mut body, bounds)).await;
    let result = read.unwrap_or_else(|_| {
        let seconds = bounds.time.as_secs_f64();
        let detail = format!("the whole body must arrive within {seconds} seconds");
        Err(Problem::too_slow(detail))
    });
    if result.is_err() {
        discard(body);
    }
    result
}

/// Receives what is left of a refused body while the refusal is on its way. A connection that is
/// closed with bytes unread is reset, and the reset can overtake the refusal: the sender would
/// see a broken connection and send the same again, instead of being told what is wrong.
pub(super) fn discard(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    tokio::spawn(timeout(DISCARD_TIME, async move {
        let mut n_bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            n_bytes += frame.data_ref().map_or(0, Bytes::len);
            if n_bytes > DISCARD_BYTES {
                return;
            }
        }
    }));
}

async fn collect(body: &mut Body, bounds: &Bounds) -> Result<Held, Problem> {
    let limit = bounds.n_bytes;
    let too_large =
        || Problem::too_large(format!("a body may have {limit} bytes; send fewer records"));
    // What the sender announces is refused before a byte of it is read.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut chunks: Vec<Bytes> = Vec::new();
    let mut n_bytes = 0;
    let mut permits: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Problem::malformed(format!("the body broke off: {error}")))?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        n_bytes += chunk.len();
        if n_bytes > limit {
            return Err(too_large());
        }
        hold(&mut permits, &chunk, &bounds.in_flight)?;
        chunks.push(chunk);
    }
    let bytes = join(&chunks, n_bytes);
    Ok(Held { bytes, permits })
}

fn hold(
    permits: &mut Option<OwnedSemaphorePermit>,
    chunk: &Bytes,
    in_flight: &Arc<Semaphore>,
) -> Result<(), Problem> {
    let n_permits = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
    let more = Arc::clone(in_flight)
        .try_acquire_many_owned(n_permits)
        .map_err(|_| Problem::unavailable("the collector is receiving as much as it may hold"))?;
    match permits {
        Some(permits) => permits.merge(more),
        None => *permits = Some(more),
    }
    Ok(())
}

/// Copied also when it is one piece: a piece holds on to the whole buffer of its connection.
fn join(chunks: &[Bytes], n_bytes: usize) -> Bytes {
    let mut joined = BytesMut::with_capacity(n_bytes);
    chunks.iter().for_each(|chunk| joined.extend_from_slice(chunk));
    joined.freeze()
}
