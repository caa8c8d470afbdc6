//! What calls are worth: the order-0 entropy of each column, in bits a call.
//! It never looks at a format: it counts values, and what is random in them.

use std::collections::HashMap;
use std::hash::Hash;

use egret::record::Record;

use crate::traffic::Made;

/// One column and its bits a call.
pub type Share = (&'static str, f64);

/// The entropy of every column, the columns taken for independent of each other.
pub fn columns(calls: &[Made]) -> Vec<Share> {
    let mut columns = Columns::default();
    let mut last_start = None;
    let (mut id_bits, mut key_bits) = (0.0, 0.0);
    for call in calls {
        let (url, mut scratch) = (call.url(), String::new());
        let record = call.record(&url, &mut scratch);
        let start = record.start_unix_ns;
        let later = last_start.is_none_or(|last| start >= last);
        columns.text("start is later", &later.to_string());
        columns.number("start", Some(start.abs_diff(last_start.unwrap_or(start))));
        last_start = Some(start);
        columns.add(call, &record);
        // What redaction took out is worth nothing any more.
        let is_kept =
            |id: &str| record.url().path().contains(id) || record.url().query().contains(id);
        id_bits += call.ids.iter().filter(|id| is_kept(&id.0)).map(|id| id.1).sum::<f64>();
        key_bits += call.key_bits;
    }
    let n = calls.len() as f64;
    let mut shares: Vec<Share> =
        columns.0.into_iter().map(|(name, column)| (name, column.bits() / n)).collect();
    shares.push(("ids in paths and queries", id_bits / n));
    shares.push(("call, trace and span ids", key_bits / n));
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}

/// The sum of all columns, in bytes a call.
pub fn bytes_per_call(shares: &[Share]) -> f64 {
    shares.iter().map(|(_, bits)| bits).sum::<f64>() / 8.0
}

#[derive(Default)]
struct Columns(HashMap<&'static str, Column>);

/// How often each symbol came, and the bits that are random beside them.
#[derive(Default)]
struct Column {
    symbols: HashMap<Symbol, u64>,
    raw_bits: f64,
}

#[derive(PartialEq, Eq, Hash)]
enum Symbol {
    Text(String),
    /// A number's length in bits and its four leading ones.
    Number(Option<(u32, u64)>),
}

impl Columns {
    fn add(&mut self, call: &Made, record: &Record<'_>) {
        self.text("kind", record.kind.as_str());
        self.text("outcome", record.outcome.as_str());
        self.text("method", record.method());
        self.text("host", record.url().host());
        // Without their ids: those are counted apart, digit by digit.
        self.text("path without ids", &call.shape);
        self.text("template", record.template());
        self.text("has call id", &record.call_id.is_some().to_string());
        self.text("has trace", &record.trace_id.is_some().to_string());
        self.text("has query", &(!call.query.is_empty()).to_string());
        self.text("status", &format!("{:?}", record.status));
        self.text("error", record.error_type());
        self.text("version", record.protocol_version());
        self.text("peer", &format!("{:?}", record.peer_address));
        self.text("reused", &format!("{:?}", record.connection_reused));
        self.text("target", record.target());
        self.number("total", record.total_ns);
        self.number("dns", record.dns_ns);
        self.number("connect", record.connect_ns);
        self.number("ttfb", record.ttfb_ns);
        self.number("body", record.body_ns);
        self.number("request bytes", record.request_body_bytes);
        self.number("response bytes", record.response_body_bytes);
    }

    fn text(&mut self, name: &'static str, value: &str) {
        let column = self.0.entry(name).or_default();
        *column.symbols.entry(Symbol::Text(value.to_owned())).or_default() += 1;
    }

    /// A number's beginning is a symbol; of what is behind it every bit counts.
    fn number(&mut self, name: &'static str, value: Option<u64>) {
        let column = self.0.entry(name).or_default();
        let symbol = value.map(|value| {
            let n_bits = u64::BITS - value.leading_zeros();
            let n_raw = n_bits.saturating_sub(4);
            column.raw_bits += f64::from(n_raw);
            (n_bits, value >> n_raw)
        });
        *column.symbols.entry(Symbol::Number(symbol)).or_default() += 1;
    }
}

impl Column {
    fn bits(&self) -> f64 {
        let n: u64 = self.symbols.values().sum();
        let coded = |count: &u64| *count as f64 * (n as f64 / *count as f64).log2();
        self.raw_bits + self.symbols.values().map(coded).sum::<f64>()
    }
}
