//! Tells a process from those that were forked from it.
//! Never asks the system on a caller's way, where the system can tell by itself.

/// The process that something belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    process: u32,
    /// Knows of forks by a handler that the system runs in each; `None` where there can be none.
    guard: Option<forkguard::Guard>,
}

impl Home {
    /// This process.
    pub(crate) fn here() -> Self {
        Self { process: std::process::id(), guard: forkguard::Guard::try_new().ok() }
    }

    /// Whether this process is another one, forked from it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        match &self.guard {
            // What a guard has told once it does not tell again; its clone does.
            Some(guard) => guard.clone().detected_fork(),
            None => self.process != std::process::id(),
        }
    }
}
