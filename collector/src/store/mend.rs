//! Files that are damaged: found, moved aside and named, so that the others go on.
//! It never deletes one before its time: what is left of it is for people.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

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
        OpenError::Empty { .. } => true,
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

/// What can be done about a damaged history: nothing can do without it.
pub(crate) const HISTORY_REMEDY: &str = "restore meta.db from a backup, or move it away, with meta.db-wal and meta.db-shm where they are \
     there, to begin a new history; what is in the queue is kept";

/// What was found to be damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examined {
    pub(crate) days: Vec<DamagedDay>,
    pub(crate) is_history_damaged: bool,
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

    /// Reads every file whole. Gives up when `is_over` says so.
    pub(crate) fn examine(
        &self,
        is_over: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Result<Examined, WriteError> {
        let mut days_found = Vec::new();
        for day in days(&self.dir)? {
            let problem = problem(&DAY, &day_path(&self.dir, day), is_over.clone())?;
            days_found.extend(problem.map(|problem| DamagedDay { day, problem }));
        }
        let meta = meta_path(&self.dir);
        let problem = problem(&META, &meta, is_over)?;
        if let Some(problem) = &problem {
            tracing::error!(
                path = %meta.display(),
                problem,
                "the history is damaged; stop the collector, and then {HISTORY_REMEDY}"
            );
        }
        Ok(Examined { days: days_found, is_history_damaged: problem.is_some() })
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
        Ok(None) => return Ok(path.exists().then(|| EMPTY.to_owned())),
        Err(error) if is_damage_at_open(&error) => return Ok(Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    connection.progress_handler(STEPS, Some(is_over))?;
    match check(&connection) {
        // It is over.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(None)
        }
        checked => Ok(checked?),
    }
}

/// What is wrong with an open file, when it is damaged.
pub(super) fn check(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let check =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match check {
        Ok(answer) => Ok((answer != "ok").then_some(answer)),
        Err(error) if is_damage(&error) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Moves a file out of the way, of which this is the name without `.db`; where it is now.
pub(super) fn set_aside(dir: &Path, stem: &str) -> io::Result<PathBuf> {
    let aside = dir.join(DAMAGED);
    private_dir(&aside)?;
    let name = |n: u32| match n {
        0 => aside.join(format!("{stem}.db")),
        n => aside.join(format!("{stem}.{n}.db")),
    };
    let free = (0..u32::MAX).map(name).find(|path| !path.exists());
    let to = free.ok_or(io::ErrorKind::AlreadyExists)?;
    let from = dir.join(format!("{stem}.db"));
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

/// What is wrong with a file without tables: it was made with them.
pub(super) const EMPTY: &str = "the file is empty";

/// Where damaged files go, in the data directory.
const DAMAGED: &str = "damaged";

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.to_owned().into_os_string();
    beside.push(suffix);
    beside.into()
}
