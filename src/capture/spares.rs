//! What a call has used up and the next call on the same thread uses again.
//! Never keeps more than so many of a kind, and nothing of a thread that ends.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::thread::LocalKey;

/// As many calls as a busy thread has under way; what is left over goes back to the allocator.
const MAX_SPARES: usize = 64;

/// The spares of one kind, of one thread.
pub(super) struct Spares<T>(RefCell<Vec<T>>);

impl<T> Spares<T> {
    pub(super) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// A spare, if the thread has one.
    pub(super) fn take(place: &'static LocalKey<Self>) -> Option<T> {
        place.try_with(|spares| spares.0.try_borrow_mut().ok()?.pop()).ok()?
    }

    /// Keeps a spare, if there is room for it.
    pub(super) fn give(place: &'static LocalKey<Self>, spare: T) {
        let _ = place.try_with(|spares| {
            if let Ok(mut spares) = spares.0.try_borrow_mut()
                && spares.len() < MAX_SPARES
            {
                spares.push(spare);
            }
        });
    }
}
