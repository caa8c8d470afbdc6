//! Follows `mod` from every target, and gives every file its place in a crate.
//! It never decides what is in a file; it only needs what the files declare.

use std::collections::VecDeque;
use std::fs;
use std::path::{Component, Path, PathBuf};

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::modules::Declaration;
use super::packages::Packages;
use super::{Crate, File, Sources};
use crate::findings::{Context, Skipped};

/// Reads a file that the walk did not find, puts it behind the others, and answers what it declares.
pub(super) type Fetch<'a> =
    &'a mut dyn FnMut(&mut Sources, &Path, usize) -> Option<Vec<Declaration>>;

pub(super) struct Reach<'a> {
    pub(super) by_path: HashMap<PathBuf, usize>,
    /// What each file declares, by its place among the files.
    pub(super) declarations: Vec<Vec<Declaration>>,
    pub(super) fetch: Fetch<'a>,
}

/// A file whose declarations are to be followed.
struct Step {
    file: usize,
    owns_folder: bool,
}

impl Reach<'_> {
    /// Follows everything from every target.
    pub(super) fn follow(&mut self, packages: &Packages, sources: &mut Sources) {
        let mut steps = Vec::new();
        for (package, manifest) in packages.manifests.iter().enumerate() {
            let targets = manifest.iter().flat_map(|manifest| &manifest.targets);
            let is_foreign = sources.packages[package].is_foreign;
            for target in targets.filter(|target| target.is_library || !is_foreign) {
                let Some(root) = self.find(sources, &target.root, package) else {
                    continue;
                };
                let krate = Crate {
                    package,
                    name: target.name.clone(),
                    is_library: target.is_library,
                    context: target.context,
                    root,
                };
                steps.extend(self.root(sources, krate));
            }
        }
        self.run(sources, steps);
    }

    /// Gives files that no target reaches a place, too.
    pub(super) fn adopt(&mut self, sources: &mut Sources) {
        let lost: Vec<usize> =
            (0..sources.files.len()).filter(|&file| sources.files[file].krate.is_none()).collect();
        for &file in &lost {
            let at = &mut sources.files[file];
            at.is_orphan = sources.packages[at.package].has_manifest;
            at.place = place(&at.path, &sources.packages[at.package].folder);
        }
        let declared = self.declared_by(sources, &lost);
        let is_root = |file: &&usize| !declared.contains(file);
        for &file in lost.iter().filter(is_root).chain(&lost) {
            if sources.files[file].krate.is_none() {
                let step = self.adopt_one(sources, file);
                self.run(sources, vec![step]);
            }
        }
    }

    /// The files that one of `files` declares.
    fn declared_by(&mut self, sources: &mut Sources, files: &[usize]) -> HashSet<usize> {
        let mut declared = HashSet::default();
        for &file in files {
            let path = sources.files[file].path.clone();
            let package = sources.files[file].package;
            for index in 0..self.declarations[file].len() {
                let owns_folder = owns_folder(&path);
                let candidates = self.declarations[file][index].candidates(&path, owns_folder);
                let found = self.first_of_each(sources, &candidates, package);
                declared.extend(found.into_iter().filter(|&child| child != file));
            }
        }
        declared
    }

    /// An orphan is a child of the module that its folder belongs to, or a root of its own.
    fn adopt_one(&mut self, sources: &mut Sources, file: usize) -> Step {
        let path = sources.files[file].path.clone();
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let beside = ["mod.rs", "lib.rs", "main.rs"].map(|name| folder.join(name));
        let above = folder.with_extension("rs");
        let mut parents = beside.iter().chain([&above]).filter(|&parent| *parent != path);
        let parent = parents.find_map(|parent| {
            let parent = *self.by_path.get(parent)?;
            sources.files[parent].krate.map(|krate| (parent, krate))
        });
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let context = sources.files[file].place.unwrap_or(Context::Prod);
        match parent.filter(|_| context == Context::Prod) {
            Some((parent, krate)) => {
                let at = &mut sources.files[file];
                at.krate = Some(krate);
                at.parent = Some((parent, Vec::new()));
                at.module = stem;
            }
            None => {
                let package = sources.files[file].package;
                let krate = Crate { package, name: stem, is_library: false, context, root: file };
                self.root(sources, krate);
            }
        }
        Step { file, owns_folder: owns_folder(&path) }
    }

    fn root(&mut self, sources: &mut Sources, krate: Crate) -> Option<Step> {
        let file = krate.root;
        let index = sources.crates.len();
        sources.crates.push(krate);
        let root = &mut sources.files[file];
        if root.krate.is_some() {
            return None;
        }
        root.krate = Some(index);
        Some(Step { file, owns_folder: true })
    }

    /// Follows code before tests, so that what both reach counts as code.
    fn run(&mut self, sources: &mut Sources, steps: Vec<Step>) {
        let mut waiting = VecDeque::from(steps);
        let mut tests = VecDeque::new();
        while let Some(step) = waiting.pop_front().or_else(|| tests.pop_front()) {
            let declarations = std::mem::take(&mut self.declarations[step.file]);
            for declaration in &declarations {
                self.declare(sources, &step, declaration, &mut waiting, &mut tests);
            }
            self.declarations[step.file] = declarations;
        }
    }

    fn declare(
        &mut self,
        sources: &mut Sources,
        step: &Step,
        declaration: &Declaration,
        waiting: &mut VecDeque<Step>,
        tests: &mut VecDeque<Step>,
    ) {
        let File { path, package, krate, is_test, is_orphan, place, .. } =
            &sources.files[step.file];
        let (package, krate, is_orphan, place) = (*package, *krate, *is_orphan, *place);
        let is_test = *is_test || declaration.is_test;
        let candidates = declaration.candidates(path, step.owns_folder);
        let children = self.first_of_each(sources, &candidates, package);
        if children.is_empty() && !is_orphan {
            name_missing(sources, step.file, declaration, &candidates);
        }
        for child in children {
            if child == step.file {
                continue;
            }
            let key = (declaration.inside.clone(), declaration.name.clone());
            let siblings = sources.files[step.file].children.entry(key).or_default();
            if !siblings.contains(&child) {
                siblings.push(child);
            }
            let file = &mut sources.files[child];
            if file.krate.is_some() {
                continue;
            }
            file.krate = krate;
            file.package = package;
            file.parent = Some((step.file, declaration.inside.clone()));
            file.is_included = declaration.is_include;
            file.is_test = is_test;
            file.is_orphan = is_orphan;
            file.place = place;
            file.module.clone_from(&declaration.name);
            let named = !declaration.paths.is_empty() || declaration.is_include;
            let owns_folder = named || owns_folder(&file.path);
            let queue = if is_test { &mut *tests } else { &mut *waiting };
            queue.push_back(Step { file: child, owns_folder });
        }
    }

    /// Of each group of candidates, the first that is a file.
    fn first_of_each(
        &mut self,
        sources: &mut Sources,
        candidates: &[Vec<PathBuf>],
        package: usize,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for group in candidates {
            let first = group.iter().find_map(|path| self.find(sources, path, package));
            found.extend(first);
        }
        found
    }

    fn find(&mut self, sources: &mut Sources, path: &Path, package: usize) -> Option<usize> {
        let plain = normal(path);
        if let Some(&known) = self.by_path.get(&plain) {
            return Some(known);
        }
        let whole = fs::canonicalize(&plain).ok().filter(|whole| whole.is_file())?;
        if let Some(&known) = self.by_path.get(&whole) {
            return Some(known);
        }
        let index = sources.files.len();
        let declarations = (self.fetch)(sources, &whole, package)?;
        self.by_path.insert(whole, index);
        self.declarations.push(declarations);
        Some(index)
    }
}

/// Says that a declared file is not there. One that is there and could not be read is named already.
fn name_missing(
    sources: &mut Sources,
    file: usize,
    declaration: &Declaration,
    candidates: &[Vec<PathBuf>],
) {
    let File { name, package, .. } = &sources.files[file];
    if sources.packages[*package].is_foreign
        || candidates.iter().flatten().any(|path| path.exists())
    {
        return;
    }
    let what = &declaration.name;
    let reason = match (declaration.is_include, what.contains("env!")) {
        (true, true) => {
            format!("what `include!({what})` shows is made by a build, and was not read")
        }
        (true, false) => format!("what `include!({what:?})` shows was not found"),
        (false, _) => format!("the file of `mod {what};` was not found"),
    };
    sources.skipped.push(Skipped { file: name.clone(), reason, holds_anchor: false });
}

/// A file whose modules lie beside it, not in a folder of its name.
fn owns_folder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "mod.rs" || name == "lib.rs" || name == "main.rs")
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// What the place of a file says that it is for.
fn place(path: &Path, package: &Path) -> Option<Context> {
    let inside = path.strip_prefix(package).ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    match first {
        "tests" => Some(Context::Test),
        "examples" => Some(Context::Example),
        "benches" => Some(Context::Bench),
        "build.rs" => Some(Context::Build),
        _ => None,
    }
}
