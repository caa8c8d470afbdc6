//! How deep JSON goes.
//! It never reads JSON: what is none is for its reader to say.

use super::Refusal;

/// More than any message has that is read here.
const MAX_DEPTH: usize = 64;

/// Refuses what has more levels of lists and objects than any message has.
pub(super) fn check(json: &[u8]) -> Result<(), Refusal> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Refusal::TooDeep(format!(
                "the JSON has more than {MAX_DEPTH} levels of lists and objects"
            )));
        }
    }
    Ok(())
}
