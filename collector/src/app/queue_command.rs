//! `egret-collector queue`: what waits on a disk, for people.
//! It never changes anything but by `drop`, and that only while no collector runs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use egret::codec::Batch;
use uuid::Uuid;

use crate::config::{ConfigError, QueueCommand, QueueFlags, ServeFlags, Settings};
use crate::model::{Position, Received, stored_limits, timestamp};
use crate::queue::{Found, Quarantine, drop_batches, inspect};
use crate::store::{DataDir, DirError, ReadError, Reader};

/// A command that could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The settings do not say where the queue is.
    #[error("the settings are not valid")]
    Settings(#[from] ConfigError),
    /// There is no such directory.
    #[error("there is no data directory {0}; name one with --data-dir")]
    NoDirectory(PathBuf),
    /// A collector runs, or the directory is not ours.
    #[error("cannot take the data directory")]
    Taken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The place in the queue cannot be read.
    #[error("cannot read how far the queue is stored")]
    Position(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file cannot be read or written.
    #[error("cannot read or write")]
    Io(#[from] io::Error),
    /// `verify` found damage; it is listed.
    #[error("{0} of the waiting batches are damaged")]
    Damaged(usize),
    /// `drop` or `export` was told of batches that do not wait.
    #[error("not in the queue: {}", .0.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", "))]
    Missing(Vec<Uuid>),
}

/// Carries out `egret-collector queue ...`, and writes what it has to say to `out`.
///
/// # Errors
/// When it cannot, or when `verify` finds damage.
pub fn queue_command(
    command: QueueCommand,
    env: impl Fn(&str) -> Option<String>,
    out: &mut dyn Write,
) -> Result<(), QueueError> {
    match command {
        QueueCommand::Ls(flags) => ls(&data_dir(flags, env)?, out),
        QueueCommand::Verify(flags) => verify(&data_dir(flags, env)?, out),
        QueueCommand::Export { flags, to, batch_ids } => {
            export(&data_dir(flags, env)?, &to, &batch_ids, out)
        }
        QueueCommand::Drop { flags, all, batch_ids } => {
            let picked = (!all).then_some(batch_ids.as_slice());
            drop_picked(&data_dir(flags, env)?, picked, out)
        }
    }
}

fn data_dir(
    flags: QueueFlags,
    env: impl Fn(&str) -> Option<String>,
) -> Result<PathBuf, QueueError> {
    let settings = Settings::load(&ServeFlags::from(flags), env)?;
    let dir = settings.data_dir.unwrap_or_default();
    if dir.is_dir() { Ok(dir) } else { Err(QueueError::NoDirectory(dir)) }
}

/// Up to where the queue is stored.
fn stored(dir: &Path) -> Result<Position, QueueError> {
    let read = Reader::new(dir.to_owned()).queue_position();
    read.map_err(|error: ReadError| QueueError::Position(Box::new(error)))
}

fn ls(dir: &Path, out: &mut dyn Write) -> Result<(), QueueError> {
    let (mut n_batches, mut n_bytes) = (0_usize, 0_usize);
    inspect(dir, stored(dir)?, |found| match found {
        Found::Batch { position, received } => {
            n_batches += 1;
            n_bytes += received.bytes.len();
            let Received { batch_id, n_calls, received_unix_ns, bytes, .. } = received;
            let (at, received) = (position.0, timestamp(received_unix_ns));
            writeln!(
                out,
                "{at:>12}  {batch_id}  {received}  {n_calls} calls  {} bytes",
                bytes.len()
            )
        }
        other => tell_damage(&other, out),
    })?;
    writeln!(out, "{n_batches} batches wait, {n_bytes} bytes")?;
    let quarantine = Quarantine::of(dir);
    let files = quarantine.list()?;
    if !files.is_empty() {
        writeln!(out, "in quarantine ({}):", quarantine.dir().display())?;
    }
    for (name, n_bytes) in files {
        writeln!(out, "  {name}  {n_bytes} bytes")?;
    }
    Ok(())
}

fn verify(dir: &Path, out: &mut dyn Write) -> Result<(), QueueError> {
    let (mut n_good, mut n_damaged) = (0_usize, 0_usize);
    inspect(dir, stored(dir)?, |found| match found {
        Found::Batch { position, received } => {
            let limits = stored_limits();
            let read = Batch::open(&received.bytes, &limits).and_then(|batch| batch.verify());
            match read {
                Ok(()) => n_good += 1,
                Err(error) => {
                    n_damaged += 1;
                    let (at, id) = (position.0, received.batch_id);
                    writeln!(out, "{at:>12}  {id}  UNREADABLE: {error}")?;
                }
            }
            Ok(())
        }
        other => {
            n_damaged += usize::from(matches!(other, Found::Damaged(_)));
            tell_damage(&other, out)
        }
    })?;
    writeln!(out, "{n_good} batches are whole, {n_damaged} are damaged")?;
    if n_damaged == 0 { Ok(()) } else { Err(QueueError::Damaged(n_damaged)) }
}

fn tell_damage(found: &Found, out: &mut dyn Write) -> io::Result<()> {
    match found {
        Found::Damaged(damaged) => {
            let (at, n_bytes) = (damaged.position.0, damaged.bytes.len());
            let id = damaged.batch_id.map_or("a batch".to_owned(), |id| id.to_string());
            writeln!(out, "{at:>12}  {id}  DAMAGED: {}, {n_bytes} bytes", damaged.problem)
        }
        Found::Torn { position, n_bytes } => {
            let at = position.0;
            writeln!(out, "{at:>12}  a write that is under way or was cut off, {n_bytes} bytes")
        }
        Found::Batch { .. } => Ok(()),
    }
}

fn export(
    dir: &Path,
    to: &Path,
    batch_ids: &[Uuid],
    out: &mut dyn Write,
) -> Result<(), QueueError> {
    fs::create_dir_all(to)?;
    let mut missing = batch_ids.to_vec();
    let mut n_written = 0_usize;
    inspect(dir, stored(dir)?, |found| {
        let Found::Batch { received, .. } = found else {
            return tell_damage(&found, out);
        };
        if batch_ids.is_empty() || batch_ids.contains(&received.batch_id) {
            missing.retain(|id| *id != received.batch_id);
            fs::write(to.join(format!("{}.egrt", received.batch_id)), &received.bytes)?;
            n_written += 1;
        }
        Ok(())
    })?;
    writeln!(out, "{n_written} batches written to {}", to.display())?;
    if missing.is_empty() { Ok(()) } else { Err(QueueError::Missing(missing)) }
}

fn drop_picked(dir: &Path, picked: Option<&[Uuid]>, out: &mut dyn Write) -> Result<(), QueueError> {
    let taken = |error: DirError| QueueError::Taken(Box::new(error));
    let _ours = DataDir::open(dir).map_err(taken)?;
    let is_picked = |id: Uuid| picked.is_none_or(|picked| picked.contains(&id));
    let dropped = drop_batches(dir, stored(dir)?, is_picked)?;
    for id in &dropped {
        writeln!(out, "{id}  dropped")?;
    }
    writeln!(out, "{} batches dropped; they are never stored", dropped.len())?;
    let wanted = picked.unwrap_or_default().iter();
    let missing: Vec<Uuid> = wanted.filter(|id| !dropped.contains(id)).copied().collect();
    if missing.is_empty() { Ok(()) } else { Err(QueueError::Missing(missing)) }
}
