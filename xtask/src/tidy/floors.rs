//! The tables of floors: for each crate of the workspace, which module may know which.
//! It never judges: it is data, and the one place to edit when a module is added.

/// One crate's modules, from the ground up. A module imports only from floors below its own.
#[derive(Debug)]
pub(super) struct Building {
    /// Where the crate's sources are, with the closing slash.
    pub(super) root: &'static str,
    /// The floors; modules on one floor do not know each other.
    pub(super) floors: &'static [&'static [&'static str]],
    /// Pairs on the same floor that may import all the same.
    pub(super) same_floor: &'static [Pair],
    /// Pairs that may not import although the direction would be right.
    pub(super) forbidden: &'static [Pair],
}

/// An import from one module of another, with the reason for its special treatment.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) reason: &'static str,
}

impl Building {
    /// The floor that a module stands on, counted from 0 at the ground.
    pub(super) fn floor_of(&self, module: &str) -> Option<usize> {
        self.floors.iter().position(|floor| floor.contains(&module))
    }
}

/// Every crate that has floors.
pub(super) const BUILDINGS: &[Building] = &[CLIENT, COLLECTOR, XTASK];

const CLIENT: Building = Building {
    root: "src/",
    floors: &[
        &["clock", "error", "fork", "host", "redact", "varint"],
        &["record"],
        &["stats", "template", "minute", "batch"],
        &["allow", "codec", "process", "queue", "retry", "sample"],
        &["transport", "spool", "capture", "config", "hits"],
        &["worker"],
        &["client"],
        &["http"],
        &["lib"],
    ],
    same_floor: &[],
    forbidden: &[],
};

const COLLECTOR: Building = Building {
    root: "collector/src/",
    floors: &[
        &["model", "clock", "error"],
        &["queue", "rollup"],
        &["store", "ingest", "gateway"],
        &["pipeline", "query", "probe"],
        &["hits", "monitors", "discovery", "notify"],
        &["dashboard", "export"],
        &["api"],
        &["config"],
        &["app", "loading"],
        &["main", "lib"],
    ],
    same_floor: &[],
    forbidden: &[
        Pair { from: "ingest", to: "store", reason: "a slow disk must never hold a request" },
        Pair { from: "gateway", to: "store", reason: "a slow disk must never hold a request" },
        Pair { from: "dashboard", to: "store", reason: "pages read through `query` alone" },
        Pair { from: "dashboard", to: "ingest", reason: "pages only read" },
        Pair { from: "dashboard", to: "pipeline", reason: "pages only read" },
    ],
};

const XTASK: Building = Building {
    root: "xtask/src/",
    floors: &[
        &["findings", "knowledge", "syntax"],
        &["policy"],
        &["load", "report", "allow", "baseline", "fix", "graph"],
        &["resolve"],
        &["follow"],
        &["rules"],
        &["audit"],
        &["cli"],
        &["bench", "tidy"],
        &["ci"],
        &["lib", "main"],
    ],
    same_floor: &[],
    forbidden: &[],
};
