//! `count_to_sqlite`: adds hits up in a database of the user's own.
//! It never counts one twice: how far it is is committed with the counts.

use super::{Failure, HitHandler};
use crate::store::{HitDatabase, LoggedHits};

#[derive(Debug)]
pub(super) struct CountToSqlite(pub(super) HitDatabase);

impl HitHandler for CountToSqlite {
    fn handled(&mut self) -> Result<Option<u64>, Failure> {
        Ok(Some(self.0.handled()?))
    }

    fn handle(&mut self, hits: &LoggedHits) -> Result<(), Failure> {
        Ok(self.0.add(hits)?)
    }
}
