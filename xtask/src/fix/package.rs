//! Whether a package can call `egret::wrap` on its clients: by what its manifest depends on.
//! It never asks cargo, and never assumes what a manifest does not say.

use toml::{Table, Value};

/// Why no client of a file's package can be wrapped, if none can. `text` is asked for manifests.
pub(super) fn refusal<T: AsRef<str>>(
    file: &str,
    text: impl Fn(&str) -> Option<T>,
) -> Option<String> {
    let manifests = || {
        folders(file).filter_map(|folder| {
            let text = text(&format!("{folder}Cargo.toml"))?;
            text.as_ref().parse::<Table>().ok()
        })
    };
    let Some(own) = manifests().find(|manifest| manifest.contains_key("package")) else {
        return Some("no manifest of its package was found under the scanned folder".to_owned());
    };
    let name = own.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    let name = name.unwrap_or("?");
    let shared = manifests()
        .find_map(|manifest| manifest.get("workspace")?.get("dependencies")?.as_table().cloned());
    let dependency = |wanted: &str| {
        let own = own.get("dependencies")?.get(wanted)?;
        let is_inherited = own.get("workspace").and_then(Value::as_bool) == Some(true);
        let base = if is_inherited { shared.as_ref()?.get(wanted)? } else { own };
        let is_set = |key: &str, to: bool| {
            [own, base].iter().any(|at| at.get(key).and_then(Value::as_bool) == Some(to))
        };
        let is_it = base.get("package").is_none_or(|package| package.as_str() == Some(wanted));
        (is_it && !is_set("optional", true)).then(|| Dependency {
            version: base.as_str().or_else(|| base.get("version")?.as_str()).map(str::to_owned),
            has_defaults: !is_set("default-features", false),
        })
    };
    match (dependency("egret"), dependency("reqwest")) {
        (None, _) => Some(format!("the package `{name}` has no `egret` among its dependencies")),
        (Some(egret), _) if !egret.has_defaults => {
            Some(format!("the package `{name}` takes `egret` without its default features"))
        }
        (_, Some(Dependency { version: Some(version), .. })) if is_0_13(&version) => None,
        (_, Some(Dependency { version: Some(version), .. })) => Some(format!(
            "the package `{name}` depends on reqwest {version}, and `egret::wrap` takes 0.13"
        )),
        _ => Some(format!(
            "the manifest of `{name}` does not say that it depends on reqwest 0.13, which \
             `egret::wrap` takes"
        )),
    }
}

struct Dependency {
    version: Option<String>,
    has_defaults: bool,
}

/// Whether a requirement lets in nothing but 0.13.
fn is_0_13(requirement: &str) -> bool {
    let plain = requirement.trim().trim_start_matches(['^', '~', '=']).trim_start();
    let rest = plain.strip_prefix("0.13");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') && !rest.contains([',', '<']))
}

/// The folders above a file, the nearest first, each with its slash; the scanned folder is empty.
fn folders(file: &str) -> impl Iterator<Item = &str> {
    let ends = file.rmatch_indices('/').map(|(at, _)| at + 1).chain([0]);
    ends.map(|end| &file[..end])
}
