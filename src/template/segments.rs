//! A path's segments.
//! Never anything else than `path.split('/')`, only sooner.

/// What stands before, between and behind the slashes.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(b'/', path.as_bytes()).chain([path.len()]);
    let mut start = 0;
    ends.map(move |end| {
        let segment = &path[start..end];
        start = end + 1;
        segment
    })
}
