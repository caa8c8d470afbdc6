//! The sums of one series and day: the whole day, each window of two hours, each half-hour.
//! It never holds sums that differ: what is added to a half-hour is added to its window and its day.

use super::{DAY, Damaged, HALF_HOUR, Needs, Sum, WINDOW, numbers};

const N_WINDOWS: usize = (DAY / WINDOW) as usize;
const N_HALVES: usize = (DAY / HALF_HOUR) as usize;
const N_PARTS: usize = 1 + N_WINDOWS + N_HALVES;

/// One of the sums of a day. Minutes are counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Part {
    Day,
    /// The window of a minute.
    Window(u64),
    /// The half-hour of a minute.
    HalfHour(u64),
}

impl Part {
    fn place(self) -> usize {
        match self {
            Self::Day => 0,
            Self::Window(minute) => 1 + (minute % DAY / WINDOW) as usize,
            Self::HalfHour(minute) => 1 + N_WINDOWS + (minute % DAY / HALF_HOUR) as usize,
        }
    }
}

/// A day's sums in their packed form.
#[derive(Debug)]
pub(in super::super) struct DaySums<'b> {
    parts: [&'b [u8]; N_PARTS],
}

impl Default for DaySums<'_> {
    fn default() -> Self {
        Self { parts: [&[]; N_PARTS] }
    }
}

impl<'b> DaySums<'b> {
    /// The sums of a row.
    pub(in super::super) fn open(row: &'b [u8]) -> Result<Self, Damaged> {
        let mut bytes = numbers::open(row)?;
        let bits = u64::from_le_bytes(numbers::take_array(&mut bytes)?);
        let mut lengths = [0; N_PARTS];
        for (_, length) in lengths.iter_mut().enumerate().filter(|(n, _)| bits & 1 << n != 0) {
            *length = numbers::read(&mut bytes)?;
        }
        let mut sums = Self::default();
        for (part, length) in sums.parts.iter_mut().zip(lengths) {
            *part = numbers::take(&mut bytes, length)?;
        }
        Ok(sums)
    }

    /// Whether there is such a sum: where the series had no call there is none.
    pub(in super::super) fn has(&self, part: Part) -> bool {
        !self.parts[part.place()].is_empty()
    }

    /// Adds one of the sums to another sum.
    pub(in super::super) fn add_to(
        &self,
        sum: &mut Sum,
        needs: Needs,
        part: Part,
    ) -> Result<(), Damaged> {
        let bytes = self.parts[part.place()];
        if bytes.is_empty() { Ok(()) } else { sum.read(needs, bytes) }
    }

    /// The row in which a sum is added to the half-hour of a minute.
    pub(in super::super) fn row_plus(&self, minute: u64, added: &Sum) -> Result<Vec<u8>, Damaged> {
        let mut parts = self.parts;
        let changed = [Part::Day, Part::Window(minute), Part::HalfHour(minute)].map(Part::place);
        let mut written = <[Vec<u8>; 3]>::default();
        for (out, place) in written.iter_mut().zip(changed) {
            let mut sum = added.clone();
            if !parts[place].is_empty() {
                sum.read(Needs::All, parts[place])?;
            }
            sum.write(out);
        }
        for (out, place) in written.iter().zip(changed) {
            parts[place] = out;
        }
        Ok(row(&parts))
    }

    /// The row of a day of which all half-hours are known.
    pub(in super::super) fn row_of(halves: &[(u64, Sum)]) -> Vec<u8> {
        let mut sums = vec![None::<Sum>; N_PARTS];
        for (minute, half) in halves {
            for part in [Part::Day, Part::Window(*minute), Part::HalfHour(*minute)] {
                sums[part.place()].get_or_insert_default().merge(half);
            }
        }
        let mut written: [Vec<u8>; N_PARTS] = std::array::from_fn(|_| Vec::new());
        for (out, sum) in written.iter_mut().zip(&sums) {
            if let Some(sum) = sum {
                sum.write(out);
            }
        }
        row(&written.each_ref().map(Vec::as_slice))
    }
}

fn row(parts: &[&[u8]; N_PARTS]) -> Vec<u8> {
    let present = || parts.iter().enumerate().filter(|(_, part)| !part.is_empty());
    let bits = present().fold(0u64, |bits, (n, _)| bits | 1 << n);
    let mut row = vec![0; 4];
    row.extend(bits.to_le_bytes());
    present().for_each(|(_, part)| numbers::write(part.len() as u64, &mut row));
    present().for_each(|(_, part)| row.extend_from_slice(part));
    numbers::seal(row)
}
