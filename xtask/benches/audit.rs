//! Audits a folder and prints lines, seconds, lines a second and the peak of memory.
//! It never judges the machine: two cores are what the README's figure was measured on.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use egret_audit::audit::scan;
use egret_audit::policy::Policy;

/// As many lines as the target speaks of.
const N_LINES: usize = 1_000_000;

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut io::stdout();
    let given = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let collected = tempfile::tempdir()?;
    let folder = match given {
        Some(folder) => PathBuf::from(folder),
        None => {
            collect(&registry()?, collected.path())?;
            collected.path().to_path_buf()
        }
    };
    for run in 1..=3 {
        let start = Instant::now();
        let report = scan(&folder, &Policy::default())?;
        let seconds = start.elapsed().as_secs_f64();
        let coverage = &report.coverage;
        writeln!(
            out,
            "run {run}: {} lines in {} files, {} parsed, {} sites: {seconds:.3} s, {:.2} million lines/s, peak {} MiB",
            coverage.n_lines,
            coverage.n_scanned,
            coverage.n_parsed,
            report.sites.len(),
            to_f64(coverage.n_lines) / 1e6 / seconds,
            peak_mib(),
        )?;
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

/// Copies packages, by name, until there are a million lines.
fn collect(registry: &Path, into: &Path) -> io::Result<()> {
    let mut packages: Vec<PathBuf> =
        fs::read_dir(registry)?.flatten().map(|entry| entry.path()).collect();
    packages.sort();
    let mut n_lines = 0;
    for package in packages {
        let name = package.file_name().map(PathBuf::from).unwrap_or_default();
        n_lines += copy(&package, &into.join(name))?;
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

/// The most memory that the process ever held, where the system tells.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
