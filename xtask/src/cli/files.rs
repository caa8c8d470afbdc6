//! The files around a scan: policy, baseline, the sources that excerpts come from.
//! It never writes where it was not told to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use crate::baseline::Baseline;
use crate::policy::{self, Policy};
use crate::report::Sources;
use crate::rules;

/// The policy's name in the scanned folder.
pub(super) const POLICY: &str = "egret-audit.toml";
/// The baseline's name in the scanned folder.
pub(super) const BASELINE: &str = "egret-audit-baseline.toml";

/// The folder to scan, checked to be there.
pub(super) fn root(path: &Path) -> Result<PathBuf, Failure> {
    let root = path.canonicalize().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Failure::NoSuchPath(path.to_owned()),
        _ => Failure::File { path: path.to_owned(), source },
    })?;
    if root.is_dir() { Ok(root) } else { Err(Failure::NoFolder(path.to_owned())) }
}

/// A file that was named, or the default one in the scanned folder if it is there.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// The path as findings write it.
    pub(super) shown: String,
}

impl Named {
    pub(super) fn new(root: &Path, asked: Option<&Path>, default: &str) -> Self {
        let path = asked.map_or_else(|| root.join(default), Path::to_owned);
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        let inside = whole.strip_prefix(root).unwrap_or(&path);
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        Self { shown: parts.join("/"), path }
    }
}

/// Reads the policy. Without one that was asked for, a missing file is the default policy.
pub(super) fn read_policy(named: &Named, asked: bool) -> Result<Policy, Failure> {
    let Some(text) = read(&named.path, asked)? else { return Ok(Policy::default()) };
    policy::read(&text, &rules::codes())
        .map_err(|problems| Failure::Policy { path: named.path.clone(), problems })
}

/// Reads the baseline, if there is one.
pub(super) fn read_baseline(named: &Named, asked: bool) -> Result<Option<Baseline>, Failure> {
    let Some(text) = read(&named.path, asked)? else { return Ok(None) };
    let baseline = Baseline::parse(&text)
        .map_err(|source| Failure::Baseline { path: named.path.clone(), source })?;
    Ok(Some(baseline))
}

/// The text of a file; `None` when it is missing and nobody asked for it.
fn read(path: &Path, asked: bool) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked => Ok(None),
        Err(source) => Err(Failure::File { path: path.to_owned(), source }),
    }
}

pub(super) fn write(path: &Path, text: &[u8]) -> Result<(), Failure> {
    fs::write(path, text).map_err(|source| Failure::File { path: path.to_owned(), source })
}

/// The scanned files, each read once.
pub(super) struct Disk {
    root: PathBuf,
    read: RefCell<HashMap<String, Option<Arc<str>>>>,
}

impl Disk {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), read: RefCell::default() }
    }
}

impl Sources for Disk {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        let mut read = self.read.borrow_mut();
        read.entry(file.to_owned())
            .or_insert_with(|| {
                let bytes = fs::read(self.root.join(file)).ok()?;
                Some(String::from_utf8(bytes).ok()?.into())
            })
            .clone()
    }
}
