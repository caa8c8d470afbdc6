//! The `calls` table: which columns it has, and how they are read.
//! Never invents: a column that a batch has not reads as absent.

use std::borrow::Cow;

use super::open::{DecodeError, Table};
use super::{Column, Encoding};
use crate::record::{Kind, Outcome, Record, words};
use crate::redact::SafeUrl;

words! {
    /// The columns of `calls`, under the names that travel.
    pub CallColumn {
        /// Start, unix nanoseconds.
        Start = "start_unix_ns",
        /// [`Kind`].
        Kind = "kind",
        /// [`Outcome`].
        Outcome = "outcome",
        /// Request method.
        Method = "http.request.method",
        /// URL scheme.
        Scheme = "url.scheme",
        /// Host.
        Host = "server.address",
        /// Port.
        Port = "server.port",
        /// Path.
        Path = "url.path",
        /// Query.
        Query = "url.query",
        /// Template.
        Template = "url.template",
        /// Status code.
        Status = "http.response.status_code",
        /// Error class.
        ErrorType = "error.type",
        /// Resend count.
        ResendCount = "http.request.resend_count",
        /// Attempt, from 1.
        Attempt = "attempt",
        /// Protocol version.
        ProtocolVersion = "network.protocol.version",
        /// Peer address.
        PeerAddress = "network.peer.address",
        /// Request body bytes.
        RequestBytes = "http.request.body.size",
        /// Response body bytes.
        ResponseBytes = "http.response.body.size",
        /// Whole duration.
        Total = "total_ns",
        /// Name resolution.
        Dns = "dns_ns",
        /// Connect.
        Connect = "connect_ns",
        /// Time to first byte.
        Ttfb = "ttfb_ns",
        /// Body.
        Body = "body_ns",
        /// 1 when reused, 0 when not.
        Reused = "connection.reused",
        /// Vendor.
        Target = "target",
        /// Consumer.
        Consumer = "consumer",
        /// Call id.
        CallId = "call_id",
        /// Whole duration of the call, on its last attempt.
        CallTotal = "call_total_ns",
        /// [`Outcome`] of the call, on its last attempt.
        CallOutcome = "call_outcome",
        /// Trace id.
        TraceId = "trace_id",
        /// Span id.
        SpanId = "span_id",
        /// Span id of what the call is a step of.
        ParentSpanId = "parent_span_id",
        /// User attributes, a JSON object.
        Attributes = "attributes",
    }
}

impl CallColumn {
    /// The plain encoding of the column: one that whoever writes batches may use.
    #[must_use]
    pub fn encoding(self) -> Encoding {
        use CallColumn as C;
        match self {
            C::Start => Encoding::Delta,
            C::Path | C::Query | C::Attributes => Encoding::Text,
            C::Kind | C::Outcome | C::Method | C::Scheme | C::Host | C::Template => Encoding::Dict,
            C::ErrorType | C::ProtocolVersion | C::PeerAddress => Encoding::Dict,
            C::Target | C::Consumer | C::CallOutcome => Encoding::Dict,
            C::Port | C::Status | C::ResendCount | C::Attempt | C::Reused => Encoding::Varint,
            C::RequestBytes | C::ResponseBytes => Encoding::Varint,
            C::Total | C::Dns | C::Connect | C::Ttfb | C::Body => Encoding::Varint,
            C::CallTotal => Encoding::Varint,
            C::CallId | C::TraceId => Encoding::Id16,
            C::SpanId | C::ParentSpanId => Encoding::Id8,
        }
    }
}

impl CallColumn {
    /// Those that every call has.
    pub(super) const REQUIRED: [Self; 3] = [Self::Start, Self::Kind, Self::Outcome];

    /// Whether the column can have any value that the encoding can tell.
    pub(super) fn takes_any(self, encoding: Encoding) -> bool {
        use CallColumn as C;
        let is_word = matches!(self, C::Kind | C::Outcome | C::CallOutcome);
        let is_small = matches!(self, C::Port | C::Status | C::ResendCount | C::Attempt);
        let has_bounds = is_word || is_small || matches!(self, C::Start | C::Reused);
        let is_text = |encoding| matches!(encoding, Encoding::Dict | Encoding::Text);
        let (own, encoding) = (self.encoding(), encoding.plain());
        let fits = encoding == own || (is_text(own) && is_text(encoding));
        fits && !has_bounds
    }
}

/// Decoded calls: the columns that were asked for.
#[derive(Debug, Default)]
pub struct Calls {
    rows: usize,
    columns: Vec<Option<Column>>,
}

impl Calls {
    pub(super) fn decode(table: &Table<'_>, wanted: &[CallColumn]) -> Result<Self, DecodeError> {
        let mut columns: Vec<Option<Column>> = CallColumn::ALL.iter().map(|_| None).collect();
        for &column in wanted {
            let decoded = Self::decode_column(table, column)?;
            if decoded.is_none() && CallColumn::REQUIRED.contains(&column) {
                return Err(table.problem(column.as_str(), "missing; every call has one"));
            }
            columns[column as usize] = decoded;
        }
        Ok(Self { rows: table.rows(), columns })
    }

    pub(super) fn with(
        mut self,
        table: &Table<'_>,
        wanted: CallColumn,
    ) -> Result<Self, DecodeError> {
        self.columns[wanted as usize] = Self::decode_column(table, wanted)?;
        Ok(self)
    }

    pub(super) fn decode_column(
        table: &Table<'_>,
        column: CallColumn,
    ) -> Result<Option<Column>, DecodeError> {
        let decoded = table.column(column.as_str())?;
        if let Some(decoded) = &decoded {
            check(column, decoded).map_err(|problem| table.problem(column.as_str(), problem))?;
        }
        Ok(decoded)
    }

    /// Bytes of the longest text of each column, together: no call has more.
    pub(super) fn longest_texts(&self) -> usize {
        let columns = self.columns.iter().flatten();
        columns.map(Column::longest_text).fold(0, usize::saturating_add)
    }

    /// Fails at the first call whose texts are longer together.
    pub(super) fn at_most(&self, limit: usize) -> Result<(), DecodeError> {
        let columns = || self.columns.iter().flatten();
        for row in 0..self.rows {
            let found = columns().map(|column| column.text(row).len()).sum();
            if found > limit {
                return Err(DecodeError::RecordTooLarge { row: row + 1, found, limit });
            }
        }
        Ok(())
    }

    /// Number of calls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// A text; empty when absent or not asked for.
    #[must_use]
    pub fn text(&self, column: CallColumn, row: usize) -> &str {
        self.column(column).map_or("", |column| column.text(row))
    }

    /// A number; `None` when absent or not asked for.
    #[must_use]
    pub fn number(&self, column: CallColumn, row: usize) -> Option<u64> {
        self.column(column).and_then(|column| column.number(row))
    }

    /// The number of a text in its column's dictionary: equal ones are equal texts, 0 is absent.
    /// `None` where the column has no dictionary.
    #[must_use]
    pub fn entry(&self, column: CallColumn, row: usize) -> Option<u32> {
        match self.column(column) {
            Some(Column::Dict { rows, .. }) => rows.get(row).copied(),
            Some(_) => None,
            None => Some(0),
        }
    }

    /// A decoded column, for who reads many rows of it.
    #[must_use]
    pub fn column(&self, column: CallColumn) -> Option<&Column> {
        self.columns.get(column as usize)?.as_ref()
    }

    fn id<const N: usize>(&self, column: CallColumn, row: usize) -> Option<[u8; N]> {
        self.column(column).and_then(|column| column.id(row))
    }

    fn small<T: TryFrom<u64>>(&self, column: CallColumn, row: usize) -> Option<T> {
        self.number(column, row).and_then(|number| T::try_from(number).ok())
    }

    /// A row as a record. Columns that were not asked for are absent in it.
    #[must_use]
    pub fn record(&self, row: usize) -> Record<'_> {
        use CallColumn as C;
        let url = SafeUrl {
            scheme: self.text(C::Scheme, row),
            host: self.text(C::Host, row),
            port: self.small(C::Port, row),
            path: self.text(C::Path, row),
            query: self.text(C::Query, row),
        };
        let cow = |column| Cow::Borrowed(self.text(column, row));
        Record {
            kind: Kind::from_word(self.text(C::Kind, row)).unwrap_or(Kind::Manual),
            outcome: Outcome::from_word(self.text(C::Outcome, row)).unwrap_or(Outcome::Completed),
            start_unix_ns: self.number(C::Start, row).unwrap_or(0),
            total_ns: self.number(C::Total, row),
            dns_ns: self.number(C::Dns, row),
            connect_ns: self.number(C::Connect, row),
            ttfb_ns: self.number(C::Ttfb, row),
            body_ns: self.number(C::Body, row),
            status: self.small(C::Status, row),
            resend_count: self.small(C::ResendCount, row),
            attempt: self.small(C::Attempt, row),
            connection_reused: self.number(C::Reused, row).map(|reused| reused != 0),
            request_body_bytes: self.number(C::RequestBytes, row),
            response_body_bytes: self.number(C::ResponseBytes, row),
            peer_address: self.text(C::PeerAddress, row).parse().ok(),
            call_id: self.id(C::CallId, row),
            call_total_ns: self.number(C::CallTotal, row),
            call_outcome: Outcome::from_word(self.text(C::CallOutcome, row)),
            trace_id: self.id(C::TraceId, row),
            span_id: self.id(C::SpanId, row),
            parent_span_id: self.id(C::ParentSpanId, row),
            method: self.text(C::Method, row),
            url,
            template: cow(C::Template),
            protocol_version: self.text(C::ProtocolVersion, row),
            error_type: self.text(C::ErrorType, row),
            target: cow(C::Target),
            consumer: cow(C::Consumer),
            attributes: cow(C::Attributes),
        }
    }
}

/// Whether the values are such as the column can have; says what is wrong.
fn check(column: CallColumn, decoded: &Column) -> Result<(), String> {
    use CallColumn as C;
    let fits = match decoded {
        Column::Dict { .. } | Column::Text { .. } => {
            matches!(column.encoding(), Encoding::Dict | Encoding::Text)
        }
        Column::Numbers(_) => column.encoding() == Encoding::Varint,
        Column::Deltas(_) => column.encoding() == Encoding::Delta,
        Column::Bytes { .. } => column.encoding() == Encoding::Bytes,
        Column::Id16(_) => column.encoding() == Encoding::Id16,
        Column::Id8(_) => column.encoding() == Encoding::Id8,
    };
    if !fits {
        return Err(format!(
            "its encoding cannot hold it; write it as {}",
            column.encoding().as_str()
        ));
    }
    let most = match column {
        C::Port | C::Status => u64::from(u16::MAX),
        C::ResendCount | C::Attempt => u64::from(u32::MAX),
        C::Reused => 1,
        _ => u64::MAX,
    };
    match (column, decoded) {
        (C::Kind, decoded) => check_words(decoded, |word| Kind::from_word(word).is_some()),
        (C::Outcome, decoded) => check_words(decoded, |word| Outcome::from_word(word).is_some()),
        (C::CallOutcome, decoded) => check_entries(decoded, |w| Outcome::from_word(w).is_some()),
        (_, Column::Numbers(numbers)) => {
            match numbers.iter().find(|n| n.saturating_sub(1) > most) {
                Some(number) => Err(format!("{} is more than {most}", number - 1)),
                None => Ok(()),
            }
        }
        (_, Column::Deltas(times)) => match times.iter().find(|time| **time < 0) {
            Some(time) => Err(format!("{time} is before 1970")),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Every row has one of the known words.
fn check_words(column: &Column, is_known: impl Fn(&str) -> bool) -> Result<(), String> {
    if let Column::Dict { rows, .. } = column
        && rows.contains(&0)
    {
        return Err("missing in a row; every call has one".to_owned());
    }
    check_entries(column, is_known)
}

/// Every row has one of the known words, or none.
fn check_entries(column: &Column, is_known: impl Fn(&str) -> bool) -> Result<(), String> {
    let Column::Dict { entries, .. } = column else {
        return Err("its encoding cannot hold it; write it as dict".to_owned());
    };
    match entries.iter().skip(1).find(|word| !is_known(word)) {
        Some(word) => Err(format!("{word:?} is not a known value")),
        None => Ok(()),
    }
}
