//! Which roll-ups a question is about, and by what they are put into groups.
//! It never looks at a number.

use crate::model::StatusClass;
use crate::store::{Series, SeriesFilter};

use super::StatusFilter;

/// Conditions that a series must meet, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RollupFilter {
    pub(crate) series: SeriesFilter,
    pub(crate) status: Option<StatusFilter>,
}

impl RollupFilter {
    /// Whether the condition on the status is met; the store sees to the others.
    pub(super) fn holds(&self, status: Option<u16>) -> bool {
        self.status.is_none_or(|wanted| wanted.holds(status))
    }
}

/// What the series of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupBy {
    Service,
    Environment,
    Host,
    Method,
    Template,
    Target,
    Status,
    StatusClass,
    ErrorType,
    Consumer,
    Kind,
}

impl GroupBy {
    /// All of them, with their words.
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::Service, "service"),
        (Self::Environment, "environment"),
        (Self::Host, "host"),
        (Self::Method, "method"),
        (Self::Template, "template"),
        (Self::Target, "target"),
        (Self::Status, "status"),
        (Self::StatusClass, "status_class"),
        (Self::ErrorType, "error_type"),
        (Self::Consumer, "consumer"),
        (Self::Kind, "kind"),
    ];

    /// The one that a word names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, other)| *other == word).map(|(group_by, _)| group_by)
    }

    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(other, _)| *other == self).map_or("", |(_, word)| word)
    }

    /// What a series has in common with its group; empty when not told, and `none` for the status
    /// where no answer came.
    pub(super) fn value(self, series: &Series) -> String {
        let text = match self {
            Self::Service => &series.service,
            Self::Environment => &series.environment,
            Self::Host => &series.host,
            Self::Method => &series.method,
            Self::Template => &series.template,
            Self::Target => &series.target,
            Self::Status => {
                return series.status.map_or("none".to_owned(), |status| status.to_string());
            }
            Self::StatusClass => StatusClass::of(series.status).as_str(),
            Self::ErrorType => &series.error_type,
            Self::Consumer => &series.consumer,
            Self::Kind => series.kind.as_str(),
        };
        text.to_owned()
    }
}
