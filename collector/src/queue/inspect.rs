//! Looks at a queue from outside: what waits, what is damaged; and drops what is told to.
//! It never needs the queue to be stopped to look; to drop it does.

use std::io;
use std::path::Path;

use uuid::Uuid;

use super::Damaged;
use super::disk::{Disk, Storage};
use super::embedded::DIR;
use super::frame::{self, HEAD, Head};
use super::segment::{self, Segment};
use crate::model::{Position, Received};

/// Something in the queue.
#[derive(Debug)]
pub(crate) enum Found {
    Batch {
        position: Position,
        received: Received,
    },
    Damaged(Damaged),
    /// A write that was cut off, or one that is under way.
    Torn {
        position: Position,
        n_bytes: usize,
    },
}

/// Shows everything behind a position, in order.
pub(crate) fn inspect(
    data_dir: &Path,
    from: Position,
    mut show: impl FnMut(Found) -> io::Result<()>,
) -> io::Result<()> {
    for_each_segment(data_dir, from, |segment, bytes, begin| {
        let scan = frame::scan(&bytes.into(), segment.salt, begin, true);
        let mut found: Vec<(Position, Found)> = Vec::new();
        for (position, received) in scan.batches {
            found.push((position, Found::Batch { position, received }));
        }
        found.extend(scan.damaged.into_iter().map(|d| (d.position, Found::Damaged(d))));
        found.sort_by_key(|(position, _)| *position);
        found.into_iter().try_for_each(|(_, found)| show(found))?;
        match scan.n_torn {
            0 => Ok(()),
            n_bytes => {
                let position = begin.plus(scan.n_consumed - n_bytes);
                show(Found::Torn { position, n_bytes })
            }
        }
    })
}

/// Marks batches behind a position such that they are never stored; the ids of those it marked.
/// The data directory must be ours.
pub(crate) fn drop_batches(
    data_dir: &Path,
    from: Position,
    is_picked: impl Fn(Uuid) -> bool,
) -> io::Result<Vec<Uuid>> {
    let mut dropped = Vec::new();
    for_each_segment(data_dir, from, |segment, bytes, begin| {
        let file = Storage.open(&segment.path(&data_dir.join(DIR)))?;
        let scan = frame::scan(&bytes.clone().into(), segment.salt, begin, true);
        for (position, received) in scan.batches {
            let at = usize::try_from(position.0 - begin.0).unwrap_or(usize::MAX);
            let head = bytes.get(at..).and_then(|bytes| Head::read(segment.salt, bytes));
            if let Some(head) = head.filter(|head| is_picked(head.batch_id)) {
                let mut changed = Vec::with_capacity(HEAD);
                head.dropped().write(segment.salt, &mut changed);
                Storage.overwrite(&file, position.0 - segment.base.0, &changed)?;
                dropped.push(received.batch_id);
            }
        }
        Storage.sync(&file)
    })?;
    Ok(dropped)
}

/// Gives each segment's bytes from a position on, and where they begin.
fn for_each_segment(
    data_dir: &Path,
    from: Position,
    mut look: impl FnMut(Segment, Vec<u8>, Position) -> io::Result<()>,
) -> io::Result<()> {
    let dir = data_dir.join(DIR);
    let segments = match segment::list(&Storage, &dir) {
        // No batch was ever taken here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        segments => segments?,
    };
    for segment in segments.into_iter().filter(|segment| segment.end() > from) {
        let begin = from.max(segment.base);
        let file = match Storage.open(&segment.path(&dir)) {
            // Stored since the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let n_bytes = usize::try_from(segment.end().0 - begin.0).unwrap_or(usize::MAX);
        look(segment, Storage.read_at(&file, begin.0 - segment.base.0, n_bytes)?, begin)?;
    }
    Ok(())
}
