//! Thirty minutes of one series, a column for each kind of number.
//! It never holds a minute twice.

use super::{Damaged, HALF_HOUR, Needs, Sum, numbers};

const N_MINUTES: usize = HALF_HOUR as usize;

/// Thirty minutes; those without calls are empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct HalfHour {
    minutes: [Option<Box<Sum>>; N_MINUTES],
}

impl HalfHour {
    /// The sum of a minute, counted from the beginning of the half-hour.
    pub(in super::super) fn minute(&mut self, minute: u64) -> &mut Sum {
        let minutes = &mut self.minutes;
        let place = (minute % HALF_HOUR) as usize;
        minutes[place].get_or_insert_default()
    }

    /// Adds another half-hour, minute by minute.
    pub(in super::super) fn merge(&mut self, other: &Self) {
        for (minute, sum) in (0..).zip(&other.minutes) {
            if let Some(sum) = sum {
                self.minute(minute).merge(sum);
            }
        }
    }

    /// The sum of all its minutes.
    pub(in super::super) fn total(&self) -> Sum {
        let mut total = Sum::default();
        self.minutes.iter().flatten().for_each(|sum| total.merge(sum));
        total
    }

    /// The packed form.
    pub(in super::super) fn to_bytes(&self) -> Vec<u8> {
        let present = || self.minutes.iter().flatten();
        let bits = self
            .minutes
            .iter()
            .rev()
            .fold(0, |bits, minute| bits << 1 | u32::from(minute.is_some()));
        let least = present().flat_map(|sum| [sum.duration.least(), sum.ttfb.least()]);
        let base = least.flatten().min().unwrap_or(0);
        let mut columns = <[Vec<u8>; 4]>::default();
        for sum in present() {
            numbers::write(sum.count, &mut columns[0]);
            numbers::write(sum.request_bytes, &mut columns[1]);
            numbers::write(sum.response_bytes, &mut columns[1]);
            sum.duration.write(base, &mut columns[2]);
            sum.ttfb.write(base, &mut columns[3]);
        }
        let mut out = bits.to_le_bytes().to_vec();
        numbers::write(base as u64, &mut out);
        columns[..3].iter().for_each(|column| numbers::write(column.len() as u64, &mut out));
        columns.iter().for_each(|column| out.extend_from_slice(column));
        out
    }

    /// Adds everything of a packed form; no bytes are an empty one.
    pub(super) fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        let mut minutes = Minutes::open(bytes, Needs::All)?;
        while let Some(minute) = minutes.next_minute() {
            minutes.add_to(self.minute(minute))?;
        }
        Ok(())
    }
}

/// The minutes of a packed half-hour, one after the other.
#[derive(Debug)]
pub(in super::super) struct Minutes<'b> {
    needs: Needs,
    /// Bit `n` for the minute `n` that was not reached yet.
    bits: u32,
    /// The bucket from which durations count.
    base: usize,
    counts: &'b [u8],
    sizes: &'b [u8],
    durations: &'b [u8],
    ttfbs: &'b [u8],
}

impl<'b> Minutes<'b> {
    pub(super) fn open(mut bytes: &'b [u8], needs: Needs) -> Result<Self, Damaged> {
        if bytes.is_empty() {
            let none: &[u8] = &[];
            let (counts, sizes, durations, ttfbs) = (none, none, none, none);
            return Ok(Self { needs, bits: 0, base: 0, counts, sizes, durations, ttfbs });
        }
        let bits = u32::from_le_bytes(numbers::take_array(&mut bytes)?);
        let base = usize::try_from(numbers::read(&mut bytes)?).map_err(|_| Damaged)?;
        let mut lengths = [0; 3];
        for length in &mut lengths {
            *length = numbers::read(&mut bytes)?;
        }
        let counts = numbers::take(&mut bytes, lengths[0])?;
        let sizes = numbers::take(&mut bytes, lengths[1])?;
        let durations = numbers::take(&mut bytes, lengths[2])?;
        Ok(Self { needs, bits, base, counts, sizes, durations, ttfbs: bytes })
    }

    /// The next minute that is there, from the beginning of the half-hour. It must be taken with
    /// [`Self::add_to`] before the one after it can be.
    pub(in super::super) fn next_minute(&mut self) -> Option<u64> {
        let minute = u64::from(self.bits.trailing_zeros());
        // Takes away the lowest bit that is set.
        self.bits &= self.bits.wrapping_sub(1);
        (minute < HALF_HOUR).then_some(minute)
    }

    /// Adds the minute to a sum.
    pub(in super::super) fn add_to(&mut self, sum: &mut Sum) -> Result<(), Damaged> {
        let count = numbers::read(&mut self.counts)?;
        let request_bytes = numbers::read(&mut self.sizes)?;
        sum.add_counts(count, request_bytes, numbers::read(&mut self.sizes)?);
        if self.needs >= Needs::Durations {
            sum.duration.read(self.base, &mut self.durations)?;
        }
        if self.needs >= Needs::All {
            sum.ttfb.read(self.base, &mut self.ttfbs)?;
        }
        Ok(())
    }
}
