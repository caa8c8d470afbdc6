//! Looks for damaged files: at the start, every day, and when somebody suspects one.
//! It never moves a file: it hands what it found to the pipeline.

use std::time::Duration;

use super::damage::Damage;
use crate::clock::unix_now_ns;
use crate::store::Examiner;

/// Bits fall over by themselves, also where nobody asks.
const EVERY: Duration = Duration::from_secs(86_400);

/// Between one look and the next, whatever is suspected: each reads everything. At least so long,
/// and so many times as long as the look took.
const REST: Duration = Duration::from_secs(1);
const REST_TIMES: u64 = 10;

/// Starts the thread that looks; it ends with [`Damage::end`], and nobody waits for it.
pub(super) fn start(examiner: Examiner, damage: Damage) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("egret-scrub".to_owned());
    thread.spawn(move || {
        loop {
            let (stop, began_ns) = (damage.clone(), unix_now_ns());
            match examiner.examine(move || stop.is_over()) {
                Ok(found) => damage.found(found),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "cannot look for damaged files");
                }
            }
            let took_ns = unix_now_ns().saturating_sub(began_ns);
            let rest = REST + Duration::from_nanos(took_ns.saturating_mul(REST_TIMES)).min(EVERY);
            if !damage.rest(rest) || !damage.wait(EVERY) {
                return;
            }
        }
    })?;
    Ok(())
}
