//! The stored tokens: `tokens.db`, which the command line writes while the collector reads.
//! It never holds a token: only hashes.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, Transaction};

use super::data_dir::{DirError, prepare};
use super::mend;
use super::schema::{OpenError, Schema};
use super::sums::integer;
use crate::model::{Quotas, Scope, StoredToken};
use crate::queue::Durability;

/// `tokens.db`: a file of its own, so that a command writes beside a collector that runs. Times are
/// unix nanoseconds; NULL means never, and of a quota none.
const TOKENS: Schema = Schema {
    steps: &["
        CREATE TABLE tokens (
            id TEXT PRIMARY KEY,
            hash BLOB NOT NULL UNIQUE, -- SHA-256
            scope TEXT NOT NULL,
            service TEXT,
            environment TEXT,
            requests_per_second INTEGER,
            bytes_per_minute INTEGER,
            calls_per_minute INTEGER,
            created_unix_ns INTEGER NOT NULL,
            expires_unix_ns INTEGER,
            revoked_unix_ns INTEGER,
            last_used_unix_ns INTEGER
        ) WITHOUT ROWID;"],
};

/// What could not be done with the tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenFileError {
    #[error(transparent)]
    Directory(#[from] DirError),
    /// Without its tokens a collector would let everyone in.
    #[error(
        "the tokens, {path}, are damaged; restore the file from a backup, or move it away and make \
         the tokens anew with `egret-collector token create`, before the collector starts"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        #[source]
        problem: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot open the tokens")]
    Open(#[from] OpenError),
    #[error("cannot read or write the tokens")]
    Sqlite(#[from] rusqlite::Error),
    /// Written by hand, or by a later collector.
    #[error("the token {id} has the scope {scope:?}, which is not known here")]
    Scope {
        /// The token's id.
        id: String,
        /// What stands there.
        scope: String,
    },
}

/// The open file.
#[derive(Debug)]
pub(crate) struct TokenFile {
    connection: Connection,
}

impl TokenFile {
    /// Opens the tokens of a data directory; makes both when they are not there. The directory
    /// needs not be ours alone: several may write.
    pub(crate) fn open(dir: &Path) -> Result<Self, TokenFileError> {
        prepare(dir)?;
        let path = dir.join("tokens.db");
        let damaged = |problem| TokenFileError::Damaged { path: path.clone(), problem };
        let opened = TOKENS.open_writable(&path, Durability::Full);
        let connection = opened.map_err(|error| match mend::is_damage_at_open(&error) {
            true => damaged(error.into()),
            false => error.into(),
        })?;
        // It is small, and what of it cannot be read would be found when somebody is not let in.
        match mend::check(&connection)? {
            None if connection.table_exists(None, "tokens")? => Ok(Self { connection }),
            problem => Err(damaged(problem.unwrap_or_else(|| mend::EMPTY.to_owned()).into())),
        }
    }

    /// Every token, the oldest first.
    pub(crate) fn all(&self) -> Result<Vec<StoredToken>, TokenFileError> {
        let mut select = self.connection.prepare_cached(
            "SELECT id, hash, scope, service, environment, requests_per_second, bytes_per_minute,
                    calls_per_minute, created_unix_ns, expires_unix_ns, revoked_unix_ns,
                    last_used_unix_ns
             FROM tokens ORDER BY created_unix_ns, id",
        )?;
        let mut rows = select.query([])?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next()? {
            tokens.push(token(row)?);
        }
        Ok(tokens)
    }

    /// Keeps a token.
    pub(crate) fn add(&self, token: &StoredToken) -> Result<(), TokenFileError> {
        let Quotas { requests_per_second, bytes_per_minute, calls_per_minute } = token.quotas;
        self.connection.execute(
            "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            (
                &token.id,
                token.hash,
                token.scope.as_str(),
                &token.service,
                &token.environment,
                requests_per_second,
                bytes_per_minute,
                calls_per_minute,
                integer(token.created_unix_ns),
                token.expires_unix_ns.map(integer),
                token.revoked_unix_ns.map(integer),
                token.last_used_unix_ns.map(integer),
            ),
        )?;
        Ok(())
    }

    /// Revokes a token; `false` when there is none of this id. One that was revoked stays so from
    /// then.
    pub(crate) fn revoke(&self, id: &str, now_ns: u64) -> Result<bool, TokenFileError> {
        let n_found = self.connection.execute(
            "UPDATE tokens SET revoked_unix_ns = coalesce(revoked_unix_ns, ?2) WHERE id = ?1",
            (id, integer(now_ns)),
        )?;
        Ok(n_found > 0)
    }

    /// Keeps when tokens were last used.
    pub(crate) fn used(&mut self, last_used: &[(String, u64)]) -> Result<(), TokenFileError> {
        let transaction: Transaction<'_> = self.connection.transaction()?;
        for (id, unix_ns) in last_used {
            transaction.execute(
                "UPDATE tokens SET last_used_unix_ns = max(coalesce(last_used_unix_ns, 0), ?2)
                 WHERE id = ?1",
                (id, integer(*unix_ns)),
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// A number that changes when somebody else has changed the tokens.
    pub(crate) fn version(&self) -> Result<i64, TokenFileError> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }
}

fn token(row: &Row<'_>) -> Result<StoredToken, TokenFileError> {
    let id: String = row.get(0)?;
    let scope: String = row.get(2)?;
    let Some(scope) = Scope::from_word(&scope) else {
        return Err(TokenFileError::Scope { id, scope });
    };
    let time = |column| {
        Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::unsigned_abs))
    };
    Ok(StoredToken {
        id,
        hash: row.get(1)?,
        scope,
        service: row.get(3)?,
        environment: row.get(4)?,
        quotas: Quotas {
            requests_per_second: row.get(5)?,
            bytes_per_minute: row.get(6)?,
            calls_per_minute: row.get(7)?,
        },
        created_unix_ns: time(8)?.unwrap_or(0),
        expires_unix_ns: time(9)?,
        revoked_unix_ns: time(10)?,
        last_used_unix_ns: time(11)?,
    })
}
