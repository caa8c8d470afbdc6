//! Finds the files and manifests under a root.
//! It never follows a symbolic link to a folder: loops and repetitions come from there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::findings::Skipped;

/// Folders deeper than this are refused; the file system's own limits come soon after.
const MAX_DEPTH: usize = 128;

/// What is under a root.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<PathBuf>,
    /// Folders with a manifest.
    pub(super) manifests: Vec<PathBuf>,
    pub(super) skipped: Vec<Skipped>,
}

pub(super) fn walk(root: &Path) -> Found {
    let mut found = Found::default();
    let mut waiting = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                found.skip(root, &folder, format!("unreadable folder: {error}"), true);
                continue;
            }
        };
        if depth > MAX_DEPTH {
            found.skip(root, &folder, "nested too deeply".into(), true);
            continue;
        }
        let has_manifest = folder.join("Cargo.toml").is_file();
        if has_manifest {
            found.manifests.push(folder.clone());
        }
        for entry in entries.flatten() {
            found.entry(root, &entry, has_manifest, depth, &mut waiting);
        }
    }
    found.files.sort();
    found.manifests.sort();
    found
}

impl Found {
    fn entry(
        &mut self,
        root: &Path,
        entry: &fs::DirEntry,
        beside_manifest: bool,
        depth: usize,
        waiting: &mut Vec<(PathBuf, usize)>,
    ) {
        let path = entry.path();
        let name = entry.file_name();
        let Ok(kind) = entry.file_type() else {
            return self.skip(root, &path, "vanished while it was read".into(), true);
        };
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        if kind.is_symlink() {
            match fs::metadata(&path) {
                Ok(target) if target.is_dir() => {
                    let reason = "symbolic link to a folder; scan its target by its own name";
                    self.skip(root, &path, reason.into(), false);
                }
                Ok(_) if is_rust && !leads_into(root, &path) => self.files.push(path),
                Ok(_) => {}
                Err(error) if is_rust => {
                    self.skip(root, &path, format!("broken symbolic link: {error}"), false);
                }
                Err(_) => {}
            }
        } else if kind.is_dir() {
            if name.to_string_lossy().starts_with('.') {
                return;
            }
            if name == "target" && (beside_manifest || path.join("CACHEDIR.TAG").is_file()) {
                return self.skip(root, &path, "build output".into(), false);
            }
            waiting.push((path, depth + 1));
        } else if is_rust && kind.is_file() {
            self.files.push(path);
        } else if is_rust {
            self.skip(root, &path, "not a regular file".into(), false);
        }
    }

    fn skip(&mut self, root: &Path, path: &Path, reason: String, holds_anchor: bool) {
        self.skipped.push(Skipped { file: relative(root, path), reason, holds_anchor });
    }
}

/// Whether a link's target is scanned under its own name.
fn leads_into(root: &Path, link: &Path) -> bool {
    match (fs::canonicalize(link), fs::canonicalize(root)) {
        (Ok(target), Ok(root)) => target.starts_with(root),
        _ => false,
    }
}

/// A path relative to the root, with forward slashes.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    let shown = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = shown.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/").replacen("//", "/", 1)
}
