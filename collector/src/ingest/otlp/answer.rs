//! OTLP's answers, in the encoding of the request.
//! It never says more of a request than what was wrong with it.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use super::{Encoding, Rejected};

/// `google.rpc.Status`.
#[derive(Message)]
struct Status {
    /// A `google.rpc.Code`.
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The body of an answer to what was taken, as a whole or but for some spans.
pub(crate) fn accepted(encoding: Encoding, rejected: &Rejected) -> Vec<u8> {
    let Rejected { n_spans, problem } = rejected;
    let partial_success = (*n_spans > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: i64::try_from(*n_spans).unwrap_or(i64::MAX),
        error_message: format!("{n_spans} HTTP spans cannot be recorded; the first: {problem}"),
    });
    match (encoding, partial_success) {
        (Encoding::Protobuf, partial_success) => {
            ExportTraceServiceResponse { partial_success }.encode_to_vec()
        }
        (Encoding::Json, None) => b"{}".to_vec(),
        // Numbers of 64 bits are texts in protobuf's JSON.
        (Encoding::Json, Some(told)) => json!({
            "partialSuccess": {
                "rejectedSpans": told.rejected_spans.to_string(),
                "errorMessage": told.error_message,
            }
        })
        .to_string()
        .into_bytes(),
    }
}

/// The body of a refusal with this HTTP status.
pub(crate) fn refused(encoding: Encoding, http_status: u16, message: &str) -> Vec<u8> {
    let code = code(http_status);
    match encoding {
        Encoding::Protobuf => Status { code, message: message.to_owned() }.encode_to_vec(),
        Encoding::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    }
}

/// The `google.rpc.Code` that goes with a status.
fn code(http_status: u16) -> i32 {
    const INVALID_ARGUMENT: i32 = 3;
    const DEADLINE_EXCEEDED: i32 = 4;
    const RESOURCE_EXHAUSTED: i32 = 8;
    const INTERNAL: i32 = 13;
    const UNAVAILABLE: i32 = 14;
    match http_status {
        408 => DEADLINE_EXCEEDED,
        413 => RESOURCE_EXHAUSTED,
        429 | 503 => UNAVAILABLE,
        500.. => INTERNAL,
        _ => INVALID_ARGUMENT,
    }
}
