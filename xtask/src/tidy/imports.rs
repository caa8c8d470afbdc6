//! The rule of floors: imports go strictly downwards, and some not at all.
//! It never holds a table; the floors are in `floors.rs`.

use super::floors::Pair;
use super::mentions::Mention;
use super::model::{Rule, SourceFile, Violation};
use super::place::{self, Place};

/// The places of files whose module has no floor yet. Each is reported once, by itself; reporting
/// everyone who imports it too would only hide what to do.
pub(super) fn unplaced(files: &[SourceFile]) -> Vec<Place> {
    let places = files.iter().filter_map(|file| place::of(&file.path));
    places.filter(|place| place.building.floor_of(&place.top).is_none()).collect()
}

/// Reports a file whose module has no floor.
pub(super) fn check_known(file: &SourceFile, place: &Place, found: &mut Vec<Violation>) {
    if place.building.floor_of(&place.top).is_none() {
        let what = format!(
            "module `{}` has no floor; add it to the table in xtask/src/tidy/floors.rs",
            place.top
        );
        found.push(file.violation(1, Rule::Floors, what));
    }
}

/// Reports every mention of a module that the file may not know.
pub(super) fn check(
    file: &SourceFile,
    place: &Place,
    unplaced: &[Place],
    mentions: &[Mention],
    found: &mut Vec<Violation>,
) {
    // The root of a program is a crate of its own: its `crate` is not the library.
    if place.top == "main" {
        return;
    }
    for mention in mentions {
        if let Some(to) = target(mention, place, unplaced)
            && let Some(what) = fault(place, to, &mention.segments.join("::"))
        {
            found.push(file.violation(mention.line, Rule::Floors, what));
        }
    }
}

/// The top-level module that a mention leads to, when it leads out of the file's own.
fn target<'a>(mention: &'a Mention, place: &Place, unplaced: &[Place]) -> Option<&'a str> {
    let [first, second, ..] = mention.segments.as_slice() else {
        return None;
    };
    // With the second segment imported, the `use` itself was judged.
    if first != "crate" || mention.n_imported > 1 {
        return None;
    }
    let same_crate = |other: &&Place| other.building.root == place.building.root;
    if unplaced.iter().filter(same_crate).any(|other| &other.top == second) {
        return None;
    }
    // What is no module is an item of the crate's root, re-exports included.
    let is_module = place.building.floor_of(second).is_some();
    let to = if is_module { second.as_str() } else { "lib" };
    (to != place.top).then_some(to)
}

/// Why the file may not mention `path`, which leads to the module `to`; `None` when it may.
fn fault(place: &Place, to: &str, path: &str) -> Option<String> {
    let from = place.top.as_str();
    let building = place.building;
    if let Some(pair) = pair(building.forbidden, from, to) {
        return Some(format!(
            "`{from}` imports `{path}`, but must not see `{to}`: {}; go through what lies between",
            pair.reason
        ));
    }
    let (here, there) = (building.floor_of(from)?, building.floor_of(to)?);
    if there < here {
        return None;
    }
    if there > here {
        return Some(format!(
            "`{from}` on floor {here} imports `{path}` of `{to}` on floor {there}; \
             move what is shared down, or hand it in from above"
        ));
    }
    pair(building.same_floor, from, to).is_none().then(|| {
        format!(
            "`{from}` imports `{path}` of `{to}` on its own floor {here}; \
             move what is shared down, or allow the pair with its reason in xtask/src/tidy/floors.rs"
        )
    })
}

fn pair<'a>(pairs: &'a [Pair], from: &str, to: &str) -> Option<&'a Pair> {
    pairs.iter().find(|pair| pair.from == from && pair.to == to)
}
