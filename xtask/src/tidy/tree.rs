//! Reads the files that tidy judges, from git's list or, without git, from a walk.
//! It never follows a symbolic link and never reads what git ignores or `target/` holds.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::model::SourceFile;

/// The kinds of files that have rules.
const EXTENSIONS: &[&str] = &["rs", "md", "toml", "sh", "yml"];

/// What the audit is tested on: code of every habit, the bad ones above all.
const SAMPLES: &[&str] = &["xtask/tests/cases/", "xtask/tests/more/"];

/// Reads every file with rules under `root`, sorted by path.
pub(super) fn read(root: &Path) -> io::Result<Vec<SourceFile>> {
    let mut paths = match from_git(root) {
        Some(paths) => paths,
        None => walk(root)?,
    };
    paths.retain(|path| EXTENSIONS.iter().any(|kind| has_extension(path, kind)));
    paths.retain(|path| !SAMPLES.iter().any(|folder| path.starts_with(folder)));
    paths.sort();
    let files = paths.into_iter().map(|path| load(root, path));
    files.filter_map(Result::transpose).collect()
}

/// What git tracks or would track; `None` when `root` is no checkout or git does not answer.
///
/// Falling back to the walk is safe: it sees all that git lists, and perhaps more.
fn from_git(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let listing = String::from_utf8(output.stdout).ok()?;
    let paths = listing.split_terminator('\0').map(str::to_owned);
    Some(paths.filter(|path| !path.starts_with("target/")).collect())
}

fn walk(root: &Path) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).map_err(|error| named(&folder, &error))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type()?;
            if kind.is_file() {
                paths.push(format!("{folder}{name}"));
            } else if kind.is_dir() && name != "target" && name != ".git" {
                folders.push(format!("{folder}{name}/"));
            }
        }
    }
    Ok(paths)
}

/// Reads one file; `None` for a path that git knows but that is gone, or is a symbolic link.
fn load(root: &Path, path: String) -> io::Result<Option<SourceFile>> {
    let whole = root.join(&path);
    match fs::symlink_metadata(&whole) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(named(&path, &error)),
    }
    let text = fs::read_to_string(whole).map_err(|error| named(&path, &error))?;
    Ok(Some(SourceFile { path, text }))
}

fn has_extension(path: &str, kind: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == kind)
}

fn named(path: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read `{path}`: {error}"))
}
