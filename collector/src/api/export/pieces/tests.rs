//! A body is whole only when its writer said so.
//! They never ask a store.

use http_body_util::BodyExt;

use super::*;

/// The bytes that come out of what a thread writes; `None` when the body breaks off.
async fn written(write: impl FnOnce(Pieces) + Send + 'static) -> Option<usize> {
    let (out, _began, body) = pieces();
    let thread = tokio::task::spawn_blocking(move || write(out));
    let collected = body.collect().await;
    // A panic is what some of them are about.
    let _ = thread.await;
    collected.ok().map(|collected| collected.to_bytes().len())
}

#[tokio::test]
async fn what_is_ended_is_whole() {
    let n_bytes = 3 * PIECE_BYTES + 7;
    let whole = written(move |mut out| {
        for _ in 0..n_bytes {
            out.write_all(b"x").unwrap();
        }
        out.end().unwrap();
    });
    assert_eq!(whole.await, Some(n_bytes));
    assert_eq!(written(|out| out.end().unwrap()).await, Some(0));
}

#[tokio::test]
async fn what_is_not_ended_breaks_off() {
    assert_eq!(written(|mut out| out.write_all(b"x").unwrap()).await, None);
    let panics = written(|mut out| {
        out.write_all(&[0; PIECE_BYTES]).unwrap();
        panic!("as an export might");
    });
    assert_eq!(panics.await, None);
}

#[tokio::test]
async fn a_reader_that_is_gone_ends_the_writing() {
    let (mut out, began, body) = pieces();
    drop((began, body));
    let thread = tokio::task::spawn_blocking(move || {
        let failed = out.write_all(&[0; PIECE_BYTES]).unwrap_err();
        (failed.kind(), out.is_left_alone())
    });
    assert_eq!(thread.await.unwrap(), (io::ErrorKind::BrokenPipe, true));
}
