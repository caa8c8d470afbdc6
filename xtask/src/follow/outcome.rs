//! How the ways of a client end, and what all ends together mean.
//! It never follows anything.

use crate::findings::Verdict;
use crate::syntax::Pos;

/// How one way of a client ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// In a stack with one of ours, or in a wrapper.
    Covered,
    /// In a stack with nothing in it.
    Empty,
    /// In a stack with something in it, and nothing of ours.
    Other,
    /// A request is sent with it, unseen.
    Sent,
    /// Given to code that is not of the workspace.
    Given,
    /// Lost sight of.
    Lost,
}

/// One end, with the line that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The file.
    pub file: usize,
    /// The line.
    pub pos: Pos,
    /// How it ends.
    pub outcome: Outcome,
    /// What the line shows.
    pub text: String,
}

/// More lines than this do not convince more.
const MAX_EVIDENCE: usize = 6;

/// The verdict of all ends, and those of them that decide it.
pub(super) fn judge(mut endings: Vec<Ending>) -> (Verdict, Vec<Ending>) {
    use Outcome::{Covered, Empty, Given, Lost, Other, Sent};
    let has = |outcome| endings.iter().any(|ending| ending.outcome == outcome);
    let is_raw = has(Sent) || has(Given);
    let is_stacked = has(Empty) || has(Other);
    let (verdict, decide): (Verdict, &[Outcome]) = match (has(Covered), is_stacked, is_raw) {
        (true, false, false) if has(Lost) => (Verdict::Unknown, &[Covered, Lost]),
        (true, false, false) => (Verdict::Covered, &[Covered]),
        (true, _, _) => (Verdict::Mixed, &[Covered, Empty, Other, Sent, Given]),
        (false, true, true) => (Verdict::Mixed, &[Empty, Other, Sent, Given]),
        (false, true, false) if has(Other) => (Verdict::WrappedOther, &[Other]),
        (false, true, false) => (Verdict::WrappedEmpty, &[Empty]),
        (false, false, true) => (Verdict::Unwrapped, &[Sent, Given]),
        (false, false, false) if has(Lost) => (Verdict::Unknown, &[Lost]),
        (false, false, false) => (Verdict::Unwrapped, &[]),
    };
    endings.retain(|ending| decide.contains(&ending.outcome));
    endings.sort_by_key(|ending| (ending.outcome, ending.file, ending.pos));
    endings.dedup();
    let mut kept: Vec<Ending> = Vec::new();
    for ending in endings {
        // One line of each kind convinces more than six of one kind.
        let same = kept.iter().filter(|known| known.outcome == ending.outcome).count();
        if same < MAX_EVIDENCE / 3 {
            kept.push(ending);
        }
    }
    (verdict, kept)
}
