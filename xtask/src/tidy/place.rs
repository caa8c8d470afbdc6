//! Where a file stands: its crate, its top-level module, its module path, tests or not.
//! It never opens the file; the path says it all.

use super::floors::{BUILDINGS, Building};

/// A file's position in one of the crates that have floors.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) building: &'static Building,
    /// The top-level module; `lib` or `main` for a crate's root.
    pub(super) top: String,
    /// The module path below the crate's root; empty for the root itself.
    pub(super) modules: Vec<String>,
    /// Test code may see anything: it is exempt from floors and doors.
    pub(super) is_test: bool,
}

/// The place of a Rust file, or `None` outside of the crates' sources (`tests/`, `examples/`).
pub(super) fn of(path: &str) -> Option<Place> {
    let building = BUILDINGS.iter().find(|building| path.starts_with(building.root))?;
    let inside = path.strip_prefix(building.root)?.strip_suffix(".rs")?;
    let mut modules: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if modules.len() > 1 && modules.last().is_some_and(|last| last == "mod") {
        modules.pop();
    }
    let top = match modules.first()?.as_str() {
        // Each file of `src/bin` is the root of its own program.
        "bin" => "main".to_owned(),
        first => first.to_owned(),
    };
    if top == "main" || top == "lib" {
        modules.clear();
    }
    Some(Place { building, top, modules, is_test: is_test_path(path) })
}

/// Whether the whole file is test code: a `tests.rs`, or anything in a `tests/` folder.
pub(super) fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}
