//! `GET /api/v1/series`: reads the question and hands it on.
//! It never answers itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::Api;
use super::document::{OfQuestions, Range, Selection, one_of_query};
use super::parameters::{Parameters, one_of};
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::model::{SECOND_NS, TimeRange};
use crate::query::{GroupBy, Metric, Series, SeriesQuery, Step};

const DEFAULT_GROUPS: usize = 10;
const MAX_GROUPS: usize = 50;

/// Most steps of an answer, which has a value for each and for each group.
const MAX_POINTS: u64 = 1_500;

const DEFAULT_THRESHOLD_MS: u64 = 500;

/// How it is cut, for the document; [`question`] reads it.
struct Cut;

impl IntoParams for Cut {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = |name: &str, about: &str, most: usize| {
            let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
            let parameter = parameter.required(Required::False).description(Some(about));
            parameter.schema(Some(number.maximum(Some(most)).build())).build()
        };
        let steps: Vec<&str> = Step::ALL.iter().map(|(_, word)| *word).collect();
        let groups: Vec<&str> = GroupBy::ALL.iter().map(|(_, word)| *word).collect();
        vec![
            one_of_query("metric", "What is told; defaults to requests.", &Metric::WORDS),
            one_of_query("step", "How finely; chosen by the range when absent.", &steps),
            one_of_query("group_by", "What the calls of a group have in common.", &groups),
            number("limit", "Most groups; the rest is in `others`. Defaults to 10.", MAX_GROUPS),
            number("threshold_ms", "For `metric=apdex` alone; defaults to 500.", 86_400_000),
        ]
    }
}

/// A metric over time
///
/// Exact counts from roll-ups; of the last hour when no range is given.
#[utoipa::path(
    get,
    path = "/api/v1/series",
    operation_id = "series",
    tag = "questions",
    params(Range, Cut, Selection),
    responses((status = 200, description = "The values.", body = Series), OfQuestions),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Series>, Problem> {
    let query = question(pairs, unix_now_ns())?;
    let series = api.ask(move |queries| queries.series(&query)).await?;
    Ok(Json(series))
}

fn question(pairs: Vec<(String, String)>, now_ns: u64) -> Result<SeriesQuery, Problem> {
    let mut parameters = Parameters::new(pairs);
    let last_hour = TimeRange { from_ns: now_ns.saturating_sub(3_600 * SECOND_NS), to_ns: now_ns };
    let range = parameters.range(last_hour, now_ns)?;
    let metric = metric(&mut parameters)?;
    let steps = one_of(Step::ALL.iter().map(|(_, word)| *word));
    let step = parameters.parsed("step", &steps, Step::from_word)?;
    let words = one_of(GroupBy::ALL.iter().map(|(_, word)| *word));
    let limits = format!("a number from 1 to {MAX_GROUPS}");
    let limit = |text: &str| text.parse().ok().filter(|n| (1..=MAX_GROUPS).contains(n));
    let query = SeriesQuery {
        range,
        metric,
        step: step.unwrap_or_else(|| Step::for_range(range)),
        group_by: parameters.parsed("group_by", &words, GroupBy::from_word)?,
        n_groups: parameters.parsed("limit", &limits, limit)?.unwrap_or(DEFAULT_GROUPS),
        filter: parameters.rollup_filter()?,
    };
    parameters.finish()?;
    let n_points = query.step.n_points(range);
    if n_points > MAX_POINTS {
        let detail = format!(
            "the range has {n_points} steps, but an answer has at most {MAX_POINTS}; give a longer \
             `step`, or a later `from`"
        );
        return Err(Problem::bad_parameter(detail));
    }
    Ok(query)
}

fn metric(parameters: &mut Parameters) -> Result<Metric, Problem> {
    let milliseconds = "a whole number of milliseconds, 1 or more";
    let threshold_ms = parameters.parsed("threshold_ms", milliseconds, |text| {
        text.parse::<u64>().ok().filter(|threshold| *threshold > 0)
    })?;
    let threshold_ns = threshold_ms.unwrap_or(DEFAULT_THRESHOLD_MS).saturating_mul(1_000_000);
    let words = one_of(Metric::WORDS);
    let metric = parameters
        .parsed("metric", &words, |word| Metric::from_word(word, threshold_ns))?
        .unwrap_or(Metric::Requests);
    let is_for_nothing = threshold_ms.is_some() && !matches!(metric, Metric::Apdex { .. });
    if is_for_nothing {
        let detail = "`threshold_ms` is for `metric=apdex` alone".to_owned();
        return Err(Problem::bad_parameter(detail));
    }
    Ok(metric)
}
