//! The rule of doors: each foreign crate, and each power over the machine, has one door.
//! It never looks at test code, examples or benches; they may use what they like.

use super::floors::BUILDINGS;
use super::mentions::Mention;
use super::model::{Rule, SourceFile, Violation};

/// Something that only a few files may name.
struct Door {
    /// The paths that lead through it, as written in full.
    paths: &'static [&'static str],
    /// Where the rule holds; empty for the sources of every crate.
    within: &'static str,
    /// The modules that may: `src/queue` stands for `src/queue.rs` and all of `src/queue/`.
    allowed: &'static [&'static str],
    reason: &'static str,
}

const DOORS: &[Door] = &[
    Door {
        paths: &["flume"],
        within: "",
        allowed: &["src/queue"],
        reason: "the hand-off has one implementation, which can be changed in one place",
    },
    Door {
        paths: &["quanta"],
        within: "",
        allowed: &["src/clock"],
        reason: "one file reads the clock; everything else takes `now` as an argument",
    },
    Door {
        paths: &["forkguard", "std::process::id"],
        within: "src/",
        allowed: &["src/fork", "src/spool/home"],
        reason: "one file tells a process from its forks; the spool names a directory by its process",
    },
    Door {
        paths: &["zstd"],
        within: "",
        allowed: &["src/codec", "collector/src/ingest"],
        reason: "the format is written once; ingest also opens NDJSON bodies",
    },
    Door {
        paths: &["rusqlite"],
        within: "",
        allowed: &["collector/src/store"],
        reason: "only the store knows which database there is",
    },
    Door {
        paths: &["axum"],
        within: "",
        allowed: &[
            "collector/src/api",
            "collector/src/app",
            "src/hits/layer",
            "src/capture/tower/route",
        ],
        reason: "what answers HTTP is apart from what knows the answer",
    },
    Door {
        paths: &["csv", "parquet"],
        within: "collector/src/",
        allowed: &["collector/src/export"],
        reason: "formats of files are written in one place each",
    },
    Door {
        paths: &["prometheus_client"],
        within: "",
        allowed: &["collector/src/api/metrics"],
        reason: "numbers are counted as plain values, and named where they are shown",
    },
    Door {
        paths: &["syn"],
        within: "",
        allowed: &["xtask/src/fix", "xtask/src/syntax", "xtask/src/tidy"],
        reason: "everything else works on plain trees, which have no spans and no lifetimes",
    },
    Door {
        paths: &["std::thread::spawn", "std::thread::Builder", "std::thread::scope"],
        within: "src/",
        allowed: &["src/worker", "src/hits"],
        reason: "one thread per hit handler, for a handler may hang; beside them a service that carries egret gets one thread of ours, never two",
    },
    Door {
        paths: &["std::fs", "tokio::fs"],
        within: "src/",
        allowed: &["src/spool", "src/process", "src/transport/file", "src/capture/blocking/body"],
        reason: "only the spool and the transport to a file touch a disk; /proc tells of the process; a user's file may be a request's body",
    },
    Door {
        paths: &["opentelemetry_proto", "prost"],
        within: "",
        allowed: &["src/transport/otlp", "collector/src/ingest/otlp"],
        reason: "one translation into OTLP and one out of it, each following the conventions in one place",
    },
    Door {
        paths: &["crate::config::Config", "crate::Config"],
        within: "src/",
        allowed: &["src/client", "src/config", "src/lib"],
        reason: "stages receive values, never the whole configuration",
    },
    Door {
        paths: &[
            "reqwest::Client::builder",
            "reqwest::Client::new",
            "reqwest::Client::default",
            "reqwest::ClientBuilder::new",
            // As the capture names it, which is compiled for each version of reqwest.
            "crate::capture::reqwest::Client::builder",
            "crate::capture::reqwest::Client::new",
            "crate::capture::reqwest::Client::default",
            "crate::capture::reqwest::ClientBuilder::new",
        ],
        within: "src/",
        allowed: &["src/transport", "src/capture/reqwest_async/builder", "src/http/client"],
        reason: "only delivery opens sockets of ours; the builder and the drop-in client make the user's own",
    },
];

pub(super) fn check(file: &SourceFile, mentions: &[Mention], found: &mut Vec<Violation>) {
    if !BUILDINGS.iter().any(|building| file.path.starts_with(building.root)) {
        return;
    }
    let closed = DOORS.iter().filter(|door| door.is_closed_to(&file.path));
    for door in closed {
        for mention in mentions {
            if let Some(path) = door.opened_by(mention) {
                let what = format!(
                    "`{path}` is used outside of its door ({}): {}; go through {}",
                    door.allowed.join(", "),
                    door.reason,
                    door.allowed[0],
                );
                found.push(file.violation(mention.line, Rule::Doors, what));
            }
        }
    }
}

impl Door {
    fn is_closed_to(&self, file: &str) -> bool {
        file.starts_with(self.within) && !self.allowed.iter().any(|module| is_in(file, module))
    }

    /// The door's path that the mention names, unless the file's `use` was reported for it.
    fn opened_by(&self, mention: &Mention) -> Option<&'static str> {
        self.paths.iter().copied().find(|path| {
            let n_segments = path.split("::").count();
            let segments = mention.segments.iter().map(String::as_str);
            n_segments > mention.n_imported && segments.take(n_segments).eq(path.split("::"))
        })
    }
}

fn is_in(file: &str, module: &str) -> bool {
    file.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}
