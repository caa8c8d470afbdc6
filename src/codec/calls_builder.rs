//! The `calls` table under construction: how a record fills its columns.
//! Never makes a value between the record and the column.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::builder::{ColumnBuilder, ColumnSource};
use super::ids::IdsBuilder;
use super::known::{Known, SHARED, Series};
use super::series::{ENDING, IndexBuilder, SERIES};
use super::shaped::{Shaped, ShapedBuilder};
use super::split::SplitBuilder;
use super::{CallColumn, Encoding};
use crate::record::{Outcome, Record};

/// What a row takes at most beside its texts: 15 numbers of 10 bytes, 12 entries and 3 lengths of
/// 5, ids of 48, and a length for each new entry.
const MAX_ROW_BYTES: usize = 320;

/// Addresses whose text is known; with more all are forgotten.
const MAX_PEERS: usize = 4_096;

/// Numbers that a call's ending tells.
const ENDING_NUMBERS: [CallColumn; 4] =
    [CallColumn::Status, CallColumn::ResendCount, CallColumn::Attempt, CallColumn::Reused];

/// Durations and sizes that are told as they are.
const MEASURES: [CallColumn; 7] = [
    CallColumn::Dns,
    CallColumn::Connect,
    CallColumn::Ttfb,
    CallColumn::Body,
    CallColumn::CallTotal,
    CallColumn::RequestBytes,
    CallColumn::ResponseBytes,
];

/// Calls on their way into a batch.
#[derive(Debug)]
pub struct CallsBuilder {
    /// By [`CallColumn`]; those that have a place of their own below are not used.
    columns: Vec<ColumnBuilder>,
    known: Known<Shared>,
    series: IndexBuilder,
    endings: IndexBuilder,
    /// The numbers of the batch's endings, by [`ending_key`].
    ending_numbers: HashMap<u128, u32, RandomState>,
    start: SplitBuilder,
    total: SplitBuilder,
    /// In the order of [`MEASURES`].
    measures: [SplitBuilder; MEASURES.len()],
    path: ShapedBuilder,
    query: ShapedBuilder,
    call_id: IdsBuilder<16>,
    trace_id: IdsBuilder<16>,
    span_id: IdsBuilder<8>,
    parent_span_id: IdsBuilder<8>,
    rows: usize,
    /// Counts the batches, so that what is shared in one is not taken for the next.
    batch: u32,
    /// Where the texts of addresses are known.
    peers: HashMap<IpAddr, Option<u32>, RandomState>,
    peer: String,
    /// No fewer bytes than are held: the columns are only counted when it matters.
    bytes_at_most: usize,
}

/// What is known of a series.
#[derive(Debug, Clone, Copy)]
struct Shared {
    /// Where its texts are known, in the order of [`SHARED`].
    places: [Option<u32>; SHARED.len()],
    /// The batch that the numbers are of; 0 for none.
    batch: u32,
    /// Of the series.
    number: u32,
    /// Of the template's entry.
    template: u32,
}

impl Default for CallsBuilder {
    fn default() -> Self {
        let encoding = |column: &CallColumn| match column {
            CallColumn::Outcome | CallColumn::ErrorType | CallColumn::CallOutcome => {
                Encoding::Ending
            }
            column if ENDING_NUMBERS.contains(column) => Encoding::EndingVarint,
            column if SHARED.contains(column) => Encoding::Series,
            column => column.encoding(),
        };
        let columns = CallColumn::ALL.iter().map(|c| ColumnBuilder::new(encoding(c))).collect();
        Self {
            columns,
            known: Known::default(),
            series: IndexBuilder::default(),
            endings: IndexBuilder::default(),
            ending_numbers: HashMap::default(),
            start: SplitBuilder::new(Encoding::SplitDelta),
            total: SplitBuilder::new(Encoding::SplitOver),
            measures: MEASURES.map(|_| SplitBuilder::new(Encoding::Split)),
            path: ShapedBuilder::default(),
            query: ShapedBuilder::default(),
            call_id: IdsBuilder::default(),
            trace_id: IdsBuilder::default(),
            span_id: IdsBuilder::default(),
            parent_span_id: IdsBuilder::default(),
            rows: 0,
            batch: 1,
            peers: HashMap::default(),
            peer: String::new(),
            bytes_at_most: 0,
        }
    }
}

impl CallsBuilder {
    /// Adds a record.
    pub fn push(&mut self, record: &Record<'_>) {
        let series = self.enter(record);
        self.push_of(record, series);
    }

    /// The series of a record, if this batch or one before had it.
    #[cfg(feature = "client")]
    pub(crate) fn known(&self, record: &Record<'_>) -> Option<Series> {
        self.known.find(record)
    }

    /// The series of a record.
    pub(crate) fn enter(&mut self, record: &Record<'_>) -> Series {
        let columns = &mut self.columns;
        self.known.enter(record, || {
            let places = SHARED.map(|column| {
                let text = shared_text(record, column);
                columns[column as usize].place(text)
            });
            Shared { places, batch: 0, number: 0, template: 0 }
        })
    }

    /// Adds a record whose series is known, and was not forgotten with a batch.
    pub(crate) fn push_of(&mut self, record: &Record<'_>, series: Series) {
        let Some(shared) = self.known.of(series) else { return };
        if shared.batch != self.batch {
            let number = self.series.new_group();
            (shared.batch, shared.number) = (self.batch, number);
            for (column, place) in SHARED.into_iter().zip(shared.places) {
                let column_builder = &mut self.columns[column as usize];
                let entry = column_builder.entry_at(place);
                column_builder.push_entry(number as usize, entry);
                if column == CallColumn::Template {
                    shared.template = entry;
                }
            }
        }
        let shared = *shared;
        self.push_row(record, series, &shared);
    }

    /// Records held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes held, before compression, with every text as long as it is.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        let texts: usize = self.columns.iter().map(ColumnBuilder::n_bytes).sum();
        let groups = self.series.n_bytes() + self.endings.n_bytes();
        let measures: usize = self.measures.iter().map(SplitBuilder::n_bytes).sum();
        let numbers = self.start.n_bytes() + self.total.n_bytes() + measures;
        let ids = self.call_id.n_bytes() + self.trace_id.n_bytes();
        let short_ids = self.span_id.n_bytes() + self.parent_span_id.n_bytes();
        let shaped = self.path.n_bytes() + self.query.n_bytes();
        texts + groups + numbers + ids + short_ids + shaped
    }

    /// Whether so many bytes are held, before compression. Cheap when they are far fewer.
    #[cfg(feature = "client")]
    pub(crate) fn holds(&mut self, n_bytes: usize) -> bool {
        if self.bytes_at_most >= n_bytes {
            self.bytes_at_most = self.n_bytes();
        }
        self.bytes_at_most >= n_bytes
    }

    /// Forgets the records, keeps the memory and what is known of series.
    pub fn clear(&mut self) {
        self.batch = self.batch.wrapping_add(1);
        let is_forgotten = self.batch == 0
            || self.known.is_large()
            || self.peers.len() > MAX_PEERS
            || self.columns.iter().any(ColumnBuilder::knows_much);
        if is_forgotten {
            self.known.clear();
            self.peers.clear();
            self.batch = 1;
        }
        self.rows = 0;
        self.columns.iter_mut().for_each(ColumnBuilder::clear);
        self.series.clear();
        self.endings.clear();
        self.ending_numbers.clear();
        self.start.clear();
        self.total.clear();
        self.measures.iter_mut().for_each(SplitBuilder::clear);
        self.path.clear();
        self.query.clear();
        self.call_id.clear();
        self.trace_id.clear();
        self.span_id.clear();
        self.parent_span_id.clear();
        self.bytes_at_most = 0;
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, &dyn ColumnSource)> {
        let columns = CallColumn::ALL.iter().map(|column| (column.as_str(), self.source(*column)));
        let groups: [(&'static str, &dyn ColumnSource); 2] =
            [(SERIES, &self.series), (ENDING, &self.endings)];
        columns.chain(groups)
    }

    fn source(&self, column: CallColumn) -> &dyn ColumnSource {
        use CallColumn as C;
        match column {
            C::Start => &self.start,
            C::Total => &self.total,
            C::Path => &self.path,
            C::Query => &self.query,
            C::CallId => &self.call_id,
            C::TraceId => &self.trace_id,
            C::SpanId => &self.span_id,
            C::ParentSpanId => &self.parent_span_id,
            column => match MEASURES.iter().position(|measure| *measure == column) {
                Some(place) => &self.measures[place],
                None => &self.columns[column as usize],
            },
        }
    }

    fn column(&mut self, column: CallColumn) -> &mut ColumnBuilder {
        &mut self.columns[column as usize]
    }

    fn push_row(&mut self, record: &Record<'_>, series: Series, shared: &Shared) {
        use CallColumn as C;
        let row = self.rows;
        self.rows += 1;
        self.bytes_at_most =
            self.bytes_at_most.saturating_add(MAX_ROW_BYTES + n_text_bytes(record));
        self.series.push(shared.number);
        let ending = self.ending(record);
        self.endings.push(ending);
        self.start.push_delta(row, record.start_unix_ns);
        self.push_measures(row, record);
        self.column(C::Port).push_number(row, record.url.port.map(u64::from));
        if let Some(address) = record.peer_address {
            let entry = self.peer(address);
            self.column(C::PeerAddress).push_entry(row, entry);
        }
        let (text, entry) = (record.url.path, shared.template);
        self.path.push(row, Shaped { text, template: &record.template, entry, series });
        self.query.push(row, Shaped { text: record.url.query, template: "", entry, series });
        self.call_id.push(row, record.call_id);
        self.trace_id.push(row, record.trace_id);
        self.span_id.push(row, record.span_id);
        self.parent_span_id.push(row, record.parent_span_id);
        self.column(C::Attributes).push_bytes(row, record.attributes.as_bytes());
    }

    /// The whole is told as what it is beyond its parts: nothing, most often.
    fn push_measures(&mut self, row: usize, record: &Record<'_>) {
        if let Some(total_ns) = record.total_ns {
            self.total.push_whole(row, total_ns, [record.ttfb_ns, record.body_ns]);
        }
        let [dns, connect, ttfb, body, call_total, sent, received] = &mut self.measures;
        dns.push(row, record.dns_ns);
        connect.push(row, record.connect_ns);
        ttfb.push(row, record.ttfb_ns);
        body.push(row, record.body_ns);
        call_total.push(row, record.call_total_ns);
        sent.push(row, record.request_body_bytes);
        received.push(row, record.response_body_bytes);
    }

    /// The number of a record's ending, with its values in their columns.
    fn ending(&mut self, record: &Record<'_>) -> u32 {
        use CallColumn as C;
        let error = match record.error_type {
            "" => 0,
            class => self.column(C::ErrorType).entry(class),
        };
        let key = ending_key(record, error);
        if let Some(&number) = self.ending_numbers.get(&key) {
            return number;
        }
        let number = self.endings.new_group();
        self.ending_numbers.insert(key, number);
        let row = number as usize;
        self.column(C::Outcome).push_text(row, record.outcome.as_str());
        self.column(C::CallOutcome).push_text(row, record.call_outcome.map_or("", Outcome::as_str));
        self.column(C::ErrorType).push_entry(row, error);
        self.column(C::Status).push_number(row, record.status.map(u64::from));
        self.column(C::ResendCount).push_number(row, record.resend_count.map(u64::from));
        self.column(C::Attempt).push_number(row, record.attempt.map(u64::from));
        self.column(C::Reused).push_number(row, record.connection_reused.map(u64::from));
        number
    }

    /// Writing an address out costs more than all else of a row; few are told many times.
    fn peer(&mut self, address: IpAddr) -> u32 {
        let column = &mut self.columns[CallColumn::PeerAddress as usize];
        if let Some(&place) = self.peers.get(&address) {
            return column.entry_at(place);
        }
        self.peer.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.peer, "{address}");
        let place = column.place(&self.peer);
        self.peers.insert(address, place);
        column.entry_at(place)
    }
}

/// [`ending_key`] has two bits for an outcome, and three for one that may be absent.
const _: () = assert!(Outcome::ALL.len() <= 4);

/// All that an ending tells, in one number; `error` is the entry of its class.
fn ending_key(record: &Record<'_>, error: u32) -> u128 {
    let number = |number: Option<u32>| number.map_or(0, |number| u128::from(number) + 1);
    let words = record.outcome as u128
        | record.call_outcome.map_or(0, |outcome| outcome as u128 + 1) << 2
        | record.connection_reused.map_or(0, |reused| u128::from(reused) + 1) << 5
        | number(record.status.map(u32::from)) << 7;
    words
        | number(record.attempt) << 24
        | number(record.resend_count) << 57
        | u128::from(error) << 90
}

fn shared_text<'r>(record: &'r Record<'_>, column: CallColumn) -> &'r str {
    match column {
        CallColumn::Template => &record.template,
        CallColumn::Host => record.url.host,
        CallColumn::Method => record.method,
        CallColumn::Scheme => record.url.scheme,
        CallColumn::ProtocolVersion => record.protocol_version,
        CallColumn::Target => &record.target,
        CallColumn::Consumer => &record.consumer,
        CallColumn::Kind => record.kind.as_str(),
        _ => "",
    }
}

fn n_text_bytes(record: &Record<'_>) -> usize {
    let url = &record.url;
    let names = record.method.len() + url.scheme.len() + url.host.len() + record.template.len();
    let labels = record.target.len() + record.consumer.len() + record.error_type.len();
    names
        + labels
        + record.protocol_version.len()
        + url.path.len()
        + url.query.len()
        + record.attributes.len()
}
