//! Which calls are asked for, decided on as few columns as possible.
//! It never decodes a column that no condition needs, or when no call is left to decide on.

mod words;

pub(crate) use words::{DURATION_FORMS, StatusFilter, parse_duration, parse_id};

use egret::codec::{CallColumn, DecodeError};
use egret::record::{Kind, Outcome};
use egret::template::heuristic;

use super::block::OpenBlock;
use crate::model::{Source, TimeRange};
use crate::rollup::{kind_bit, outcome_bit};
use crate::store::BlockFilter;

/// Conditions that a call must meet, all of them; none by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CallFilter {
    /// Of its start.
    pub(crate) range: TimeRange,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
    /// As the answer has it: the one that came with the call, else the one guessed from its path.
    pub(crate) template: Option<String>,
    pub(crate) status: Option<StatusFilter>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) error_type: Option<String>,
    /// Takes at least so long; who has no duration does not.
    pub(crate) min_duration_ns: Option<u64>,
    pub(crate) consumer: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) target: Option<String>,
    /// A text in its path.
    pub(crate) path: Option<String>,
    pub(crate) trace_id: Option<[u8; 16]>,
    pub(crate) call_id: Option<[u8; 16]>,
}

impl CallFilter {
    /// Whatever began in a range.
    pub(crate) fn within(range: TimeRange) -> Self {
        Self {
            range,
            host: None,
            method: None,
            template: None,
            status: None,
            outcome: None,
            error_type: None,
            min_duration_ns: None,
            consumer: None,
            service: None,
            environment: None,
            kind: None,
            target: None,
            path: None,
            trace_id: None,
            call_id: None,
        }
    }

    /// What a block must have to be looked at.
    pub(super) fn of_blocks(&self) -> BlockFilter {
        let is_of_errors = self.error_type.is_some() || self.outcome == Some(Outcome::Failed);
        BlockFilter {
            host: self.host.clone(),
            statuses: self.status.map(|status| status.class().bit()),
            outcomes: self.outcome.map(outcome_bit),
            kinds: self.kind.map(kind_bit),
            template: self.template.clone(),
            service: self.service.clone(),
            environment: self.environment.clone(),
            total_min_ns: self.min_duration_ns,
            has_errors: is_of_errors.then_some(true),
            ids: self.trace_id.into_iter().chain(self.call_id).collect(),
            text: self.path.clone(),
            ..BlockFilter::within(self.range)
        }
    }

    /// Keeps the rows that meet all conditions but that on the start. What rules out most, or costs
    /// least, comes first.
    pub(super) fn keep(
        &self,
        block: &OpenBlock<'_>,
        rows: &mut Vec<usize>,
    ) -> Result<(), DecodeError> {
        use CallColumn as C;
        for (column, wanted) in [(C::TraceId, self.trace_id), (C::CallId, self.call_id)] {
            if let Some(wanted) = wanted.filter(|_| !rows.is_empty()) {
                block.keep_id(column, rows, wanted)?;
            }
        }
        let texts = [
            (C::Host, self.host.as_deref()),
            (C::ErrorType, self.error_type.as_deref()),
            (C::Outcome, self.outcome.map(Outcome::as_str)),
            (C::Kind, self.kind.map(Kind::as_str)),
            (C::Method, self.method.as_deref()),
            (C::Consumer, self.consumer.as_deref()),
            (C::Target, self.target.as_deref()),
        ];
        for (column, wanted) in texts {
            if let Some(wanted) = wanted.filter(|_| !rows.is_empty()) {
                block.keep_texts(column, rows, |text| text == wanted)?;
            }
        }
        if let Some(wanted) = self.status.filter(|_| !rows.is_empty()) {
            let status = |number: Option<u64>| number.and_then(|n| u16::try_from(n).ok());
            block.keep_numbers(C::Status, rows, |number| wanted.holds(status(number)))?;
        }
        if let Some(least) = self.min_duration_ns.filter(|_| !rows.is_empty()) {
            let is_long = |number: Option<u64>| number.is_some_and(|total_ns| total_ns >= least);
            block.keep_numbers(C::Total, rows, is_long)?;
        }
        if let Some(wanted) = self.template.as_deref().filter(|_| !rows.is_empty()) {
            keep_template(block, rows, wanted)?;
        }
        if let Some(wanted) = self.path.as_deref().filter(|_| !rows.is_empty()) {
            block.keep_texts(C::Path, rows, |path| path.contains(wanted))?;
        }
        self.keep_senders(block, rows)
    }

    fn keep_senders(
        &self,
        block: &OpenBlock<'_>,
        rows: &mut Vec<usize>,
    ) -> Result<(), DecodeError> {
        if rows.is_empty() || (self.service.is_none() && self.environment.is_none()) {
            return Ok(());
        }
        block.keep_senders(rows, |resource| {
            let source = Source::of(resource);
            self.service.as_ref().is_none_or(|wanted| *wanted == source.service)
                && self.environment.as_ref().is_none_or(|wanted| *wanted == source.environment)
        })
    }
}

/// Of calls without a template the path decides.
fn keep_template(
    block: &OpenBlock<'_>,
    rows: &mut Vec<usize>,
    wanted: &str,
) -> Result<(), DecodeError> {
    let mut without = rows.clone();
    block.keep_texts(CallColumn::Template, rows, |text| text == wanted)?;
    block.keep_texts(CallColumn::Template, &mut without, str::is_empty)?;
    if !without.is_empty() {
        let mut guessed = String::new();
        block.keep_texts(CallColumn::Path, &mut without, |path| {
            guessed.clear();
            heuristic(path, &mut guessed);
            guessed == wanted
        })?;
        rows.append(&mut without);
        rows.sort_unstable();
    }
    Ok(())
}
