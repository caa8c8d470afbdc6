//! Segments: their names, and which of a directory's files they are.
//! It never opens one.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use crate::model::Position;

const SUFFIX: &str = ".seg";

/// A file of frames. Positions count bytes over all segments there ever were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The position of its first byte.
    pub(super) base: Position,
    /// What its heads' checksums begin with.
    pub(super) salt: u32,
    /// Bytes of it that are safe, and so may be read.
    pub(super) n_bytes: u64,
    /// Kept for people when it is done with, because some of it could not be read.
    pub(super) is_kept: bool,
}

impl Segment {
    pub(super) fn new(base: Position, salt: u32) -> Self {
        Self { base, salt, n_bytes: 0, is_kept: false }
    }

    /// Behind its last byte.
    pub(super) fn end(&self) -> Position {
        Position(self.base.0.saturating_add(self.n_bytes))
    }

    /// `00000000000000065536-1f2e3d4c.seg`: by name they are in order.
    pub(super) fn name(&self) -> String {
        format!("{:020}-{:08x}{SUFFIX}", self.base.0, self.salt)
    }

    pub(super) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(self.name())
    }

    fn parse(name: &str, n_bytes: u64) -> Option<Self> {
        let (base, salt) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let salt = u32::from_str_radix(salt, 16).ok()?;
        let segment = Self { n_bytes, ..Self::new(Position(base.parse().ok()?), salt) };
        (segment.name() == name).then_some(segment)
    }
}

/// The segments of a directory, oldest first.
pub(super) fn list(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<Segment>> {
    let names = disk.list(dir)?;
    let mut segments: Vec<Segment> =
        names.iter().filter_map(|(name, n_bytes)| Segment::parse(name, *n_bytes)).collect();
    segments.sort_unstable_by_key(|segment| segment.base);
    Ok(segments)
}
