//! What each kind of request can be refused with, for the document.
//! They never decide a refusal: `problem` does, and a test against the running program compares.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Header, Ref, RefOr, Response, ResponseBuilder};

type Responses = BTreeMap<String, RefOr<Response>>;

const INTERNAL: &str = "The collector failed; its log says why.";
const TOO_SLOW: &str = "The body did not arrive within `body_timeout_seconds`.";
const TOO_LARGE: &str = "More bytes or more records than the limits allow; send fewer at once.";
const TOO_DEEP: &str = "JSON with more levels of lists and objects than are read.";
const UNSUPPORTED: &str = "A content type or encoding that is not read here.";
const NO_ROOM: &str = "No room at the moment, or shutting down; come again after `Retry-After`.";

/// Of a route that answers a question.
pub(in crate::api) struct OfQuestions;

impl IntoResponses for OfQuestions {
    fn responses() -> Responses {
        let parameter = "A parameter that is unknown, given twice, or not of the forms it may have; \
                         `detail` names it and its forms.";
        by_status([(400, problem(parameter)), (500, problem(INTERNAL))])
    }
}

/// Of a route that answers about one thing, by its id.
pub(in crate::api) struct OfUnknown;

impl IntoResponses for OfUnknown {
    fn responses() -> Responses {
        by_status([(404, problem("Nothing has this id, or nothing any more."))])
    }
}

/// Of a route that streams a file.
pub(in crate::api) struct OfExports;

impl IntoResponses for OfExports {
    fn responses() -> Responses {
        let mut responses = OfQuestions::responses();
        responses.extend(by_status([
            (406, problem("None of the accepted types is one of an export.")),
            (503, come_again(problem("As many exports run as may run at once."))),
        ]));
        responses
    }
}

/// Of `POST /v1/batches`.
pub(in crate::api) struct OfBatches;

impl IntoResponses for OfBatches {
    fn responses() -> Responses {
        let malformed = "No whole batch, or a bad parameter; the same again is refused again.";
        by_status([
            (400, problem(malformed)),
            (408, problem(TOO_SLOW)),
            (413, problem(TOO_LARGE)),
            (415, problem(UNSUPPORTED)),
            (422, problem(TOO_DEEP)),
            (500, problem(INTERNAL)),
            (503, come_again(problem(NO_ROOM))),
        ])
    }
}

/// Of OTLP: as `google.rpc.Status` in the request's encoding, once that is known.
pub(in crate::api) struct OfTraces;

impl IntoResponses for OfTraces {
    fn responses() -> Responses {
        let early = |description| {
            let mut response = status(description);
            response.content.extend(problem("").content);
            response
        };
        by_status([
            (400, early("Not OTLP, cut short or damaged.")),
            (408, status(TOO_SLOW)),
            (413, status(TOO_LARGE)),
            (415, early(UNSUPPORTED)),
            (422, status(TOO_DEEP)),
            (500, status(INTERNAL)),
            (503, come_again(status(NO_ROOM))),
        ])
    }
}

/// Of the hub protocol.
pub(in crate::api) struct OfHub;

impl IntoResponses for OfHub {
    fn responses() -> Responses {
        by_status([
            (404, problem("No client has this id; SDKs are silent from then on.")),
            (408, problem(TOO_SLOW)),
            (413, problem(TOO_LARGE)),
            (415, problem(UNSUPPORTED)),
            (422, problem("A message that cannot be read, now or later; SDKs drop it.")),
            (500, problem(INTERNAL)),
            (503, come_again(problem("No room at the moment, or the hub protocol is off."))),
        ])
    }
}

/// Of `GET /healthz`.
pub(in crate::api) struct OfHealth;

impl IntoResponses for OfHealth {
    fn responses() -> Responses {
        by_status([(503, come_again(problem("The collector is shutting down.")))])
    }
}

/// Of every route that asks for a token.
pub(super) fn unauthorized() -> Response {
    let about = "`Bearer`, and for questions also `Basic`.";
    with_header(problem("No token, or a wrong one."), "WWW-Authenticate", Type::String, about)
}

/// Of every route that asks for a token, beside [`unauthorized`].
pub(super) fn of_tokens() -> Responses {
    by_status([
        (
            403,
            problem(
                "The token is for something else: only to send, only to ask, or for another service.",
            ),
        ),
        (429, come_again(problem("The token's quota is used up; come again after `Retry-After`."))),
    ])
}

/// Of every route.
pub(super) fn of_heads() -> Responses {
    by_status([
        (414, problem("Path and query are longer than 8 KiB.")),
        (431, problem("More than 64 headers, or more than 32 KiB of them.")),
    ])
}

fn by_status(refusals: impl IntoIterator<Item = (u16, Response)>) -> Responses {
    let text = |(status, response): (u16, Response)| (status.to_string(), response.into());
    refusals.into_iter().map(text).collect()
}

/// A problem document.
fn problem(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(description);
    response.content("application/problem+json", content).build()
}

/// A `google.rpc.Status`.
fn status(description: &str) -> Response {
    let binary = ObjectBuilder::new().schema_type(Type::String).build();
    let json = ObjectBuilder::new()
        .property("code", ObjectBuilder::new().schema_type(Type::Integer))
        .property("message", ObjectBuilder::new().schema_type(Type::String))
        .required("code")
        .required("message");
    ResponseBuilder::new()
        .description(format!("{description} A `google.rpc.Status`."))
        .content("application/x-protobuf", Content::new(Some(binary)))
        .content("application/json", Content::new(Some(json.build())))
        .build()
}

fn come_again(response: Response) -> Response {
    let about = "Seconds after which to come again.";
    with_header(response, "Retry-After", Type::Integer, about)
}

fn with_header(mut response: Response, name: &str, kind: Type, about: &str) -> Response {
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind));
    header.description = Some(about.to_owned());
    response.headers.insert(name.to_owned(), header.into());
    response
}
