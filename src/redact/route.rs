//! Takes values out of a path whose template calls them secrets.
//! Never guesses: where path and template differ in their shape, the path stays as it is.

use super::{REDACTED, is_sensitive_key};

/// The path with [`REDACTED`] in place of each segment whose placeholder has a sensitive name, as in
/// `/invite/{token}`; `None` where there is none.
#[must_use]
pub fn path_by_template(path: &str, template: &str) -> Option<String> {
    if !template.contains('{') {
        return None;
    }
    let segments = || path.split('/').zip(template.split('/'));
    let fits = path.split('/').count() == template.split('/').count();
    if !fits || !segments().any(|(_, known)| is_secret(known)) {
        return None;
    }
    let masked =
        segments().map(|(segment, known)| if is_secret(known) { REDACTED } else { segment });
    Some(masked.collect::<Vec<_>>().join("/"))
}

fn is_secret(segment: &str) -> bool {
    let name = segment.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    name.is_some_and(|(name, _)| is_sensitive_key(name))
}
