//! The programs that can be run, and how.
//! It never runs one.

use std::fs;
use std::io;
use std::path::Path;

use super::{Failure, Pace};

/// One program that measures and prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What the command line and the results call it.
    pub name: String,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// A binary of the workspace in `benches/peers`.
    Peers,
    /// A bench of this workspace, run by this command. It has one pace.
    Cargo(&'static str),
}

/// Builds every binary of `benches/peers`, apart from everything else.
pub(super) const BUILD: &str =
    "cargo build --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers";

/// The benches of this workspace, after those beside peers.
const OWN: [(&str, &str); 4] = [
    ("collector", "cargo bench --quiet -p egret-collector --bench ingest"),
    ("whole", "cargo bench --quiet -p egret-collector --bench ingest -- whole"),
    ("audit", "cargo bench --quiet -p egret-audit --bench audit"),
    ("disabled", "cargo bench --quiet -p egret --bench disabled"),
];

impl Program {
    /// Whether it is built with the peers.
    pub(super) fn is_peer(&self) -> bool {
        self.origin == Origin::Peers
    }

    /// As a person would type it at the workspace's root.
    #[must_use]
    pub fn command(&self, pace: Pace) -> String {
        match (&self.origin, pace) {
            (Origin::Cargo(command), _) => (*command).to_owned(),
            (Origin::Peers, Pace::Full) => format!("target/peers/release/{}", self.name),
            (Origin::Peers, Pace::Quick) => format!("target/peers/release/{} --quick", self.name),
        }
    }
}

/// Every program: the binaries beside peers by name, then the benches of this workspace.
pub(super) fn all(root: &Path) -> io::Result<Vec<Program>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("benches/peers/src/bin"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let peers = names.into_iter().map(|name| Program { name, origin: Origin::Peers });
    let own = OWN
        .map(|(name, command)| Program { name: name.to_owned(), origin: Origin::Cargo(command) });
    Ok(peers.chain(own).collect())
}

/// All, or those that were asked for, in the order in which they were.
pub(super) fn chosen(names: &[String], all: &[Program]) -> Result<Vec<Program>, Failure> {
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    let find = |name: &String| {
        let known =
            || all.iter().map(|program| program.name.as_str()).collect::<Vec<_>>().join(", ");
        let found = all.iter().find(|program| program.name == *name).cloned();
        found.ok_or_else(|| Failure::NoSuchProgram { name: name.clone(), known: known() })
    };
    names.iter().map(find).collect()
}
