//! Parameters that several questions take, for the document.
//! They never read a parameter: `super::super::parameters` does, and a test holds both together.

use egret::record::Kind;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Object, Required};

use crate::api::parameters::MAX_LIMIT;
use crate::query::MOMENT_FORMS;

/// What the text of a moment looks like: an instant, a date, unix seconds, or how long ago. An
/// empty one counts as not given.
const MOMENT_PATTERN: &str = concat!(
    r"^([0-9]{1,10}|[0-9]{1,5}[smhd]|[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r"(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?)?$"
);

/// `from` and `to`.
pub(in crate::api) struct Range;

impl IntoParams for Range {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let moment = |name, role: &str| {
            let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(MOMENT_PATTERN));
            parameter(name, format!("{role}: {MOMENT_FORMS}."), text.build())
        };
        vec![
            moment("from", "The beginning, which is before `to`"),
            moment("to", "The end, which is not in it; defaults to now"),
        ]
    }
}

/// Which of the roll-ups count.
pub(in crate::api) struct Selection;

impl IntoParams for Selection {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let text = |name, about: &str| {
            parameter(name, about, ObjectBuilder::new().schema_type(Type::String).build())
        };
        let status = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^([1-9][0-9]{2}|[1-5]xx|other|none)?$"))
            .build();
        vec![
            text("service", "Only calls of this `service.name`."),
            text("environment", "Only calls of this `deployment.environment.name`."),
            one_of_query("kind", "Only calls of this kind.", &kinds),
            text("target", "Only calls to this vendor."),
            text("method", "Only calls with this method, in any case."),
            text("host", "Only calls to this host."),
            text("template", "Only calls of this route."),
            text("error_type", "Only calls with this `error.type`."),
            text("consumer", "Only calls on behalf of this one."),
            parameter("status", "A code such as 404, a class such as 5xx, or none.", status),
        ]
    }
}

/// `limit`.
pub(in crate::api) struct Limit;

impl IntoParams for Limit {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let number = number.maximum(Some(MAX_LIMIT)).build();
        vec![parameter("limit", "Most rows of the answer; defaults to 100.", number)]
    }
}

/// `content-encoding`.
pub(in crate::api) struct Encodings;

impl IntoParams for Encodings {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let words = ["gzip", "zstd", "identity"];
        vec![one_of(ParameterIn::Header, "content-encoding", "How the body is compressed.", &words)]
    }
}

/// A parameter that is one of a few words.
pub(in crate::api) fn one_of_query(name: &str, about: &str, words: &[&str]) -> Parameter {
    one_of(ParameterIn::Query, name, about, words)
}

/// The empty word counts as not given.
fn one_of(place: ParameterIn, name: &str, about: &str, words: &[&str]) -> Parameter {
    let words = words.iter().copied().chain([""]);
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
    let mut parameter = parameter(name, about, schema.build());
    parameter.parameter_in = place;
    parameter
}

fn parameter(name: &str, about: impl Into<String>, schema: Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}
