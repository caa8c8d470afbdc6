//! The `calls` table under construction: how a record fills its columns.
//! Never makes a value between the record and the column.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::CallColumn;
use super::builder::ColumnBuilder;
use crate::minute::Place;
use crate::record::{Outcome, Record};

/// What a row takes at most beside its texts: 15 numbers of 10 bytes, 12 entries and 3 lengths of
/// 5, ids of 48, and a length for each new entry.
const MAX_ROW_BYTES: usize = 320;

/// Calls on their way into a batch.
#[derive(Debug)]
pub struct CallsBuilder {
    columns: Vec<ColumnBuilder>,
    rows: usize,
    /// What the calls of a series have in common, by the series' place.
    shared: Vec<Shared>,
    /// Counts the batches, so that what is shared in one is not taken for the next.
    batch: u32,
    /// The entries of outcomes; 0 for none yet.
    outcomes: [u32; Outcome::ALL.len()],
    peers: HashMap<IpAddr, u32, RandomState>,
    peer: String,
    /// No fewer bytes than are held: the columns are only counted when it matters.
    bytes_at_most: usize,
}

/// The dictionary entries that a series stands for.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "only the worker knows places"))]
struct Shared {
    /// The batch whose dictionaries these are; 0 for none.
    batch: u32,
    kind: u32,
    method: u32,
    host: u32,
    template: u32,
    target: u32,
    consumer: u32,
}

impl Default for CallsBuilder {
    fn default() -> Self {
        let columns = CallColumn::ALL.iter().map(|c| ColumnBuilder::new(c.encoding())).collect();
        Self {
            columns,
            rows: 0,
            shared: Vec::new(),
            batch: 1,
            outcomes: [0; Outcome::ALL.len()],
            peers: HashMap::default(),
            peer: String::new(),
            bytes_at_most: 0,
        }
    }
}

#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "only the worker knows places"))]
impl CallsBuilder {
    /// Adds a record.
    pub fn push(&mut self, record: &Record<'_>) {
        let shared = self.look_up(record);
        self.push_row(record, shared);
    }

    /// Adds a record whose series is known: what its calls share is looked up once a batch. All
    /// places are of the same [`Minutes`](crate::minute::Minutes), not cleared before this is.
    pub(crate) fn push_of(&mut self, record: &Record<'_>, series: Place) {
        let place = series.index();
        let known = self.shared.get(place).copied().filter(|known| known.batch == self.batch);
        let shared = match known {
            Some(shared) => shared,
            None => {
                let shared = self.look_up(record);
                if place >= self.shared.len() {
                    self.shared.resize(place + 1, Shared::default());
                }
                self.shared[place] = shared;
                shared
            }
        };
        self.push_row(record, shared);
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

    /// Bytes held, before compression.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.columns.iter().map(ColumnBuilder::n_bytes).sum()
    }

    /// Whether so many bytes are held, before compression. Cheap when they are far fewer.
    pub(crate) fn holds(&mut self, n_bytes: usize) -> bool {
        if self.bytes_at_most >= n_bytes {
            self.bytes_at_most = self.n_bytes();
        }
        self.bytes_at_most >= n_bytes
    }

    /// Forgets the records and keeps the memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.columns.iter_mut().for_each(ColumnBuilder::clear);
        self.outcomes = [0; Outcome::ALL.len()];
        self.peers.clear();
        self.bytes_at_most = 0;
        self.batch = self.batch.wrapping_add(1);
        if self.batch == 0 {
            (self.batch, self.shared) = (1, Vec::new());
        }
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, &ColumnBuilder)> {
        CallColumn::ALL.iter().map(|column| column.as_str()).zip(&self.columns)
    }

    fn column(&mut self, column: CallColumn) -> &mut ColumnBuilder {
        &mut self.columns[column as usize]
    }

    fn look_up(&mut self, record: &Record<'_>) -> Shared {
        let mut entry = |column, text| self.column(column).entry(text);
        let (kind, method) = (record.kind.as_str(), record.method);
        let shared = Shared {
            batch: 0,
            kind: entry(CallColumn::Kind, kind),
            method: entry(CallColumn::Method, method),
            host: entry(CallColumn::Host, record.url.host),
            template: entry(CallColumn::Template, &record.template),
            target: entry(CallColumn::Target, &record.target),
            consumer: entry(CallColumn::Consumer, &record.consumer),
        };
        Shared { batch: self.batch, ..shared }
    }

    fn push_row(&mut self, record: &Record<'_>, shared: Shared) {
        use CallColumn as C;
        let row = self.rows;
        self.rows += 1;
        self.bytes_at_most =
            self.bytes_at_most.saturating_add(MAX_ROW_BYTES + n_text_bytes(record));
        self.column(C::Start).push_delta(row, record.start_unix_ns);
        self.push_entries(row, shared);
        self.push_texts(row, record);
        self.push_numbers(row, record);
        self.column(C::CallId).push_id(row, record.call_id);
        self.column(C::TraceId).push_id(row, record.trace_id);
        self.column(C::SpanId).push_id(row, record.span_id);
        self.column(C::ParentSpanId).push_id(row, record.parent_span_id);
    }

    fn push_entries(&mut self, row: usize, shared: Shared) {
        use CallColumn as C;
        self.column(C::Kind).push_entry(row, shared.kind);
        self.column(C::Method).push_entry(row, shared.method);
        self.column(C::Host).push_entry(row, shared.host);
        self.column(C::Template).push_entry(row, shared.template);
        self.column(C::Target).push_entry(row, shared.target);
        self.column(C::Consumer).push_entry(row, shared.consumer);
    }

    fn push_texts(&mut self, row: usize, record: &Record<'_>) {
        use CallColumn as C;
        let outcome = self.outcome(record.outcome);
        self.column(C::Outcome).push_entry(row, outcome);
        self.column(C::Scheme).push_text(row, record.url.scheme);
        self.column(C::Path).push_bytes(row, record.url.path.as_bytes());
        self.column(C::Query).push_bytes(row, record.url.query.as_bytes());
        self.column(C::ErrorType).push_text(row, record.error_type);
        self.column(C::ProtocolVersion).push_text(row, record.protocol_version);
        if let Some(address) = record.peer_address {
            let entry = self.peer(address);
            self.column(C::PeerAddress).push_entry(row, entry);
        }
        if let Some(outcome) = record.call_outcome {
            self.column(C::CallOutcome).push_text(row, Outcome::as_str(outcome));
        }
        self.column(C::Attributes).push_bytes(row, record.attributes.as_bytes());
    }

    fn push_numbers(&mut self, row: usize, record: &Record<'_>) {
        use CallColumn as C;
        let mut push = |column, number| self.column(column).push_number(row, number);
        push(C::Port, record.url.port.map(u64::from));
        push(C::Status, record.status.map(u64::from));
        push(C::ResendCount, record.resend_count.map(u64::from));
        push(C::Attempt, record.attempt.map(u64::from));
        push(C::RequestBytes, record.request_body_bytes);
        push(C::ResponseBytes, record.response_body_bytes);
        push(C::Total, record.total_ns);
        push(C::Dns, record.dns_ns);
        push(C::Connect, record.connect_ns);
        push(C::Ttfb, record.ttfb_ns);
        push(C::Body, record.body_ns);
        push(C::Reused, record.connection_reused.map(u64::from));
        push(C::CallTotal, record.call_total_ns);
    }

    fn outcome(&mut self, outcome: Outcome) -> u32 {
        let known = self.outcomes[outcome as usize];
        if known > 0 {
            return known;
        }
        let entry = self.column(CallColumn::Outcome).entry(outcome.as_str());
        self.outcomes[outcome as usize] = entry;
        entry
    }

    /// Writing an address out costs more than all else of a row; few are told many times.
    fn peer(&mut self, address: IpAddr) -> u32 {
        if let Some(&entry) = self.peers.get(&address) {
            return entry;
        }
        self.peer.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.peer, "{address}");
        let entry = self.columns[CallColumn::PeerAddress as usize].entry(&self.peer);
        self.peers.insert(address, entry);
        entry
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
