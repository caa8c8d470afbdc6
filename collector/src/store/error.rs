//! What can go wrong when a group is written, and whose fault it is.
//! It never blames a batch for what the disk did.

use rusqlite::ErrorCode;

use super::mend;
use super::schema::OpenError;

/// A group that could not be written; nothing of it counts as stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("cannot open a file of the store")]
    Open(#[from] OpenError),
    /// At the start.
    #[error("the history, meta.db, is damaged; {}", mend::HISTORY_REMEDY)]
    History(#[source] OpenError),
    #[error("cannot write to the store")]
    Sqlite(#[from] rusqlite::Error),
    #[error("cannot remove what is too old")]
    Remove(#[from] std::io::Error),
    #[error("cannot write calls in their new order")]
    Encode(#[from] egret::codec::EncodeError),
}

impl WriteError {
    /// Whether a file is not what was written to it.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Open(error) => mend::is_damage_at_open(error),
            Self::Sqlite(error) => mend::is_damage(error),
            Self::History(_) => true,
            Self::Remove(_) | Self::Encode(_) => false,
        }
    }

    /// Whether the same batch would fail tomorrow on a healthy disk.
    pub(crate) fn blames_the_batch(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => matches!(
                failure.code,
                ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch
            ),
            rusqlite::Error::ToSqlConversionFailure(_) | rusqlite::Error::NulError(_) => true,
            _ => false,
        }
    }
}
