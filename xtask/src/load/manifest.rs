//! Reads manifests: what a package is called, what it depends on under which names, its targets.
//! It never asks cargo: the files themselves say enough.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::findings::Context;

/// What a manifest says.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) folder: PathBuf,
    /// None for a workspace without a package of its own.
    pub(super) name: Option<String>,
    pub(super) library: Option<String>,
    pub(super) dependencies: Vec<Declared>,
    pub(super) targets: Vec<Target>,
    /// Root files that targets name and that are not there.
    pub(super) missing: Vec<String>,
    /// The folders that the workspace leaves out, if it is one.
    pub(super) excluded: Vec<PathBuf>,
}

/// A dependency as it is declared.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// The name in sources.
    pub(super) name: String,
    pub(super) package: String,
    pub(super) folder: Option<PathBuf>,
}

/// A target with its root file.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) context: Context,
    pub(super) is_library: bool,
    pub(super) root: PathBuf,
}

/// Reads the manifest in `folder`.
///
/// # Errors
/// When it is not a manifest; as a fragment that says why.
pub(super) fn read(folder: &Path) -> Result<Manifest, String> {
    let table = table(&folder.join("Cargo.toml"))?;
    let mut manifest = Manifest { folder: folder.to_path_buf(), ..Manifest::default() };
    if let Some(workspace) = table.get("workspace").and_then(Value::as_table) {
        let excluded = workspace.get("exclude").and_then(Value::as_array);
        let paths = excluded.into_iter().flatten().filter_map(Value::as_str);
        manifest.excluded = paths.map(|path| folder.join(path)).collect();
    }
    let package = table.get("package").or_else(|| table.get("project")).and_then(Value::as_table);
    if let Some(package) = package {
        let Some(name) = package.get("name").and_then(Value::as_str) else {
            return Err("the manifest names no package".into());
        };
        manifest.name = Some(name.to_owned());
        manifest.dependencies = dependencies(&table, folder);
        targets(&mut manifest, &table, package, name);
        manifest.missing = missing(&table, package, folder);
    }
    Ok(manifest)
}

fn table(path: &Path) -> Result<Table, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    text.parse::<Table>().map_err(|error| {
        let first = error.message().lines().next().unwrap_or_default().to_owned();
        format!("the manifest is not valid TOML: {first}")
    })
}

const SECTIONS: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
];

fn dependencies(table: &Table, folder: &Path) -> Vec<Declared> {
    let platforms = table.get("target").and_then(Value::as_table);
    let platforms = platforms.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut inherited = None;
    let mut found = Vec::new();
    for table in platforms.chain([table]) {
        for section in SECTIONS {
            let section = table.get(section).and_then(Value::as_table);
            for (name, value) in section.into_iter().flatten() {
                found.push(declared(name, value, folder, &mut inherited));
            }
        }
    }
    found
}

/// The workspace's table of dependencies, with the folder of its manifest.
type Inherited = Option<(PathBuf, Table)>;

fn declared(
    name: &str,
    value: &Value,
    folder: &Path,
    inherited: &mut Option<Inherited>,
) -> Declared {
    let details = value.as_table();
    let text = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut package = details.and_then(|details| text(details, "package"));
    let mut path = details.and_then(|details| text(details, "path")).map(|p| folder.join(p));
    let is_inherited = details
        .and_then(|details| details.get("workspace"))
        .is_some_and(|workspace| workspace.as_bool() == Some(true));
    if is_inherited
        && let Some((root, table)) = inherited.get_or_insert_with(|| workspace(folder))
        && let Some(details) = table.get(name).and_then(Value::as_table)
    {
        package = package.or_else(|| text(details, "package"));
        path = path.or_else(|| text(details, "path").map(|path| root.join(path)));
    }
    Declared {
        name: ident(name),
        package: package.unwrap_or_else(|| name.to_owned()),
        folder: path,
    }
}

/// The nearest workspace above a folder.
fn workspace(folder: &Path) -> Inherited {
    folder.ancestors().take(16).find_map(|folder| {
        let mut table = table(&folder.join("Cargo.toml")).ok()?;
        let mut workspace = match table.remove("workspace")? {
            Value::Table(workspace) => workspace,
            _ => return None,
        };
        match workspace.remove("dependencies") {
            Some(Value::Table(dependencies)) => Some((folder.to_path_buf(), dependencies)),
            _ => Some((folder.to_path_buf(), Table::new())),
        }
    })
}

fn ident(name: &str) -> String {
    name.replace('-', "_")
}

fn targets(manifest: &mut Manifest, table: &Table, package: &Table, name: &str) {
    let folder = manifest.folder.clone();
    let library = table.get("lib").and_then(Value::as_table);
    let library_name = library.and_then(|lib| lib.get("name")).and_then(Value::as_str);
    let library_path = library.and_then(|lib| lib.get("path")).and_then(Value::as_str);
    let root = folder.join(library_path.unwrap_or("src/lib.rs"));
    let is_tool = name == "xtask" || name.ends_with("-xtask");
    let main = if is_tool { Context::Build } else { Context::Prod };
    let mut add = |name: &str, context, is_library, root: PathBuf| {
        let known = manifest.targets.iter().any(|target| target.root == root);
        if !known && root.is_file() {
            manifest.targets.push(Target { name: ident(name), context, is_library, root });
            true
        } else {
            known
        }
    };
    let library = library_name.map_or_else(|| ident(name), ident);
    let has_library = add(&library, main, true, root);
    add(name, main, false, folder.join("src/main.rs"));
    let build = package.get("build").and_then(Value::as_str).unwrap_or("build.rs");
    add("build_script_build", Context::Build, false, folder.join(build));
    let kinds = [
        ("bin", "src/bin", main),
        ("example", "examples", Context::Example),
        ("test", "tests", Context::Test),
        ("bench", "benches", Context::Bench),
    ];
    for (section, place, context) in kinds {
        let declared = table.get(section).and_then(Value::as_array);
        for target in declared.into_iter().flatten().filter_map(Value::as_table) {
            let name = target.get("name").and_then(Value::as_str).unwrap_or(name);
            if let Some(path) = target.get("path").and_then(Value::as_str) {
                add(name, context, false, folder.join(path));
            }
        }
        for (name, root) in discovered(&folder.join(place)) {
            add(&name, context, false, root);
        }
    }
    if has_library {
        manifest.library = Some(library);
    }
}

fn missing(table: &Table, package: &Table, folder: &Path) -> Vec<String> {
    let sections = ["lib", "bin", "example", "test", "bench"].map(|section| table.get(section));
    let declared = sections.into_iter().flatten().flat_map(|section| match section {
        Value::Array(targets) => targets.iter().collect(),
        target => vec![target],
    });
    let paths = declared.filter_map(|target| target.get("path"));
    let named = paths.chain(package.get("build")).filter_map(Value::as_str);
    named.filter(|path| !folder.join(path).is_file()).map(str::to_owned).collect()
}

/// `place/*.rs` and `place/*/main.rs`, as cargo finds them.
fn discovered(place: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        if is_rust && path.is_file() {
            found.push((stem, path));
        } else if path.join("main.rs").is_file() {
            found.push((stem, path.join("main.rs")));
        }
    }
    found.sort();
    found
}
