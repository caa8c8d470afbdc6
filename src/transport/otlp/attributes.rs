//! Attributes, resource and scope in OTLP's types.
//! Never adds an attribute without a value: what is not known is absent.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue,
};
use opentelemetry_proto::tonic::resource::v1;

use crate::batch::Resource;

/// The version of the conventions that names and buckets are of.
pub(super) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Collects attributes.
#[derive(Default)]
pub(super) struct Attributes(pub(super) Vec<KeyValue>);

impl Attributes {
    /// Adds a text, unless it is empty.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.put(key, Value::StringValue(value.to_owned()));
        }
    }

    /// Adds a list of one text: the conventions have headers as lists.
    pub(super) fn list(&mut self, key: &str, value: &str) {
        let value = AnyValue { value: Some(Value::StringValue(value.to_owned())) };
        self.put(key, Value::ArrayValue(ArrayValue { values: vec![value] }));
    }

    /// Adds a number, if it is known.
    pub(super) fn number(&mut self, key: &str, value: Option<impl Into<u64>>) {
        if let Some(value) = value {
            self.put(key, Value::IntValue(i64::try_from(value.into()).unwrap_or(i64::MAX)));
        }
    }

    /// Adds a yes or no, if it is known.
    pub(super) fn flag(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.put(key, Value::BoolValue(value));
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|known| known.key == key)
    }

    fn put(&mut self, key: &str, value: Value) {
        let (key, value) = (key.to_owned(), Some(AnyValue { value: Some(value) }));
        self.0.push(KeyValue { key, value, ..KeyValue::default() });
    }
}

pub(super) fn resource(resource: &Resource) -> v1::Resource {
    let mut attributes = Attributes::default();
    resource.iter().for_each(|(key, value)| attributes.text(key, value));
    v1::Resource { attributes: attributes.0, ..v1::Resource::default() }
}

pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "egret".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// What `error.type` says of an answer that is an error by its status alone.
pub(super) fn error_type(given: &str, status: Option<u16>, is_error: bool) -> String {
    match (given, status) {
        ("", Some(status)) if is_error => status.to_string(),
        ("", None) if is_error => "_OTHER".to_owned(),
        (given, _) => given.to_owned(),
    }
}

/// Of the conventions: a method that is not known, or not an HTTP one, is `_OTHER`.
pub(super) fn method(method: &str) -> &str {
    if method.is_empty() { "_OTHER" } else { method }
}
