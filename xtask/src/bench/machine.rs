//! What the numbers were seen on: machine, compiler, the peers' versions, the moment.
//! It never leaves a line out: what the system does not tell is `unknown`.

use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_lock::Lockfile;
use jiff::Timestamp;

/// The packages whose versions matter to who compares.
const PACKAGES: [&str; 11] = [
    "fastrace",
    "hyper-util",
    "opentelemetry-otlp",
    "opentelemetry_sdk",
    "reqwest",
    "reqwest-middleware",
    "reqwest-tracing",
    "sentry",
    "tokio",
    "tracing",
    "tracing-opentelemetry",
];

/// The lines that stand before all results.
pub(super) fn described(root: &Path) -> String {
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let lines = [
        format!("- CPU: {model}, {cores} cores"),
        format!("- Linux: {}", or_unknown(kernel.trim())),
        format!("- Compiler: {}", or_unknown(rustc.as_deref().unwrap_or_default())),
        format!("- Peers: {}", or_unknown(&versions(root))),
    ];
    lines.join("\n")
}

/// The commit, the day, the time and how busy the machine was.
pub(super) fn moment(root: &Path) -> String {
    let now = Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let commit = commit(root).unwrap_or_default();
    format!("{}, {now}, load average before it {}", or_unknown(&commit), or_unknown(load))
}

/// The commit that is measured, and whether the sources differ from it.
fn commit(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    // The results themselves change while programs run one after the other.
    let changed = git(&["status", "--porcelain", "--", ".", ":!benches/RESULTS.md"])?;
    let suffix = if changed.is_empty() { "" } else { " with changes" };
    Some(format!("commit {commit}{suffix}"))
}

/// The versions in the peers' own lock file; of some there are two.
fn versions(root: &Path) -> String {
    let text = read(root.join("benches/peers/Cargo.lock"));
    let Ok(lock) = text.parse::<Lockfile>() else { return String::new() };
    let of = |name: &&str| {
        let same = lock.packages.iter().filter(|package| package.name.as_str() == *name);
        let versions: Vec<String> = same.map(|package| package.version.to_string()).collect();
        (!versions.is_empty()).then(|| format!("{name} {}", versions.join(" and ")))
    };
    PACKAGES.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}
