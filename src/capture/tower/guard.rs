//! A poll that may panic.
//! Never catches the panic; it only sees to it that the record says so.

/// Drops what it holds when a panic passes, while the thread still knows of the panic: whoever
/// catches it further out drops the future only later.
pub(super) struct OnPanic<'a, T: Default> {
    held: &'a mut T,
    is_through: bool,
}

impl<'a, T: Default> OnPanic<'a, T> {
    /// Runs `poll`.
    pub(super) fn run<R>(held: &'a mut T, poll: impl FnOnce() -> R) -> R {
        let mut guard = Self { held, is_through: false };
        let result = poll();
        guard.is_through = true;
        result
    }
}

impl<T: Default> Drop for OnPanic<'_, T> {
    fn drop(&mut self) {
        if !self.is_through {
            drop(std::mem::take(self.held));
        }
    }
}
