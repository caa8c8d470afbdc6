//! Counts allocations: those of the thread that asks, and those of the whole process.
//! It never changes where memory comes from.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Threads with a count of their own. Later ones share, and may miss some of each other's.
const N_SLOTS: usize = 256;

/// A thread's count on a cache line that no other thread writes.
#[repr(align(128))]
struct Slot(AtomicU64);

static SLOTS: [Slot; N_SLOTS] = [const { Slot(AtomicU64::new(0)) }; N_SLOTS];

static NEXT_SLOT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SLOT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The system's allocator, with a count.
pub struct Counting;

/// How often this thread has allocated.
pub fn n_allocations() -> u64 {
    slot().map_or(0, |slot| SLOTS[slot].0.load(Ordering::Relaxed))
}

/// How often all threads have, those that have ended too.
pub fn n_allocations_of_all() -> u64 {
    SLOTS.iter().map(|slot| slot.0.load(Ordering::Relaxed)).sum()
}

/// `None` for a thread that is ending.
fn slot() -> Option<usize> {
    let known = SLOT.try_with(Cell::get).ok()?;
    Some(known.unwrap_or_else(|| {
        let fresh = NEXT_SLOT.fetch_add(1, Ordering::Relaxed) % N_SLOTS;
        SLOT.set(Some(fresh));
        fresh
    }))
}

fn count() {
    let Some(slot) = slot() else { return };
    // One thread writes, so that an addition that locks the bus would only cost.
    let n = &SLOTS[slot].0;
    n.store(n.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

// SAFETY: every method hands its arguments on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, n_bytes: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, n_bytes) }
    }
}
