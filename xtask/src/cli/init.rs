//! `init`: the policy, the baseline with the current state, the alias and a job for CI.
//! It never overwrites a file unless it is told to.

use std::fs;
use std::path::Path;

use super::arguments::InitArguments;
use super::files::{self, BASELINE, Named, POLICY};
use super::{Failure, Scan, Terminal, exceptions};
use crate::baseline::Baseline;
use crate::findings::Conclusion;

const POLICY_TEXT: &str = include_str!("init/policy.toml");
const WORKFLOW: &str = ".github/workflows/egret-audit.yml";
const WORKFLOW_TEXT: &str = include_str!("init/workflow.yml");
const CONFIG: &str = ".cargo/config.toml";
const CONFIG_TEXT: &str = include_str!("init/config.toml");

/// Runs `init` and returns the exit code: 0 when the next audit can judge, 2 when it cannot.
///
/// # Errors
/// When the folder cannot be read, a file cannot be written, or the policy that is there already has
/// mistakes.
pub fn init(
    arguments: &InitArguments,
    scan: Scan<'_>,
    terminal: &mut Terminal<'_>,
) -> Result<u8, Failure> {
    let root = files::root(&arguments.path)?;
    // The folder decides what there is to scan; everything else is written only once that is known.
    let policy_file = Named::new(&root, None, POLICY);
    let force = arguments.force;
    put(&root, POLICY, POLICY_TEXT, force, terminal)?;
    let policy = files::read_policy(&policy_file, true)?;
    let (mut report, graph) = exceptions::scan_and_ask(&root, &policy, scan)?;
    exceptions::add_dependencies(&mut report, &graph, &policy, &policy_file)?;
    exceptions::apply_comments(&mut report, &policy, terminal.now.date());
    exceptions::apply_paths(&mut report, &mut [], &policy, &policy_file);
    let baseline = Baseline::of(&report);
    put(&root, BASELINE, &baseline.to_toml()?, force, terminal)?;
    put(&root, WORKFLOW, WORKFLOW_TEXT, force, terminal)?;
    put(&root, CONFIG, CONFIG_TEXT, force, terminal)?;
    let tally = report.tally();
    writeln!(
        terminal.out,
        "{} sites found, {} covered, {} entries for the baseline",
        tally.n_found,
        tally.n_covered,
        baseline.len()
    )?;
    if report.conclusion() == Conclusion::NotJudged {
        let what = "but not everything could be judged; `cargo egret audit` says what";
        writeln!(terminal.out, "{what}")?;
        return Ok(Conclusion::NotJudged.exit_code());
    }
    writeln!(terminal.out, "now run `cargo egret audit`; it fails for what is added from here on")?;
    Ok(0)
}

/// Writes a file, or says that it was left as it is and how it could have been otherwise.
fn put(
    root: &Path,
    name: &str,
    text: &str,
    force: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let path = root.join(name);
    // A link that leads nowhere is something too.
    if !force && path.symlink_metadata().is_ok() {
        writeln!(terminal.out, "kept    {name} (it was there; --force overwrites it)")?;
        if name == CONFIG {
            let alias = CONFIG_TEXT.lines().find(|line| line.starts_with("audit-calls"));
            writeln!(terminal.out, "        its [alias] may take: {}", alias.unwrap_or_default())?;
        }
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|source| Failure::File { path: folder.to_owned(), source })?;
    }
    files::write(&path, text.as_bytes())?;
    writeln!(terminal.out, "written {name}")?;
    Ok(())
}
