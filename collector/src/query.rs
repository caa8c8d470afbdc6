//! Questions about what is stored, and their answers.
//! It never writes, and never blocks a runtime: callers run it where blocking is allowed.

mod block;
mod call;
mod call_fields;
mod calls;
mod cursor;
mod groups;
mod matching;
mod metric;
mod rollups;
mod series;
mod services;
mod step;
mod summary;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use call::CallAnswer;
pub(crate) use calls::CallsPage;
pub(crate) use cursor::Cursor;
pub(crate) use groups::{Consumers, GroupsQuery, Targets};
pub(crate) use matching::{CallFilter, DURATION_FORMS, StatusFilter, parse_duration, parse_id};
pub(crate) use metric::Metric;
pub(crate) use rollups::{GroupBy, RollupFilter};
pub(crate) use series::Series;
pub(crate) use services::{Service, Services, ServicesQuery};
pub(crate) use step::Step;
pub(crate) use summary::{Summary, SummaryRow};
pub(crate) use time::{MOMENT_FORMS, parse_moment};

use std::sync::Arc;

use crate::model::TimeRange;
use crate::store::{History, ReadError, StoreSize};

/// A question that could not be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("a stored batch cannot be decoded")]
    Decode(#[from] egret::codec::DecodeError),
    #[error("a record has no JSON form")]
    Json(#[from] serde_json::Error),
}

/// What a summary is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SummaryQuery {
    /// Rounded outwards to whole minutes; to half-hours where no minutes are kept any more.
    pub(crate) range: TimeRange,
    pub(crate) filter: RollupFilter,
}

/// What a series of numbers over time is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeriesQuery {
    /// Rounded outwards as a summary's.
    pub(crate) range: TimeRange,
    pub(crate) filter: RollupFilter,
    pub(crate) metric: Metric,
    pub(crate) step: Step,
    /// `None` for one group of everything.
    pub(crate) group_by: Option<GroupBy>,
    /// Most groups; what is in none of them is summed up as others.
    pub(crate) n_groups: usize,
}

/// What calls are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallsQuery {
    pub(crate) filter: CallFilter,
    /// Most calls of one page, at least 1.
    pub(crate) limit: usize,
    /// Where the page before ended.
    pub(crate) after: Option<Cursor>,
}

/// Answers questions.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    history: Arc<dyn History>,
}

impl Queries {
    /// Answers from this store.
    pub(crate) fn new(history: Arc<dyn History>) -> Self {
        Self { history }
    }

    /// Counts, bytes and percentiles per host, method, template, status class and target.
    pub(crate) fn summary(&self, query: &SummaryQuery) -> Result<Summary, QueryError> {
        summary::answer(&*self.history, query)
    }

    /// Every service that was seen.
    pub(crate) fn services(&self, query: &ServicesQuery) -> Result<Services, QueryError> {
        services::all(&*self.history, query)
    }

    /// One service, and its instances; `None` when it was never seen.
    pub(crate) fn service(
        &self,
        name: &str,
        query: &ServicesQuery,
    ) -> Result<Option<Service>, QueryError> {
        services::one(&*self.history, name, query)
    }

    /// Sums by vendor.
    pub(crate) fn targets(&self, query: &GroupsQuery) -> Result<Targets, QueryError> {
        groups::targets(&*self.history, query)
    }

    /// Sums by consumer.
    pub(crate) fn consumers(&self, query: &GroupsQuery) -> Result<Consumers, QueryError> {
        groups::consumers(&*self.history, query)
    }

    /// How much of the disk the store takes.
    pub(crate) fn store_size(&self) -> Result<StoreSize, QueryError> {
        Ok(self.history.size()?)
    }

    /// A metric over time, for the groups with the most calls and all others.
    pub(crate) fn series(&self, query: &SeriesQuery) -> Result<Series, QueryError> {
        series::answer(&*self.history, query)
    }

    /// A page of calls, the newest first.
    pub(crate) fn calls(&self, query: &CallsQuery) -> Result<CallsPage, QueryError> {
        calls::answer(&*self.history, query)
    }

    /// One call and its attempts; `None` when it is not there.
    pub(crate) fn call(&self, place: Cursor) -> Result<Option<CallAnswer>, QueryError> {
        call::answer(&*self.history, place)
    }
}
