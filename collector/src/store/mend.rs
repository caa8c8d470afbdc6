//! Files that are damaged: found, moved aside and named, so that the others go on.
//! It never deletes one before its time: what is left of it is for people.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::WriteError;
use super::data_dir::{day_path, days, meta_path, private_dir};
use super::schema::{DAY, META, OpenError, Schema};
use crate::model::Day;

/// Whether SQLite says that a file is not what it wrote.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether a file could not be opened because it is damaged.
pub(super) fn is_damage_at_open(error: &OpenError) -> bool {
    match error {
        OpenError::Sqlite { source, .. } => source.downcast_ref().is_some_and(is_damage),
        OpenError::Newer { .. } => false,
    }
}

/// A day's file that is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamagedDay {
    pub(crate) day: Day,
    /// In SQLite's words.
    pub(crate) problem: String,
}

/// Looks for damage, beside the one who writes.
#[derive(Debug, Clone)]
pub(crate) struct Examiner {
    dir: PathBuf,
}

impl Examiner {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Reads every file whole: the days that are damaged. The history it only tells the log about;
    /// nothing can do without it. Gives up when `is_over` says so.
    pub(crate) fn examine(
        &self,
        is_over: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Result<Vec<DamagedDay>, WriteError> {
        let mut found = Vec::new();
        for day in days(&self.dir)? {
            let problem = problem(&DAY, &day_path(&self.dir, day), is_over.clone())?;
            found.extend(problem.map(|problem| DamagedDay { day, problem }));
        }
        let meta = meta_path(&self.dir);
        if let Some(problem) = problem(&META, &meta, is_over)? {
            tracing::error!(
                path = %meta.display(),
                problem,
                "the history is damaged; stop the collector and restore the file from a backup, or \
                 move it away to begin a new history"
            );
        }
        Ok(found)
    }
}

/// What is wrong with a file, when it is damaged. Indexes are compared with their tables, which finds
/// bits that fell over in one of them.
fn problem(
    schema: &Schema,
    path: &Path,
    is_over: impl FnMut() -> bool + Send + 'static,
) -> Result<Option<String>, WriteError> {
    let mut connection = match schema.open_readable(path) {
        Ok(Some(connection)) => connection,
        Ok(None) => return Ok(None),
        Err(error) if is_damage_at_open(&error) => return Ok(Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    connection.progress_handler(STEPS, Some(is_over))?;
    let check =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match check {
        Ok(answer) if answer == "ok" => Ok(None),
        Ok(problem) => Ok(Some(problem)),
        Err(error) if is_damage(&error) => Ok(Some(error.to_string())),
        // It is over.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Moves a day's file out of the way; where it is now.
pub(super) fn set_aside(dir: &Path, day: Day) -> io::Result<PathBuf> {
    let aside = dir.join(DAMAGED);
    private_dir(&aside)?;
    let name = |n: u32| match n {
        0 => aside.join(format!("calls-{day}.db")),
        n => aside.join(format!("calls-{day}.{n}.db")),
    };
    let free = (0..u32::MAX).map(name).find(|path| !path.exists());
    let to = free.ok_or(io::ErrorKind::AlreadyExists)?;
    let from = day_path(dir, day);
    // What SQLite has beside it belongs to it; the file itself goes last, so that a move that is cut
    // off is done again.
    for suffix in ["-wal", "-shm"] {
        match fs::rename(with(&from, suffix), with(&to, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(from, &to)?;
    Ok(to)
}

/// The names of what was moved aside.
pub(super) fn names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir.join(DAMAGED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().into_string().ok();
        names.extend(name.filter(|name| name.ends_with(".db")));
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes what was moved aside of days before this one: its calls would be gone by now.
pub(super) fn prune(dir: &Path, first_day: Day) -> io::Result<()> {
    for name in names(dir)? {
        let date = name.strip_prefix("calls-").and_then(|rest| rest.split('.').next());
        if date.and_then(Day::parse).is_some_and(|day| day < first_day) {
            let path = dir.join(DAMAGED).join(name);
            for path in [with(&path, "-wal"), with(&path, "-shm"), path] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// Steps of SQLite's between one look at whether it is over and the next.
const STEPS: i32 = 10_000;

/// Where damaged files go, in the data directory.
const DAMAGED: &str = "damaged";

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.to_owned().into_os_string();
    beside.push(suffix);
    beside.into()
}
