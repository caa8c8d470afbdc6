//! The minutes of one series in a window of two hours.
//! It never touches the half-hours that nothing is added to.

use super::half_hour::{HalfHour, Minutes};
use super::{Damaged, HALF_HOUR, Needs, WINDOW, numbers};

const N_HALVES: usize = (WINDOW / HALF_HOUR) as usize;

/// A pack in its packed form, cut into its half-hours.
#[derive(Debug, Default)]
pub(in super::super) struct Pack<'b> {
    halves: [&'b [u8]; N_HALVES],
}

impl<'b> Pack<'b> {
    /// The pack of a row.
    pub(in super::super) fn open(row: &'b [u8]) -> Result<Self, Damaged> {
        let mut bytes = numbers::open(row)?;
        let mut lengths = [0; N_HALVES];
        for length in &mut lengths {
            *length = numbers::read(&mut bytes)?;
        }
        let mut pack = Self::default();
        for (half, length) in pack.halves.iter_mut().zip(lengths) {
            *half = numbers::take(&mut bytes, length)?;
        }
        Ok(pack)
    }

    /// The half-hour of a minute.
    pub(in super::super) fn half_hour(&self, minute: u64) -> Result<HalfHour, Damaged> {
        let mut half_hour = HalfHour::default();
        half_hour.merge_bytes(self.halves[half_of(minute)])?;
        Ok(half_hour)
    }

    /// The row in which the half-hour of a minute is replaced by these bytes.
    pub(in super::super) fn row_with(mut self, minute: u64, half_hour: &'b [u8]) -> Vec<u8> {
        self.halves[half_of(minute)] = half_hour;
        let mut row = vec![0; 4];
        self.halves.iter().for_each(|half| numbers::write(half.len() as u64, &mut row));
        self.halves.iter().for_each(|half| row.extend_from_slice(half));
        numbers::seal(row)
    }

    /// The minutes of the half-hour in which a minute is.
    pub(in super::super) fn minutes(
        &self,
        minute: u64,
        needs: Needs,
    ) -> Result<Minutes<'b>, Damaged> {
        Minutes::open(self.halves[half_of(minute)], needs)
    }
}

fn half_of(minute: u64) -> usize {
    (minute % WINDOW / HALF_HOUR) as usize
}
