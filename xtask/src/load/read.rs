//! Reads files on all cores, and parses those that hold a word that matters.
//! It never keeps a text: what is needed of it is in the tree.

use std::fs::{self, File};
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::modules::{self, Declaration};
use super::words::Words;
use crate::syntax::{self, Tree};

/// Larger files are generated tables; they are searched, not parsed.
const MAX_BYTES: u64 = 16 << 20;
/// Enough for the deepest code that is not refused, in a build without optimization. Only what is
/// touched of it costs memory.
const STACK_BYTES: usize = 1 << 29;
/// What is left where so much address space is not to be had.
const SMALL_STACK_BYTES: usize = 1 << 26;

/// What reading one file gave.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) n_lines: usize,
    pub(super) declarations: Vec<Declaration>,
    pub(super) tree: Option<Tree>,
    /// Why it was not parsed, if it should have been.
    pub(super) refused: Option<String>,
    /// Why it was not read at all.
    pub(super) skipped: Option<String>,
    /// Whether a word that matters is in it.
    pub(super) holds_anchor: bool,
    pub(super) comments: Option<String>,
}

/// Runs `work` for every index below `n`, on all cores, on threads with large stacks.
pub(super) fn on_all_cores<T: Send>(n: usize, work: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= n {
                return done;
            }
            done.push((index, work(index)));
        }
    };
    let n_threads = thread::available_parallelism().map_or(2, NonZero::get).min(n.max(1));
    let mut done = thread::scope(|scope| {
        let start = |stack| thread::Builder::new().stack_size(stack).spawn_scoped(scope, run);
        let threads: Vec<_> = (0..n_threads)
            .filter_map(|_| start(STACK_BYTES).or_else(|_| start(SMALL_STACK_BYTES)).ok())
            .collect();
        // What a thread had read must not be missing in silence.
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.flatten().collect::<Vec<_>>()
    });
    // Where no thread could be had, this one does it.
    done.extend(run());
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, value)| value).collect()
}

/// Reads one file; parses it when one of the words is in its code.
pub(super) fn read(path: &Path, words: &Words) -> Outcome {
    match bytes(path) {
        Ok(bytes) => judge(bytes, words),
        Err(reason) => {
            let holds_anchor = holds_anchor_in_stream(path, words);
            Outcome { skipped: Some(reason), holds_anchor, ..Outcome::default() }
        }
    }
}

/// What the bytes of a file are: text, code that parses, or neither.
pub(super) fn judge(bytes: Vec<u8>, words: &Words) -> Outcome {
    let mut outcome = Outcome { holds_anchor: words.are_in(&bytes), ..Outcome::default() };
    outcome.n_lines = memchr::memchr_iter(b'\n', &bytes).count();
    outcome.n_lines += usize::from(bytes.last().is_some_and(|&last| last != b'\n'));
    if memchr::memchr(0, &bytes).is_some() {
        return Outcome { skipped: Some("binary".into()), ..outcome };
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => return Outcome { skipped: Some("not UTF-8".into()), ..outcome },
    };
    if modules::may_declare(text.as_bytes()) {
        outcome.declarations = modules::declarations(text.as_bytes());
    }
    if outcome.holds_anchor && words.are_in_code(text.as_bytes()) {
        parse(&text, &mut outcome);
    }
    if text.contains("egret:") {
        outcome.comments = Some(text);
    }
    outcome
}

/// Parses a file that was passed over: because one of the words has turned out to matter, or, with
/// no words, because names lead through it.
pub(super) fn read_again(path: &Path, words: Option<&Words>) -> Option<Outcome> {
    let text = String::from_utf8(bytes(path).ok()?).ok()?;
    if words.is_some_and(|words| !words.are_in_code(text.as_bytes())) {
        return None;
    }
    let mut outcome = Outcome { holds_anchor: words.is_some(), ..Outcome::default() };
    parse(&text, &mut outcome);
    if words.is_none() && outcome.refused.is_some() {
        // It holds no word that matters: nothing is lost.
        return None;
    }
    Some(outcome)
}

fn parse(text: &str, outcome: &mut Outcome) {
    match syntax::parse(text) {
        Ok(tree) => outcome.tree = Some(tree),
        Err(refused) => {
            outcome.tree = Some(syntax::scan_tokens(text));
            let is_template = text.contains("{{") && text.contains("}}");
            let what = if is_template { "a template with holes: " } else { "" };
            outcome.refused = Some(format!("{what}{refused}"));
        }
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("unreadable: {error}");
    let n_bytes = fs::metadata(path).map_err(unreadable)?.len();
    if n_bytes > MAX_BYTES {
        return Err(format!("gigantic: {} MiB", n_bytes >> 20));
    }
    fs::read(path).map_err(unreadable)
}

/// Searches a file that is too large to be read at once. What cannot be read may hold anything.
fn holds_anchor_in_stream(path: &Path, words: &Words) -> bool {
    let Ok(mut file) = File::open(path) else {
        return true;
    };
    let mut buffer = vec![0; 1 << 20];
    let mut kept = 0;
    loop {
        match file.read(&mut buffer[kept..]) {
            Ok(0) => return false,
            Ok(n) => {
                let filled = kept + n;
                if words.are_in(&buffer[..filled]) {
                    return true;
                }
                // A word may lie across the edge.
                kept = filled.min(128);
                buffer.copy_within(filled - kept..filled, 0);
            }
            Err(_) => return true,
        }
    }
}
