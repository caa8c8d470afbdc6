//! How long answers take over a full store: 100,000,000 one-minute roll-ups of 32 days.
//! Never asserts a speed: it prints what it saw, and fails only when an answer is wrong.
//!
//! `cargo bench -p egret-collector --bench queries` fills a temporary directory, which takes some
//! minutes and about 4 GB, and asks the collector over HTTP; each figure is the median of 20. The
//! environment makes it another size:
//!
//! | variable | default | |
//! |---|---|---|
//! | `EGRET_BENCH_DIR` | a temporary directory | where the data goes; what lies there is used again |
//! | `EGRET_BENCH_MINUTES` | 100000000 | one-minute roll-ups |

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

mod asking;
mod minutes;

use std::path::PathBuf;

use anyhow::{Context, Result};
use tempfile::TempDir;

use asking::Asking;

fn main() -> Result<()> {
    let n_minutes = number("EGRET_BENCH_MINUTES", 100_000_000)?;
    let (dir, _temporary) = directory()?;
    minutes::measure_packing(2_000)?;
    let past = minutes::load(&dir, n_minutes)?;
    let asking = Asking::start(&dir)?;
    minutes::ask(&asking, &past)
}

fn number(name: &str, default: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => {
            text.parse().with_context(|| format!("{name} is {text:?}, but must be a number"))
        }
        Err(_) => Ok(default),
    }
}

/// Where the data goes; a temporary directory is removed at last.
fn directory() -> Result<(PathBuf, Option<TempDir>)> {
    if let Some(dir) = std::env::var_os("EGRET_BENCH_DIR") {
        return Ok((dir.into(), None));
    }
    let dir = tempfile::tempdir()?;
    Ok((dir.path().to_owned(), Some(dir)))
}
