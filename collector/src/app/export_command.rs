//! `egret-collector export`: calls or a summary into a file, straight from the data directory.
//! It never writes to the store, and never leaves half a file under the name that was asked for.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::unix_now_ns;
use crate::config::{ConfigError, ExportFlags, ServeFlags, Settings};
use crate::export::{self, Damaged, ExportError, Format};
use crate::model::TimeRange;
use crate::query::{CallFilter, MOMENT_FORMS, Queries, RollupFilter, SummaryQuery, parse_moment};
use crate::queue::{Found, inspect};
use crate::store::Reader;

/// An export that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportCommandError {
    /// The settings do not say where the data is.
    #[error("the settings are not valid")]
    Settings(#[from] ConfigError),
    /// There is no such directory.
    #[error("there is no data directory {0}; name one with --data-dir")]
    NoDirectory(PathBuf),
    /// A flag that is not of its forms.
    #[error("{flag} is {text:?}, but must be {valid}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What was given.
        text: String,
        /// What may be given.
        valid: &'static str,
    },
    /// The file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What was asked for cannot be read or written to its end.
    #[error("the export is not whole")]
    Export(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What is exported.
enum What {
    Calls(Damaged),
    Summary,
}

/// An export, its flags understood.
struct Order {
    what: What,
    range: TimeRange,
    format: Format,
}

/// Carries out `egret-collector export`; `stdout` is where `--out -` writes.
///
/// # Errors
/// When a flag is not valid, or the export cannot be made whole; then there is no file.
pub fn export_command(
    flags: ExportFlags,
    env: impl Fn(&str) -> Option<String>,
    stdout: impl Write + Send,
) -> Result<(), ExportCommandError> {
    let order = order(&flags, unix_now_ns())?;
    let settings = Settings::load(&ServeFlags::from(flags.place), env)?;
    let dir = settings.data_dir.unwrap_or_default();
    if !dir.is_dir() {
        return Err(ExportCommandError::NoDirectory(dir));
    }
    let reader = Reader::new(dir.clone());
    tell_waiting(&dir, &reader);
    let queries = Queries::new(Arc::new(reader));
    let failed = |error: ExportError| ExportCommandError::Export(Box::new(error));
    let n_rows = if flags.out.as_os_str() == "-" {
        run(&queries, order, stdout).map_err(failed)?
    } else {
        let unwritable = |source| ExportCommandError::Write { path: flags.out.clone(), source };
        match Place::of(&flags.out).map_err(unwritable)? {
            Place::Stream => {
                let stream = File::options().write(true).open(&flags.out).map_err(unwritable)?;
                run(&queries, order, BufWriter::new(&stream)).map_err(failed)?
            }
            Place::File(path) => {
                let part = part_of(&path);
                let file = create(&part).map_err(unwritable)?;
                let written = run(&queries, order, BufWriter::new(&file)).map_err(failed);
                let kept = written.and_then(|n_rows| {
                    let renamed = file.sync_all().and_then(|()| fs::rename(&part, &path));
                    renamed.map_err(unwritable).map(|()| n_rows)
                });
                if kept.is_err() {
                    // What is left of it helps nobody; should it stay, it says by its name that it
                    // is half.
                    let _ = fs::remove_file(&part);
                }
                kept?
            }
        }
    };
    tracing::info!(n_rows, out = %flags.out.display(), "exported");
    Ok(())
}

/// What a name stands for.
enum Place {
    /// A file, or none yet: it comes to be, or is replaced, as a whole.
    File(PathBuf),
    /// A pipe or a device: it takes what comes, and nothing ever takes its name.
    Stream,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let problem = "it is a directory; name a file in it";
                Err(io::Error::new(io::ErrorKind::IsADirectory, problem))
            }
            Ok(found) if !found.is_file() => Ok(Self::Stream),
            Ok(_) => Ok(Self::File(followed(path))),
            // Also what a link leads to may still have to come.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::File(followed(path))),
            Err(error) => Err(error),
        }
    }
}

/// Where links lead. No system follows more of them.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

fn order(flags: &ExportFlags, now_ns: u64) -> Result<Order, ExportCommandError> {
    let moment = |flag, text: &str| {
        let invalid = || invalid(flag, text, MOMENT_FORMS);
        parse_moment(text, now_ns).ok_or_else(invalid)
    };
    let from_ns = moment("--from", &flags.from)?;
    let to_ns = flags.to.as_deref().map_or(Ok(now_ns), |text| moment("--to", text))?;
    if from_ns >= to_ns {
        return Err(invalid("--from", &flags.from, "before --to"));
    }
    let damaged = if flags.skip_damaged { Damaged::Skipped } else { Damaged::Fails };
    let what = match flags.what.as_str() {
        "calls" => What::Calls(damaged),
        "summary" => What::Summary,
        other => return Err(invalid("what to export", other, "calls or summary")),
    };
    let words = "csv, ndjson or parquet";
    let ending = flags.out.extension().and_then(|ending| ending.to_str());
    let format = match (&flags.format, ending) {
        (Some(word), _) => {
            Format::from_word(word).ok_or_else(|| invalid("--format", word, words))?
        }
        (None, ending) => ending.and_then(Format::from_word).ok_or_else(|| {
            let valid = "a name that ends with .csv, .ndjson or .parquet, or come with --format";
            invalid("--out", &flags.out.display().to_string(), valid)
        })?,
    };
    Ok(Order { what, range: TimeRange { from_ns, to_ns }, format })
}

fn run(queries: &Queries, order: Order, out: impl Write + Send) -> Result<u64, ExportError> {
    let Order { what, range, format } = order;
    match what {
        What::Calls(damaged) => {
            let filter = CallFilter { range, ..CallFilter::default() };
            let exported = export::calls(queries, filter, damaged, format, out)?;
            for batch_id in exported.damaged_batches {
                tracing::warn!(%batch_id, "left out: its bytes are damaged");
            }
            Ok(exported.n_calls)
        }
        What::Summary => {
            let query = SummaryQuery { range, filter: RollupFilter::default() };
            export::summary(queries, &query, format, out)
        }
    }
}

/// What was acknowledged and is not stored yet is in no export: that is said.
fn tell_waiting(dir: &Path, reader: &Reader) {
    let Ok(position) = reader.queue_position() else {
        return;
    };
    let mut n_batches = 0_u64;
    let counted = inspect(dir, position, |found| {
        n_batches += u64::from(matches!(found, Found::Batch { .. }));
        Ok(())
    });
    if counted.is_ok() && n_batches > 0 {
        tracing::warn!(n_batches, "batches wait in the queue and are not exported");
    }
}

fn invalid(flag: &'static str, text: &str, valid: &'static str) -> ExportCommandError {
    ExportCommandError::Flag { flag, text: text.to_owned(), valid }
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// For its owner alone: calls tell what a company does with whom.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
