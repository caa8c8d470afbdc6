//! One call by its id, and the attempts that it shares its call id with.
//! It never searches for it: the id says when it began and which batch it came in.

use std::collections::BTreeSet;

use egret::batch::Resource;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::call_fields::CallFields;
use super::calls::{Newest, decode, in_page};
use super::matching::parse_id;
use super::{CallFilter, CallsQuery, Cursor, QueryError};
use crate::model::{SECOND_NS, TimeRange};
use crate::store::History;

/// How far before and after a call its other attempts are looked for: longer than any retry waits,
/// and short enough to look into few blocks.
const ATTEMPTS_WITHIN_NS: u64 = 3_600 * SECOND_NS;

/// Most attempts that are answered with; a call of more says so.
const MAX_ATTEMPTS: usize = 1_000;

/// A call and its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallAnswer {
    /// The call, as a page has it, with all that is known of who sent it as `resource`.
    #[schema(value_type = CallFields)]
    pub(crate) call: Value,
    /// All attempts with its `call_id`, this one among them, from the earliest; those that began
    /// within an hour before or after it. Empty for a call without a call id.
    #[schema(value_type = Vec<CallFields>)]
    pub(crate) attempts: Vec<Value>,
    /// Whether there are more attempts than are told: the latest 1,000 are.
    pub(crate) has_more_attempts: bool,
    /// As in a page.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) damaged_batches: BTreeSet<Uuid>,
}

/// `None` when there is no such call, or no more.
pub(super) fn answer(
    history: &dyn History,
    place: Cursor,
) -> Result<Option<CallAnswer>, QueryError> {
    let start_ns = place.start_unix_ns();
    let moment = TimeRange { from_ns: start_ns, to_ns: start_ns.saturating_add(1) };
    let query = CallsQuery { filter: CallFilter::within(moment), limit: 1, after: place.before() };
    let mut newest = Newest::of(&query);
    let mut filter = query.filter.of_blocks();
    filter.batch_id = Some(place.batch_id);
    let mut blocks = newest.read(history, filter)?;
    let found = newest.found.into_sorted_vec();
    let found: Vec<_> = found.into_iter().filter(|found| found.place == place).collect();
    let mut damaged = newest.damaged;
    let Some(call) = decode(&mut *blocks, &found, &mut damaged, &in_full)?.pop() else {
        return Ok(None);
    };
    drop(blocks);
    let attempts = match call["call_id"].as_str().and_then(parse_id) {
        None => (Vec::new(), false),
        Some(call_id) => attempts(history, start_ns, call_id, &mut damaged)?,
    };
    let (attempts, has_more_attempts) = attempts;
    Ok(Some(CallAnswer { call, attempts, has_more_attempts, damaged_batches: damaged }))
}

fn attempts(
    history: &dyn History,
    start_ns: u64,
    call_id: [u8; 16],
    damaged: &mut BTreeSet<Uuid>,
) -> Result<(Vec<Value>, bool), QueryError> {
    let around = TimeRange {
        from_ns: start_ns.saturating_sub(ATTEMPTS_WITHIN_NS),
        to_ns: start_ns.saturating_add(ATTEMPTS_WITHIN_NS),
    };
    let filter = CallFilter { call_id: Some(call_id), ..CallFilter::within(around) };
    let query = CallsQuery { filter, limit: MAX_ATTEMPTS, after: None };
    let mut newest = Newest::of(&query);
    let mut blocks = newest.read(history, query.filter.of_blocks())?;
    let mut found = newest.found.into_sorted_vec();
    let has_more = found.len() > MAX_ATTEMPTS;
    found.truncate(MAX_ATTEMPTS);
    found.reverse();
    damaged.append(&mut newest.damaged);
    Ok((decode(&mut *blocks, &found, damaged, &in_page)?, has_more))
}

/// What an answer about one call says of its sender: everything.
fn in_full(fields: &mut Map<String, Value>, resource: &Resource) {
    in_page(fields, resource);
    let texts = resource.iter().map(|(key, text)| (key.clone(), Value::from(text.as_str())));
    fields.insert("resource".to_owned(), Value::Object(texts.collect()));
}
