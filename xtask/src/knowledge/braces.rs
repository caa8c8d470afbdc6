//! Expands `{a,b}` in the tables' paths, as a shell does.
//! It never fails: an open brace without an end is text.

/// Every path that a pattern stands for.
pub(super) fn expand(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    let Some(length) = pattern[open..].find('}') else {
        return vec![pattern.to_owned()];
    };
    let (before, after) = (&pattern[..open], &pattern[open + length + 1..]);
    let rest = expand(after);
    let parts = pattern[open + 1..open + length].split(',');
    parts.flat_map(|part| rest.iter().map(move |rest| format!("{before}{part}{rest}"))).collect()
}
