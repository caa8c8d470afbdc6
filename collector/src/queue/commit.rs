//! The one thread that writes: everything that waits becomes safe together, with one sync.
//! It never makes a batch wait for others: a group is what came while the last one was written.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::frame::Head;
use super::segment::Segment;
use super::state::{Entry, Shared};
use super::{Appended, Durability, NotDurable};
use crate::clock::unix_now_ns;
use crate::model::{Position, Received, SECOND_NS};

/// Beyond so many bytes a segment is followed by the next.
const SEGMENT_BYTES: u64 = 32 << 20;

/// How often the disk's free room is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Memory for a group that is kept for the next.
const KEPT_BUFFER_BYTES: usize = 8 << 20;

pub(super) struct Committer {
    shared: Arc<Shared>,
    active: Option<(Segment, File)>,
    buffer: Vec<u8>,
    /// When the disk's free room was last looked at.
    looked_unix_ns: u64,
    /// So that a failing disk is told once, and its recovery too.
    is_failing: bool,
}

impl Committer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, active: None, buffer: Vec::new(), looked_unix_ns: 0, is_failing: false }
    }

    pub(super) fn run(mut self) {
        while let Some(entries) = self.shared.take_pending(LOOK) {
            let now_ns = unix_now_ns();
            if now_ns.abs_diff(self.looked_unix_ns) >= SECOND_NS {
                self.looked_unix_ns = now_ns;
                look_at_disk(&self.shared);
            }
            if !entries.is_empty() {
                self.commit(entries);
            }
        }
    }

    fn commit(&mut self, entries: Vec<Entry>) {
        let written = self.fill_buffer(&entries);
        let is_safe = self.buffer.is_empty() || self.write().map_err(|e| self.fail(&e)).is_ok();
        let mut unanswered: HashSet<Uuid> =
            written.iter().map(|(_, received)| received.batch_id).collect();
        if is_safe {
            self.publish(written);
        }
        for Entry { received, answer } in entries {
            let appended = match unanswered.remove(&received.batch_id) {
                true => Appended::New,
                false => Appended::Known,
            };
            // The one who asked may have gone; the batch is safe all the same.
            let _ = answer.send(is_safe.then_some(appended).ok_or(NotDurable));
        }
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BUFFER_BYTES);
    }

    /// Writes a frame for each batch that is not safe yet; the frames' lengths and batches.
    fn fill_buffer(&mut self, entries: &[Entry]) -> Vec<(u64, Received)> {
        let salt = self.active.as_ref().map_or_else(new_salt, |(segment, _)| segment.salt);
        let is_known: Vec<bool> = {
            let state = self.shared.lock();
            entries.iter().map(|entry| state.recent.has(entry.received.batch_id)).collect()
        };
        let mut ids = HashSet::new();
        let mut written = Vec::with_capacity(entries.len());
        for (Entry { received, .. }, is_known) in entries.iter().zip(is_known) {
            // The door admits no batch that is too long for a head.
            if let Some(head) = Head::of(received)
                && !is_known
                && ids.insert(received.batch_id)
            {
                head.write(salt, &mut self.buffer);
                self.buffer.extend_from_slice(&received.bytes);
                written.push((head.frame_len() as u64, received.clone()));
            }
        }
        if self.active.is_none() && !written.is_empty() {
            let base = self.shared.lock().next;
            if let Err(error) = self.begin(Segment::new(base, salt)) {
                self.tell_failure(&error);
            }
        }
        written
    }

    fn begin(&mut self, segment: Segment) -> io::Result<()> {
        let Shared { disk, dir, bounds, .. } = &*self.shared;
        let file = disk.create(&segment.path(dir))?;
        if bounds.durability == Durability::Full {
            disk.sync_dir(dir)?;
        }
        let mut state = self.shared.lock();
        state.active = Some(segment.base);
        state.segments.push_back(segment);
        drop(state);
        self.active = Some((segment, file));
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let Some((_, file)) = &self.active else {
            return Err(io::Error::other("there is no segment to write to"));
        };
        let Shared { disk, bounds, .. } = &*self.shared;
        disk.append(file, &self.buffer)?;
        if bounds.durability == Durability::Full {
            disk.sync(file)?;
        }
        Ok(())
    }

    fn publish(&mut self, written: Vec<(u64, Received)>) {
        if written.is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("the queue can write again");
        }
        let mut state = self.shared.lock();
        state.publish(written, self.shared.bounds.n_ahead_bytes);
        let n_bytes = state.segments.back().map_or(0, |segment| segment.n_bytes);
        if n_bytes >= SEGMENT_BYTES {
            state.active = None;
            self.active = None;
        } else if let Some((segment, _)) = &mut self.active {
            segment.n_bytes = n_bytes;
        }
        drop(state);
        self.shared.readable.notify_one();
    }

    /// What was being written may be on the disk, or half of it, or nothing: the segment ends
    /// before it, and another begins behind it. After a failed sync nothing can be relied upon,
    /// so that the same bytes are never synced again.
    fn fail(&mut self, error: &io::Error) {
        self.tell_failure(error);
        if let Some((segment, file)) = self.active.take() {
            // Should it fail, the rest is read again after a restart, and is stored only once.
            let _ = self.shared.disk.truncate(&file, segment.n_bytes);
            let mut state = self.shared.lock();
            state.active = None;
            state.next = Position(segment.end().0).plus(self.buffer.len());
        }
        look_at_disk(&self.shared);
    }

    fn tell_failure(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(%error, "the queue cannot write; senders are asked to try again");
        }
    }
}

/// Takes nothing while there is too little room, and takes again when there is.
pub(super) fn look_at_disk(shared: &Shared) {
    let min_free_bytes = shared.bounds.min_free_bytes;
    if min_free_bytes == 0 {
        return;
    }
    let Ok(free_bytes) = shared.disk.free_bytes(&shared.dir) else {
        // A disk that cannot even say this will say what is wrong when it is written to.
        return;
    };
    let is_low = free_bytes < min_free_bytes;
    let was_low = {
        let mut state = shared.lock();
        std::mem::replace(&mut state.low_disk, is_low.then_some(free_bytes)).is_some()
    };
    if is_low && !was_low {
        tracing::error!(
            free_bytes,
            min_free_bytes,
            "too little room on the disk: no batches are taken"
        );
    } else if was_low && !is_low {
        tracing::info!(free_bytes, "there is room on the disk again: batches are taken");
    }
}

fn new_salt() -> u32 {
    // The last bits of such an id are random.
    (Uuid::now_v7().as_u128() & u128::from(u32::MAX)) as u32
}
