//! A body that is watched while it is read, in the place of ureq's own.
//! Never decodes anything twice: what ureq has decoded is not told to be encoded.

use std::io::{self, Read};
use std::sync::LazyLock;

use ::ureq::{Body, BodyReader};

use super::classify::class_of_read;
use crate::capture::reading::Reading;

/// Whether ureq was built to turn texts into UTF-8.
static DECODES_TEXT: LazyLock<bool> = LazyLock::new(|| {
    let mut probe = Body::builder().mime_type("text/plain").charset("iso-8859-1").data([0xe9]);
    probe.with_config().read_to_vec().is_ok_and(|bytes| bytes.len() == 2)
});

/// Reads `inner` for whoever reads it.
struct Watched {
    inner: BodyReader<'static>,
    reading: Reading,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        self.reading.saw(buffer, &result, class_of_read);
        result
    }
}

/// The body with somebody watching.
pub(super) fn watched(body: Body, reading: Reading) -> Body {
    let mut builder = Body::builder();
    let is_text = body.mime_type().is_some_and(|mime_type| mime_type.starts_with("text/"));
    if let Some(mime_type) = body.mime_type() {
        builder = builder.mime_type(mime_type);
    }
    if let Some(charset) = body.charset() {
        let is_decoded = is_text && *DECODES_TEXT && !charset.eq_ignore_ascii_case("utf-8");
        builder = builder.charset(if is_decoded { "utf-8" } else { charset });
    }
    builder.reader(Watched { inner: body.into_reader(), reading })
}
