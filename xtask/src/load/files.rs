//! Loads a tree: walk, read, reach, and read again what turns out to matter.
//! It never fails for one file; only a root that is not there is an error.

use std::io;
use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::reach::Reach;
use super::read::{self, Outcome, on_all_cores};
use super::walk::{relative, walk};
use super::words::{self, Words};
use super::{Crate, File, Package, Sources, packages};
use crate::findings::{Context, Skipped};
use crate::knowledge::Knowledge;

/// How often new words may lead to new files; each round follows names one re-export further.
const MAX_ROUNDS: usize = 8;

/// Loads everything under `root`. `extra` are further words that make a file worth parsing.
///
/// # Errors
/// When the root is no folder that can be read.
pub fn load(root: &Path, knowledge: &Knowledge, extra: &[String]) -> io::Result<Sources> {
    let root = std::fs::canonicalize(root)?;
    std::fs::read_dir(&root)?;
    let mut sources = Sources::default();
    let found = walk(&root);
    sources.skipped = found.skipped;
    let packages = packages::read(&root, &found.manifests, &mut sources);
    let mut folders = HashMap::default();
    let owners: Vec<usize> =
        found.files.iter().map(|path| packages.of_file(path, &mut folders)).collect();
    let base = words::of_package(&Package::default(), knowledge, extra);
    let own: Vec<Option<Words>> = sources
        .packages
        .iter()
        .map(|package| {
            has_renames(package, knowledge).then(|| words::of_package(package, knowledge, extra))
        })
        .collect();
    let words_of = |package: usize| own[package].as_ref().unwrap_or(&base);
    let outcomes = on_all_cores(found.files.len(), &|index| {
        read::read(&found.files[index], words_of(owners[index]))
    });
    let mut declarations = Vec::new();
    let mut by_path = HashMap::default();
    for ((path, &package), mut outcome) in found.files.iter().zip(&owners).zip(outcomes) {
        declarations.push(std::mem::take(&mut outcome.declarations));
        by_path.insert(path.clone(), sources.files.len());
        add(&root, path, package, outcome, &mut sources);
    }
    let mut fetch = |sources: &mut Sources, path: &Path, package: usize| {
        let mut outcome = on_all_cores(1, &|_| read::read(path, words_of(package))).pop()?;
        let declarations = std::mem::take(&mut outcome.declarations);
        add(&root, path, package, outcome, sources);
        Some(declarations)
    };
    let mut reach = Reach { by_path, declarations, fetch: &mut fetch };
    reach.follow(&packages, &mut sources);
    reach.adopt(&mut sources);
    read_what_matters(&mut sources, knowledge);
    Ok(sources)
}

/// Loads one file from its bytes, as the root of a library that has no manifest.
#[must_use]
pub fn load_bytes(bytes: &[u8], knowledge: &Knowledge) -> Sources {
    let package = Package { name: "bytes".into(), ..Package::default() };
    let words = words::of_package(&package, knowledge, &[]);
    let mut sources = Sources { packages: vec![package], ..Sources::default() };
    let outcomes = on_all_cores(1, &|_| read::judge(bytes.to_vec(), &words));
    for outcome in outcomes {
        add(Path::new(""), Path::new("lib.rs"), 0, outcome, &mut sources);
    }
    let (name, context) = ("bytes".into(), Context::Prod);
    sources.crates.push(Crate { package: 0, name, is_library: true, context, root: 0 });
    sources.files[0].krate = Some(0);
    sources
}

fn has_renames(package: &Package, knowledge: &Knowledge) -> bool {
    package.dependencies.iter().any(|(name, dependency)| {
        knowledge.is_known_package(&dependency.package) && !knowledge.is_known_package(name)
    })
}

fn add(root: &Path, path: &Path, package: usize, outcome: Outcome, sources: &mut Sources) {
    let name = relative(root, path);
    if let Some(reason) = outcome.skipped {
        let holds_anchor = outcome.holds_anchor && !sources.packages[package].is_foreign;
        sources.skipped.push(Skipped { file: name.clone(), reason, holds_anchor });
    }
    sources.files.push(File {
        path: path.to_path_buf(),
        name,
        package,
        n_lines: outcome.n_lines,
        tree: outcome.tree,
        refused: outcome.refused,
        comments: outcome.comments,
        ..File::default()
    });
}

/// Names may reach a file without any HTTP crate's own name in it: `use crate::net::Http`. The
/// words grow with every file that is parsed, until nothing new comes.
fn read_what_matters(sources: &mut Sources, knowledge: &Knowledge) {
    let mut searched: Vec<HashSet<String>> = vec![HashSet::default(); sources.packages.len()];
    let mut tried = HashSet::default();
    let mut learned = words::Learned::default();
    for _ in 0..MAX_ROUNDS {
        learned.grow(sources, knowledge);
        let words: Vec<Option<Words>> = learned
            .own
            .iter()
            .enumerate()
            .map(|(package, words)| {
                // What was searched for before is in none of the files that are left.
                let new: Vec<String> = words.difference(&searched[package]).cloned().collect();
                searched[package].extend(new.iter().cloned());
                (!new.is_empty()).then(|| Words::new(new.iter().map(String::as_str)))
            })
            .collect();
        let mut around = around(sources);
        around.retain(|file| sources.files[*file].tree.is_none() && tried.insert(*file));
        let waiting: Vec<usize> = (0..sources.files.len())
            .filter(|&index| {
                let file = &sources.files[index];
                let may_hold = words[file.package].is_some() || around.contains(&index);
                file.tree.is_none() && file.n_lines > 0 && may_hold
            })
            .collect();
        if waiting.is_empty() {
            return;
        }
        let paths: Vec<(PathBuf, usize)> = waiting
            .iter()
            .map(|&file| (sources.files[file].path.clone(), sources.files[file].package))
            .collect();
        let outcomes = on_all_cores(waiting.len(), &|index| {
            let (path, package) = &paths[index];
            let words = words[*package].as_ref();
            read::read_again(path, words.filter(|_| !around.contains(&waiting[index])))
        });
        for (file, outcome) in waiting.into_iter().zip(outcomes) {
            if let Some(outcome) = outcome {
                sources.files[file].tree = outcome.tree;
                sources.files[file].refused = outcome.refused;
            }
        }
    }
}

/// The files around those that are parsed, up to the roots: names often lead through them.
fn around(sources: &Sources) -> HashSet<usize> {
    let mut around = HashSet::default();
    for (index, file) in sources.files.iter().enumerate() {
        if file.tree.is_none() {
            continue;
        }
        let mut at = index;
        while let Some((parent, _)) = &sources.files[at].parent {
            if !around.insert(*parent) {
                break;
            }
            at = *parent;
        }
    }
    // A test or an example names its package's library.
    let parsed: HashSet<usize> =
        sources.files.iter().filter(|f| f.tree.is_some()).map(|f| f.package).collect();
    let libraries = sources.crates.iter().filter(|krate| krate.is_library);
    around
        .extend(libraries.filter(|krate| parsed.contains(&krate.package)).map(|krate| krate.root));
    around
}
