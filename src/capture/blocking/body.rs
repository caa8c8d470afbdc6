//! A request's body; readers are counted as reqwest reads them.
//! Never wraps bytes: what can be sent again stays what it is.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

/// [`reqwest::blocking::Body`], with a count of what has been read of it where it is a reader.
#[derive(Debug)]
pub struct Body {
    pub(super) inner: reqwest::blocking::Body,
    pub(super) n_read: Option<Arc<AtomicU64>>,
}

impl Body {
    /// [`reqwest::blocking::Body::new`].
    pub fn new<R: Read + Send + 'static>(reader: R) -> Self {
        Self::counted(reader, reqwest::blocking::Body::new)
    }

    /// [`reqwest::blocking::Body::sized`].
    pub fn sized<R: Read + Send + 'static>(reader: R, len: u64) -> Self {
        Self::counted(reader, |reader| reqwest::blocking::Body::sized(reader, len))
    }

    fn counted<R: Read>(
        inner: R,
        body: impl FnOnce(Counted<R>) -> reqwest::blocking::Body,
    ) -> Self {
        let n_read = Arc::<AtomicU64>::default();
        let inner = body(Counted { inner, n_read: Arc::clone(&n_read) });
        Self { inner, n_read: Some(n_read) }
    }

    /// [`reqwest::blocking::Body::as_bytes`].
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.inner.as_bytes()
    }

    /// [`reqwest::blocking::Body::buffer`].
    ///
    /// # Errors
    /// When the reader fails.
    pub fn buffer(&mut self) -> reqwest::Result<&[u8]> {
        self.inner.buffer()
    }
}

/// A reader that adds up what is read of it.
struct Counted<R> {
    inner: R,
    n_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_bytes = self.inner.read(buffer)?;
        self.n_read.fetch_add(n_bytes as u64, Ordering::Relaxed);
        Ok(n_bytes)
    }
}

impl From<reqwest::blocking::Body> for Body {
    /// If it is a reader, its size is not recorded.
    fn from(inner: reqwest::blocking::Body) -> Self {
        Self { inner, n_read: None }
    }
}

impl From<File> for Body {
    fn from(file: File) -> Self {
        match file.metadata() {
            Ok(metadata) => Self::sized(file, metadata.len()),
            Err(_) => Self::new(file),
        }
    }
}

macro_rules! from_bytes {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Body {
            fn from(bytes: $kind) -> Self {
                reqwest::blocking::Body::from(bytes).into()
            }
        })+
    };
}

from_bytes!(Vec<u8>, String, &'static [u8], &'static str, Bytes);
