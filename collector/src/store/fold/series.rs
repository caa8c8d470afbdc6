//! Which series are asked for, and the group that each belongs to.
//! It never looks at roll-ups.

use std::collections::HashMap;

use egret::record::{Kind, Outcome, is_error};
use rusqlite::{Connection, Row, params_from_iter};

use crate::store::reader::ReadError;

/// What a series must be; `None` for anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SeriesFilter {
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) target: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) template: Option<String>,
    pub(crate) error_type: Option<String>,
    pub(crate) consumer: Option<String>,
}

/// What all calls of a series have in common. Texts are empty when not told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Series {
    pub(crate) service: String,
    pub(crate) environment: String,
    pub(crate) kind: Kind,
    pub(crate) target: String,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) template: String,
    pub(crate) status: Option<u16>,
    pub(crate) error_type: String,
    pub(crate) consumer: String,
}

/// A series that is asked for.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) group: usize,
    pub(super) is_error: bool,
    /// No packed roll-up of it is later.
    last_day: u64,
}

impl Series {
    /// Whether its calls count as errors.
    pub(crate) fn is_error(&self) -> bool {
        is_error(self.kind, Outcome::Completed, self.status, &self.error_type)
    }
}

impl SeriesFilter {
    /// The columns that have to be something, and what.
    fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let conditions = [
            ("service", self.service.as_deref()),
            ("environment", self.environment.as_deref()),
            ("kind", self.kind.map(Kind::as_str)),
            ("target", self.target.as_deref()),
            ("method", self.method.as_deref()),
            ("host", self.host.as_deref()),
            ("template", self.template.as_deref()),
            ("error_type", self.error_type.as_deref()),
            ("consumer", self.consumer.as_deref()),
        ];
        conditions.into_iter().filter_map(|(column, value)| Some((column, value?)))
    }
}

/// The series that are asked for, by number.
pub(super) fn choose(
    connection: &Connection,
    filter: &SeriesFilter,
    group_of: &mut dyn FnMut(&Series) -> Option<usize>,
) -> Result<HashMap<i64, Chosen>, ReadError> {
    let mut sql = "SELECT series_id, last_day, service, environment, kind, target, method, host,
                          template, status, error_type, consumer
                   FROM series"
        .to_owned();
    for (n, (column, _)) in filter.conditions().enumerate() {
        let word = if n == 0 { "WHERE" } else { "AND" };
        sql.push_str(&format!(" {word} {column} = ?"));
    }
    let mut select = connection.prepare(&sql)?;
    let values = filter.conditions().map(|(_, value)| value);
    let mut rows = select.query(params_from_iter(values))?;
    let mut chosen = HashMap::new();
    while let Some(row) = rows.next()? {
        let series = series(row)?;
        if let Some(group) = group_of(&series) {
            let last_day = row.get::<_, i64>(1)?.unsigned_abs();
            chosen.insert(row.get(0)?, Chosen { group, is_error: series.is_error(), last_day });
        }
    }
    Ok(chosen)
}

/// Whether looking each of them up is less work than passing by all others.
pub(super) fn are_few(
    connection: &Connection,
    chosen: &HashMap<i64, Chosen>,
) -> rusqlite::Result<bool> {
    let n_series: i64 =
        connection.query_row("SELECT count(*) FROM series", [], |row| row.get(0))?;
    Ok(chosen.len() as u64 * 8 < n_series.unsigned_abs())
}

/// Those that may have packed roll-ups from a day on, in the order of the tables.
pub(super) fn in_order(chosen: &HashMap<i64, Chosen>, first_day: u64) -> Vec<(i64, &Chosen)> {
    let alive = chosen.iter().filter(|(_, series)| series.last_day >= first_day);
    let mut alive: Vec<_> = alive.map(|(series_id, series)| (*series_id, series)).collect();
    alive.sort_unstable_by_key(|(series_id, _)| *series_id);
    alive
}

fn series(row: &Row<'_>) -> rusqlite::Result<Series> {
    // A later collector may have written a kind that is not known here.
    let kind = Kind::from_word(row.get_ref(4)?.as_str()?).unwrap_or(Kind::Manual);
    let status: u16 = row.get(9)?;
    Ok(Series {
        service: row.get(2)?,
        environment: row.get(3)?,
        kind,
        target: row.get(5)?,
        method: row.get(6)?,
        host: row.get(7)?,
        template: row.get(8)?,
        status: (status > 0).then_some(status),
        error_type: row.get(10)?,
        consumer: row.get(11)?,
    })
}
