//! For the benches of this package alone: fills a store with a past, without the network.
//! It never serves: the collector that is measured opens the directory afterwards.

use std::error::Error;
use std::path::Path;

use egret::minute::{Cell, Minutes, SeriesKey};

use crate::config::Settings;
use crate::model::{Position, Source};
use crate::queue::Durability;
use crate::store::{DataDir, Group, Packed, Store, Writer};

/// What went wrong; benches only print it.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A store that is being filled.
#[derive(Debug)]
pub struct Loading {
    writer: Writer,
}

impl Loading {
    /// Takes the data directory at `path`, and makes it when it is not there.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let writer = Writer::open(DataDir::open(path)?, Durability::Normal)?;
        Ok(Self { writer })
    }

    /// Writes the past of one series by the pack-writer: as rows of two hours and sums of days, which
    /// the collector's packing makes of minutes. `cells` come in the order of their minutes.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn packed(
        &mut self,
        service: &str,
        series: SeriesKey<&str>,
        cells: &mut dyn Iterator<Item = (u64, Cell)>,
    ) -> Result<(), Failure> {
        Ok(self.writer.load(&source(service), series, cells)?)
    }

    /// Writes minutes as the pipeline does: as rows that are not packed yet.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn hot(&mut self, service: &str, minutes: Minutes) -> Result<(), Failure> {
        let minutes = vec![(source(service), minutes.into())];
        let group = Group { minutes, position: Position::default(), ..Group::default() };
        Ok(self.writer.write(&group)?)
    }

    /// Does one step of the packing at a moment; whether there is more to do.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn pack(&mut self, now_ns: u64) -> Result<bool, Failure> {
        let retention = Settings::default().retention;
        Ok(self.writer.pack_minutes(&retention, now_ns)? == Packed::More)
    }
}

fn source(service: &str) -> Source {
    Source { service: service.to_owned(), environment: "prod".to_owned() }
}
