//! The CPU time that this process has used, on all its threads.
//! It never looks at another process.

use std::time::Duration;

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

/// User and system time together, of every thread that runs or has run.
pub fn used() -> Result<Duration> {
    Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
}
