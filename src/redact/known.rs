//! Short labels that were found harmless lately: most are written in a program, and come again.
//! Never knows anything but that, and never allocates.

use std::cell::RefCell;

/// The longest label that is remembered.
const MAX_BYTES: usize = 47;

/// Labels that are remembered at once (7 KiB a thread); few services use more over and over.
const N_LABELS: usize = 128;

#[derive(Clone, Copy)]
struct Label {
    n_bytes: usize,
    bytes: [u8; MAX_BYTES],
}

thread_local! {
    static LABELS: RefCell<[Label; N_LABELS]> =
        const { RefCell::new([Label { n_bytes: 0, bytes: [0; MAX_BYTES] }; N_LABELS]) };
}

/// Whether the label is harmless: remembered as such, or found so by `judge`, and remembered then.
pub(super) fn is_harmless(label: &str, judge: impl FnOnce(&str) -> bool) -> bool {
    let bytes = label.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_BYTES {
        return judge(label);
    }
    let place = place(bytes);
    let known = LABELS.try_with(|labels| {
        labels.try_borrow().is_ok_and(|labels| {
            let known = &labels[place];
            known.bytes.get(..known.n_bytes) == Some(bytes)
        })
    });
    if known == Ok(true) {
        return true;
    }
    let is_harmless = judge(label);
    if is_harmless {
        let _ = LABELS.try_with(|labels| {
            if let Ok(mut labels) = labels.try_borrow_mut() {
                let known = &mut labels[place];
                known.n_bytes = bytes.len();
                known.bytes[..bytes.len()].copy_from_slice(bytes);
            }
        });
    }
    is_harmless
}

/// Labels of a program differ in their length, in their middle or in their last letters.
fn place(bytes: &[u8]) -> usize {
    let at = |index: usize| usize::from(bytes[index]);
    let n_bytes = bytes.len();
    let mix = at(n_bytes - 1) * 31 + at(n_bytes / 2) * 7 + at(n_bytes.saturating_sub(3));
    (mix + n_bytes) % N_LABELS
}
