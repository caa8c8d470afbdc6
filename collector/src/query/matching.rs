//! Which calls are asked for, decided on as few columns as possible.
//! It never decodes a column that no condition needs.

use egret::codec::{CallColumn, Calls};
use egret::record::Outcome;

use crate::model::{StatusClass, TimeRange};
use crate::rollup::outcome_bit;
use crate::store::BlockFilter;

/// Conditions that a call must meet, all of them; none by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CallFilter {
    /// Of its start.
    pub(crate) range: TimeRange,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) status: Option<StatusFilter>,
    pub(crate) outcome: Option<Outcome>,
}

/// A condition on a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    Exactly(u16),
    Class(StatusClass),
}

impl StatusFilter {
    /// The condition of a word: `404`, `5xx` or `none`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        if let Some(class) = StatusClass::from_word(word) {
            return Some(Self::Class(class));
        }
        let is_number = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let code = word.parse().ok().filter(|_| is_number)?;
        Some(Self::Exactly(code))
    }

    fn class(self) -> StatusClass {
        match self {
            Self::Exactly(code) => StatusClass::of(Some(code)),
            Self::Class(class) => class,
        }
    }

    fn holds(self, status: Option<u16>) -> bool {
        match self {
            Self::Exactly(code) => status == Some(code),
            Self::Class(class) => StatusClass::of(status) == class,
        }
    }
}

impl CallFilter {
    /// What a block must have to be looked at.
    pub(super) fn of_blocks(&self) -> BlockFilter {
        BlockFilter {
            range: self.range,
            host: self.host.clone(),
            statuses: self.status.map(|status| status.class().bit()),
            outcomes: self.outcome.map(outcome_bit),
        }
    }

    /// The columns that [`CallFilter::holds`] looks at.
    pub(super) fn columns(&self) -> Vec<CallColumn> {
        let conditions = [
            (true, CallColumn::Start),
            (self.host.is_some(), CallColumn::Host),
            (self.method.is_some(), CallColumn::Method),
            (self.status.is_some(), CallColumn::Status),
            (self.outcome.is_some(), CallColumn::Outcome),
        ];
        let needed = conditions.into_iter().filter(|(is_needed, _)| *is_needed);
        needed.map(|(_, column)| column).collect()
    }

    /// Whether a row meets all conditions.
    pub(super) fn holds(&self, calls: &Calls, row: usize) -> bool {
        let is = |wanted: Option<&str>, column| {
            wanted.is_none_or(|wanted| calls.text(column, row) == wanted)
        };
        let status = || {
            let number = calls.number(CallColumn::Status, row);
            number.and_then(|number| u16::try_from(number).ok())
        };
        is(self.host.as_deref(), CallColumn::Host)
            && is(self.method.as_deref(), CallColumn::Method)
            && is(self.outcome.map(Outcome::as_str), CallColumn::Outcome)
            && self.status.is_none_or(|wanted| wanted.holds(status()))
    }
}
