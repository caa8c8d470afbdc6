//! Audits a million lines, or with `registry` the whole cache of the registry, and prints lines,
//! seconds by the clock and of processor time, and the peak of memory. It never judges the machine:
//! the figures of the documentation were measured on two cores.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use egret_audit::audit::scan;
use egret_audit::knowledge::Knowledge;
use egret_audit::policy::Policy;
use egret_audit::syntax;

/// As many lines as the target speaks of.
const N_LINES: usize = 1_000_000;
const N_RUNS: usize = 3;
/// As in the audit: code may nest.
const STACK_BYTES: usize = 1 << 28;

/// `audit [floor] FOLDER` measures one run in this process; without arguments, everything is
/// measured, each run in a process of its own, so that one's memory is not the next one's.
fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut io::stdout();
    let arguments: Vec<String> = env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    match arguments.as_slice() {
        [] => all(out),
        // All of the cache: minutes of processor time, and gigabytes of memory.
        [whole] if whole == "registry" => measure(out, "registry", &registry()?, audit),
        [floor, folder] if floor == "floor" => measure(out, "floor", Path::new(folder), parse_only),
        [folder] => measure(out, "audit", Path::new(folder), audit),
        _ => Err("one argument: the folder to audit".into()),
    }
}

fn all(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let registry = registry()?;
    let collected = tempfile::tempdir()?;
    collect(&registry, collected.path())?;
    let own = env::current_exe()?;
    let run = |arguments: &[&Path]| Command::new(&own).args(arguments).status();
    writeln!(out, "a million lines, {N_RUNS} times; the floor parses what names an HTTP crate")?;
    for _ in 0..N_RUNS {
        run(&[Path::new("floor"), collected.path()])?;
        run(&[collected.path()])?;
    }
    Ok(())
}

/// What a run did.
struct Done {
    n_lines: usize,
    n_files: usize,
    n_parsed: usize,
    n_sites: usize,
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn measure(
    out: &mut dyn Write,
    name: &str,
    folder: &Path,
    work: fn(&Path) -> Result<Done, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let done = work(folder)?;
    let seconds = start.elapsed().as_secs_f64();
    let Done { n_lines, n_files, n_parsed, n_sites } = done;
    writeln!(
        out,
        "{name}: {n_lines} lines in {n_files} files, {n_parsed} parsed, {n_sites} sites: \
         {seconds:.2} s by the clock, {:.2} s of processor time, {:.2} s a million lines, peak {} MiB",
        processor_seconds(),
        seconds / to_f64(n_lines) * 1e6,
        peak_mib(),
    )?;
    Ok(())
}

fn audit(folder: &Path) -> Result<Done, Box<dyn Error>> {
    let report = scan(folder, &Policy::default())?;
    let coverage = &report.coverage;
    Ok(Done {
        n_lines: coverage.n_lines,
        n_files: coverage.n_scanned,
        n_parsed: coverage.n_parsed,
        n_sites: report.sites.len(),
    })
}

/// The floor: reads every file, and parses those in which an HTTP crate is named.
fn parse_only(folder: &Path) -> Result<Done, Box<dyn Error>> {
    let mut files = Vec::new();
    rust_files(folder, &mut files)?;
    let words: Vec<&str> = Knowledge::shipped().anchors().collect();
    let words = aho_corasick::AhoCorasick::new(words)?;
    let (next, n_lines, n_parsed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Ok(text) = fs::read_to_string(path) else { continue };
            n_lines.fetch_add(text.lines().count(), Ordering::Relaxed);
            if is_named(&words, text.as_bytes()) && syntax::parse(&text).is_ok() {
                n_parsed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| -> io::Result<()> {
        for _ in 0..thread::available_parallelism()?.get() {
            thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?;
        }
        Ok(())
    })?;
    let (n_lines, n_parsed) = (n_lines.into_inner(), n_parsed.into_inner());
    Ok(Done { n_lines, n_files: files.len(), n_parsed, n_sites: 0 })
}

fn is_named(words: &aho_corasick::AhoCorasick, bytes: &[u8]) -> bool {
    let is_part = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    words
        .find_overlapping_iter(bytes)
        .any(|found| !is_part(found.start().checked_sub(1)) && !is_part(Some(found.end())))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn to_f64(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}

/// The sources of the registry's cache.
fn registry() -> io::Result<PathBuf> {
    let home = env::var("CARGO_HOME").map(PathBuf::from).or_else(|_| {
        env::var("HOME").map(|home| Path::new(&home).join(".cargo")).map_err(io::Error::other)
    })?;
    let entries = fs::read_dir(home.join("registry/src"))?;
    let first = entries.flatten().map(|entry| entry.path()).next();
    first.ok_or_else(|| io::Error::other("the registry's cache is empty; run `cargo fetch`"))
}

/// Copies every so many-th package until there are a million lines: a mixture, and always the same.
fn collect(registry: &Path, into: &Path) -> io::Result<()> {
    let mut packages: Vec<PathBuf> =
        fs::read_dir(registry)?.flatten().map(|entry| entry.path()).collect();
    packages.sort();
    let mut n_lines = 0;
    for package in packages.iter().step_by(29).chain(&packages) {
        let target = into.join(package.file_name().unwrap_or_default());
        if target.exists() {
            continue;
        }
        n_lines += copy(package, &target)?;
        if n_lines >= N_LINES {
            break;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<usize> {
    fs::create_dir_all(to)?;
    let mut n_lines = 0;
    for entry in fs::read_dir(from)?.flatten() {
        let path = entry.path();
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            n_lines += copy(&path, &target)?;
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "toml")
        {
            let bytes = fs::read(&path)?;
            if path.extension().is_some_and(|extension| extension == "rs") {
                n_lines += bytes.iter().filter(|&&byte| byte == b'\n').count();
            }
            fs::write(target, bytes)?;
        }
    }
    Ok(n_lines)
}

/// The processor time of all threads so far, where the system tells: the 14th and 15th of the fields
/// in `/proc/self/stat`, counted in hundredths of a second.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in brackets, which may hold blanks.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks =
        rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
    ticks.map(f64::from).sum::<f64>() / 100.0
}

/// The most memory that the process ever held, where the system tells.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
