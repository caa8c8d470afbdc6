//! Times single calls, as close to each other as asked.
//! It never reports a mean without the tail.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::alloc::n_allocations;

/// How calls follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One behind the other.
    Burst,
    /// One per interval.
    Every(Duration),
}

/// What calls cost their caller.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub mean_ns: f64,
    pub p50_ns: f64,
    pub p99_ns: f64,
    pub p999_ns: f64,
    pub n_allocations: f64,
}

/// Makes what is made at a thread's first calls.
pub fn warm_up(call: impl FnMut(usize)) {
    (0..1_000).for_each(call);
}

/// Makes `n_calls` and times each; the clock's own time is taken off.
pub fn time(n_calls: usize, pace: Pace, call: impl FnMut(usize)) -> Cost {
    Cost::of(vec![watch(n_calls, pace, |_| (), call)])
}

/// The same on so many new threads at once, each of which makes `n_calls` after some to warm up.
/// Before each is timed, `ready` does what its caller has just done.
pub fn time_on(
    n_threads: usize,
    n_calls: usize,
    pace: Pace,
    ready: &(dyn Fn(usize) + Sync),
    call: &(dyn Fn(usize) + Sync),
) -> Result<Cost> {
    let start = Barrier::new(n_threads);
    let watched: Vec<_> = std::thread::scope(|scope| {
        let watch = || {
            warm_up(call);
            start.wait();
            watch(n_calls, pace, ready, call)
        };
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(watch)).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let watched: Result<Vec<_>, _> = watched.into_iter().collect();
    Ok(Cost::of(watched.map_err(|_| anyhow!("a caller panicked"))?))
}

/// What one thread saw of its calls.
struct Watched {
    samples_ns: Vec<f64>,
    n_allocations: u64,
}

fn watch(
    n_calls: usize,
    pace: Pace,
    mut ready: impl FnMut(usize),
    mut call: impl FnMut(usize),
) -> Watched {
    let clock_ns = clock_ns();
    let mut samples_ns = Vec::with_capacity(n_calls);
    let begin = Instant::now();
    let n_before = n_allocations();
    for n in 0..n_calls {
        if let Pace::Every(interval) = pace {
            let due = begin + interval * u32::try_from(n).unwrap_or(u32::MAX);
            while Instant::now() < due {
                std::hint::spin_loop();
            }
        }
        ready(n);
        let start = Instant::now();
        call(black_box(n));
        samples_ns.push((start.elapsed().as_nanos() as f64 - clock_ns).max(0.0));
    }
    Watched { samples_ns, n_allocations: n_allocations() - n_before }
}

impl Cost {
    fn of(watched: Vec<Watched>) -> Self {
        let n_allocations: u64 = watched.iter().map(|thread| thread.n_allocations).sum();
        let mut samples: Vec<f64> =
            watched.into_iter().flat_map(|thread| thread.samples_ns).collect();
        samples.sort_by(f64::total_cmp);
        let n_calls = samples.len();
        let at = |share: f64| samples[((n_calls - 1) as f64 * share) as usize];
        Self {
            mean_ns: samples.iter().sum::<f64>() / n_calls as f64,
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            n_allocations: n_allocations as f64 / n_calls as f64,
        }
    }
}

/// What two readings of the clock show when nothing is between them.
fn clock_ns() -> f64 {
    let samples: Vec<f64> = (0..10_001)
        .map(|_| {
            let start = Instant::now();
            start.elapsed().as_nanos() as f64
        })
        .collect();
    middle(samples)
}

/// Each number's median over several runs.
pub fn median(runs: &[Cost]) -> Cost {
    let of = |number: fn(&Cost) -> f64| middle(runs.iter().map(number).collect());
    Cost {
        mean_ns: of(|cost| cost.mean_ns),
        p50_ns: of(|cost| cost.p50_ns),
        p99_ns: of(|cost| cost.p99_ns),
        p999_ns: of(|cost| cost.p999_ns),
        n_allocations: of(|cost| cost.n_allocations),
    }
}

/// The one in the middle, when they stand in order.
///
/// # Panics
/// When there is none.
pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
