//! A batch's hits: the counts are those of its roll-ups, the parameters those of its calls.
//! It never counts a call that the roll-ups do not, so that sampling leaves the sum exact.

use std::collections::{BTreeMap, HashMap};

use egret::codec::{Batch, CallColumn, Calls, DecodeError};
use egret::minute::Minutes;
use egret::record::Kind;
use egret::template::Templates;
use serde_json::Value;

use crate::model::{Hit, HitCounts, Source};

/// How servers tell the parameters of a path: one attribute each.
const PARAMETER: &str = "url.path.parameter.";

const COLUMNS: &[CallColumn] = &[
    CallColumn::Kind,
    CallColumn::Method,
    CallColumn::Host,
    CallColumn::Path,
    CallColumn::Template,
    CallColumn::Status,
    CallColumn::Attributes,
];

/// What hits of one series have in common, whatever their minute, error class or consumer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Series<'b> {
    kind: Kind,
    status: u16,
    method: &'b str,
    host: &'b str,
    route: String,
}

/// The hits of a batch whose roll-ups these are.
pub(crate) fn hits(
    batch: &Batch<'_>,
    minutes: &Minutes,
    source: &Source,
    templates: &mut Templates,
) -> Result<HitCounts, DecodeError> {
    let mut left = HashMap::<Series<'_>, u64>::new();
    for (key, cell) in minutes.iter() {
        let (kind, status, method, host) = (key.kind, key.status, key.method, key.host);
        let series = Series { kind, status, method, host, route: key.template.to_owned() };
        let count = left.entry(series).or_default();
        *count = count.saturating_add(cell.count);
    }
    let mut counts = HitCounts::default();
    let calls = batch.calls(COLUMNS)?;
    let says_itself = super::is_capped(batch.meta(), batch.table("minutes").is_some());
    for row in 0..calls.len() {
        let params = parameters(&calls, row);
        if params.is_empty() {
            continue;
        }
        let series = series(&calls, row, says_itself, templates);
        // What the roll-ups do not count is no hit: a log beside them, for example.
        if let Some(count) = left.get_mut(&series).filter(|count| **count > 0) {
            *count -= 1;
            counts.add(hit(series, source, params), 1);
        }
    }
    for (series, count) in left {
        counts.add(hit(series, source, BTreeMap::new()), count);
    }
    Ok(counts)
}

/// The series of a call; its template is the one under which the roll-ups have it.
fn series<'b>(
    calls: &'b Calls,
    row: usize,
    says_itself: bool,
    templates: &mut Templates,
) -> Series<'b> {
    let text = |column| calls.text(column, row);
    let (host, template) = (text(CallColumn::Host), text(CallColumn::Template));
    let route = if says_itself {
        template.to_owned()
    } else {
        templates.admit(host, template, text(CallColumn::Path)).to_owned()
    };
    let status = calls.number(CallColumn::Status, row);
    Series {
        kind: Kind::from_word(text(CallColumn::Kind)).unwrap_or(Kind::Manual),
        status: status.and_then(|status| u16::try_from(status).ok()).unwrap_or(0),
        method: text(CallColumn::Method),
        host,
        route,
    }
}

fn hit(series: Series<'_>, source: &Source, params: BTreeMap<String, String>) -> Hit {
    Hit {
        service: source.service.clone(),
        environment: source.environment.clone(),
        kind: series.kind.as_str().to_owned(),
        method: series.method.to_owned(),
        host: series.host.to_owned(),
        route: series.route,
        params,
        status: series.status,
    }
}

/// The parameters that a call tells; else, of what a server answered, those that its path has where
/// its template has a name.
fn parameters(calls: &Calls, row: usize) -> BTreeMap<String, String> {
    let attributes = calls.text(CallColumn::Attributes, row);
    if attributes.contains(PARAMETER) {
        let told: BTreeMap<String, Value> = serde_json::from_str(attributes).unwrap_or_default();
        let params = told.into_iter().filter_map(|(key, value)| {
            let name = key.strip_prefix(PARAMETER)?.to_owned();
            Some((name, value.as_str()?.to_owned()))
        });
        return params.collect();
    }
    if calls.text(CallColumn::Kind, row) != Kind::Server.as_str() {
        return BTreeMap::new();
    }
    let (template, path) =
        (calls.text(CallColumn::Template, row), calls.text(CallColumn::Path, row));
    matched(template, path).unwrap_or_default()
}

/// The segments of a path by the names that a template gives them; `None` when they do not fit.
fn matched(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut params = BTreeMap::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => drop(params.insert(name.to_owned(), segment.to_owned())),
            None if expected == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(params)
}
