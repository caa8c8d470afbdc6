//! Decompresses bodies within bounds.
//! It never makes more of a body than the limit, however small the body is.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

use super::{Compression, IngestLimits, Refusal};

/// The largest window of a frame, as a power of two: 8 MiB.
const WINDOW_LOG: u32 = 23;

/// How zstd says that a window is too large; it has a number for it that its reader does not tell.
const WINDOW_TOO_LARGE: &str = "Frame requires too much memory for decoding";

/// The text of a body.
pub(super) fn text<'b>(
    compression: Compression,
    body: &'b [u8],
    limits: &IngestLimits,
) -> Result<Cow<'b, str>, Refusal> {
    match bytes(compression, body, limits)? {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(not_utf8),
        Cow::Owned(bytes) => owned(bytes),
    }
}

/// The bytes of a body.
pub(super) fn bytes<'b>(
    compression: Compression,
    body: &'b [u8],
    limits: &IngestLimits,
) -> Result<Cow<'b, [u8]>, Refusal> {
    let limit = limits.n_decoded_bytes;
    let damaged = |name| {
        move |error: io::Error| match error.to_string().contains(WINDOW_TOO_LARGE) {
            true => Refusal::Window(format!(
                "the {name} body needs a window of more than {} bytes; compress it at a lower \
                 level, or without long-distance matching",
                1_u32 << WINDOW_LOG
            )),
            false => Refusal::Malformed(format!("damaged {name} body: {error}")),
        }
    };
    let bytes = match compression {
        Compression::Identity => return Ok(Cow::Borrowed(body)),
        Compression::Gzip => bounded(MultiGzDecoder::new(body), limit, damaged("gzip"))?,
        Compression::Zstd => zstd_reader(body)
            .map_err(damaged("zstd"))
            .and_then(|reader| bounded(reader, limit, damaged("zstd")))?,
    };
    Ok(Cow::Owned(bytes))
}

fn zstd_reader(body: &[u8]) -> io::Result<impl Read> {
    let mut reader = Decoder::with_buffer(body)?;
    reader.window_log_max(WINDOW_LOG)?;
    Ok(reader)
}

fn bounded(
    reader: impl Read,
    limit: usize,
    damaged: impl Fn(io::Error) -> Refusal,
) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    // One byte more than allowed, so that too much is told from exactly enough.
    let mut reader = reader.take((limit as u64).saturating_add(1));
    reader.read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() > limit {
        return Err(Refusal::TooLarge(format!(
            "the body decompresses to more than the limit of {limit} bytes; send fewer records"
        )));
    }
    Ok(bytes)
}

fn owned(bytes: Vec<u8>) -> Result<Cow<'static, str>, Refusal> {
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(error.utf8_error()))?;
    Ok(Cow::Owned(text))
}

fn not_utf8(error: std::str::Utf8Error) -> Refusal {
    Refusal::Malformed(format!("the lines are not UTF-8: {error}"))
}
