//! `GET /api/v1/openapi.json`: the document of all routes, made from what stands beside each handler.
//! It never describes a route itself: a route comes here and into the router by the same line.

mod parameters;
mod refusals;
#[cfg(test)]
mod tests;

pub(super) use parameters::{Encodings, Limit, Range, Selection, one_of_query};
pub(super) use refusals::{
    OfBatches, OfExports, OfHealth, OfHub, OfQuestions, OfTraces, OfUnknown,
};

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use bytes::Bytes;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, PathItem, RefOr, Schema};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use super::Api;
use super::problem::Details;

/// The name of the one security scheme.
const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "egret collector",
        description = "Receives calls of instrumented services and answers questions about them. \
                       Errors are problem documents (RFC 9457). Where the collector has tokens, \
                       every route but /healthz and those of the hub protocol asks for one; where it \
                       has none it listens on loopback alone, and everyone there is let in."
    ),
    tags(
        (name = "questions", description = "What was called, how often, how fast, how well."),
        (name = "ingest", description = "What services send."),
        (name = "operation", description = "How the collector itself is."),
    ),
    components(schemas(Details<'static>)),
)]
struct Base;

/// Bytes that are no text.
pub(super) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
        ObjectBuilder::new().schema_type(Type::String).format(format).into()
    }
}

impl ToSchema for Binary {}

/// The document before any route.
pub(super) fn base() -> Document {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    let about = "One of the collector's tokens. Who asks may also give it as the password of HTTP \
                 Basic authentication, with any user name: browsers do.";
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about));
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    document
}

/// Says of every route so far that it asks for a token, and what it answers without.
pub(super) fn guard(document: &mut Document) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, [""; 0])]);
        let unauthorized = refusals::unauthorized();
        operation.responses.responses.insert("401".to_owned(), unauthorized.into());
        operation.responses.responses.extend(refusals::of_tokens());
    }
}

/// Says of every route that its head is bounded.
pub(super) fn bound(document: &mut Document) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.responses.responses.extend(refusals::of_heads());
    }
}

/// The routes of a path, by their methods.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

/// The document of this API
///
/// OpenAPI 3.1. Tools make clients and tests of it.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    operation_id = "openapi",
    tag = "operation",
    responses((status = 200, description = "An OpenAPI document.", body = Object)),
)]
pub(super) async fn get(State(api): State<Arc<Api>>) -> ([(HeaderName, &'static str); 1], Bytes) {
    ([(header::CONTENT_TYPE, "application/json")], api.document.clone())
}
