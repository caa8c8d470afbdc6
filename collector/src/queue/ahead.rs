//! Batches that were just written and are still in memory, so that their reader has them as they are.
//! It never holds more than its bound, and nothing depends on it: what is not here is in a segment.

use std::collections::VecDeque;

use crate::model::{Position, Received};

#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// With where their frames begin and end, in that order.
    batches: VecDeque<(Position, Position, Received)>,
    n_bytes: u64,
}

impl Ahead {
    /// Keeps a batch, unless together they would take more than so many bytes: those that came
    /// before it are read before it.
    pub(super) fn add(&mut self, begin: Position, end: Position, received: Received, bound: u64) {
        let n_bytes = self.n_bytes.saturating_add(received.n_held_bytes());
        if n_bytes <= bound {
            self.n_bytes = n_bytes;
            self.batches.push_back((begin, end, received));
        }
    }

    /// Where the first begins of those that are not before a position; the others are let go.
    pub(super) fn begin(&mut self, from: Position) -> Option<Position> {
        while self.batches.front().is_some_and(|(begin, ..)| *begin < from) {
            self.take_one();
        }
        self.batches.front().map(|(begin, ..)| *begin)
    }

    /// The batches that follow each other from a position on, of so many bytes at most but at least
    /// one, and where the last of them ends. What is taken is here no more.
    pub(super) fn take(&mut self, from: Position, n_bytes: u64) -> (Vec<Received>, Position) {
        let (mut taken, mut next) = (Vec::new(), from);
        while self.begin(next) == Some(next) && next.0 - from.0 < n_bytes {
            let Some((_, end, received)) = self.take_one() else { break };
            taken.push(received);
            next = end;
        }
        (taken, next)
    }

    fn take_one(&mut self) -> Option<(Position, Position, Received)> {
        let first = self.batches.pop_front()?;
        self.n_bytes = self.n_bytes.saturating_sub(first.2.n_held_bytes());
        Some(first)
    }
}
