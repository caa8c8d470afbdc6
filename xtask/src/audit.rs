//! The audit of sources, put together: load, resolve, follow, judge.
//! It never reads a baseline or decides an exit code; those come after it.

mod coverage;
mod requests;
mod sites;

use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::allow;
use crate::findings::Report;
use crate::follow::{Approved, Follower};
use crate::knowledge::Knowledge;
use crate::load::{self, Sources};
use crate::policy::Policy;
use crate::resolve::Resolver;

/// Enough for types and chains as deep as the loader lets through.
const STACK_BYTES: usize = 1 << 28;

/// Files that a thread takes at a time.
const MAX_SHARE: usize = 64;

/// Why nothing could be judged.
#[derive(Debug, thiserror::Error)]
pub enum Unjudged {
    /// The root is not there, or no folder, or not readable.
    #[error("cannot read {root}; name the folder of a workspace, a package or of sources")]
    Root {
        /// The root.
        root: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The machine refused a thread, or the audit itself failed.
    #[error("the audit could not run to its end; this is a defect of the audit")]
    Broken,
}

/// Audits everything under `root`: a workspace, a package, or a folder of sources.
///
/// The report has no suppressions yet: its allowances are applied, and dependencies, baseline and
/// policy decisions checked, by whoever calls.
///
/// # Errors
/// When the root cannot be read. What cannot be read below it is in the report's coverage.
pub fn scan(root: &Path, policy: &Policy) -> Result<Report, Unjudged> {
    let extra: Vec<(String, String, bool)> = policy
        .clients
        .iter()
        .map(|one| (one.client.clone(), one.path.clone(), one.is_call))
        .collect();
    let knowledge = Knowledge::shipped().with(&extra);
    let approved =
        Approved { middlewares: policy.middlewares.clone(), wrappers: policy.wrappers.clone() };
    let words: Vec<String> = approved.words().collect();
    // In a thread of its own, whose panic is an answer.
    let loaded = thread::scope(|scope| {
        scope.spawn(|| load::load(root, &knowledge, &words)).join().map_err(|_| Unjudged::Broken)
    })?;
    let sources = loaded.map_err(|source| Unjudged::Root { root: root.to_path_buf(), source })?;
    judge_all(&sources, &knowledge, &approved, policy)
}

/// Audits one file, given by its bytes. What fuzzing calls.
///
/// # Errors
/// Only when the machine refuses a thread or the audit itself fails.
pub fn judge_bytes(bytes: &[u8]) -> Result<Report, Unjudged> {
    let knowledge = Knowledge::shipped();
    let sources = load::load_bytes(bytes, knowledge);
    judge_all(&sources, knowledge, &Approved::default(), &Policy::default())
}

fn judge_all(
    sources: &Sources,
    knowledge: &Knowledge,
    approved: &Approved,
    policy: &Policy,
) -> Result<Report, Unjudged> {
    let shares = shares(sources);
    let next = AtomicUsize::new(0);
    let judge = || judge(sources, knowledge, approved, policy, &shares, &next);
    let n_threads = thread::available_parallelism().map_or(1, NonZero::get).min(shares.len());
    let mut report = Report { coverage: coverage::of(sources), ..Report::default() };
    thread::scope(|scope| {
        let start = || thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, judge);
        let threads: Vec<_> = (0..n_threads.max(1)).map(|_| start()).collect();
        // One thread is enough to do everything; without any, nothing was judged.
        if threads.iter().all(Result::is_err) {
            return Err(Unjudged::Broken);
        }
        for thread in threads.into_iter().flatten() {
            let part = thread.join().map_err(|_| Unjudged::Broken)?;
            report.sites.extend(part.sites);
            report.findings.extend(part.findings);
            report.allowances.extend(part.allowances);
        }
        Ok(())
    })?;
    report.findings.extend(coverage::unparsable(&report.coverage, policy));
    report.sort();
    Ok(report)
}

/// The files that can hold a site, in shares that one thread judges at a time: of one package each,
/// since what is known of names is kept by the thread that found it.
fn shares(sources: &Sources) -> Vec<Vec<usize>> {
    let mut shares: Vec<Vec<usize>> = Vec::new();
    for (file, at) in sources.files.iter().enumerate() {
        if sources.packages[at.package].is_foreign || at.tree.is_none() && at.comments.is_none() {
            continue;
        }
        match shares.last_mut() {
            Some(share)
                if share.len() < MAX_SHARE && sources.files[share[0]].package == at.package =>
            {
                share.push(file);
            }
            _ => shares.push(vec![file]),
        }
    }
    shares
}

fn judge(
    sources: &Sources,
    knowledge: &Knowledge,
    approved: &Approved,
    policy: &Policy,
    shares: &[Vec<usize>],
    next: &AtomicUsize,
) -> Report {
    let resolver = Resolver::new(sources, knowledge);
    let follower = Follower::new(&resolver, approved);
    let mut report = Report::default();
    let share = || shares.get(next.fetch_add(1, Ordering::Relaxed));
    for &file in std::iter::from_fn(share).flatten() {
        let at = &sources.files[file];
        if at.tree.is_some() {
            let found = sites::of_file(&resolver, &follower, policy, file);
            if let Some(orphan) = coverage::orphan(at, &found, policy) {
                report.findings.push(orphan);
            }
            report.findings.extend(sites::bypasses(&resolver, &follower, policy, file));
            report.sites.extend(found);
        }
        if let Some(text) = &at.comments {
            report.allowances.extend(allow::read(&at.name, text));
        }
    }
    report
}
