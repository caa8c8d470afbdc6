//! How a gRPC call ended, which its HTTP status does not tell: `grpc-status`, in the trailers or,
//! where there is nothing else, in the headers. Never keeps the message beside it.

use http::HeaderMap;

use super::flight::Flight;
use crate::record::Kind;

const STATUS: &str = "grpc-status";

/// The names of the codes, by number; the conventions have them as `error.type`.
/// From the gRPC specification, "Status codes and their use in gRPC".
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The codes that are the server's own fault, as the conventions have it.
const SERVER_FAULTS: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// Notes the code of a gRPC answer, if these headers or trailers have one.
pub(super) fn note(flight: &mut Flight, headers: &HeaderMap) {
    let Some(status) = headers.get(STATUS) else { return };
    // A code that gRPC does not know is to be taken for UNKNOWN.
    let code = status.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    let code = code.filter(|code| *code < NAMES.len()).unwrap_or(2);
    flight.fact("rpc.grpc.status_code", code.to_string());
    let name = NAMES[code];
    let is_error = match flight.kind() {
        Some(Kind::Server) => SERVER_FAULTS.contains(&name),
        _ => code != 0,
    };
    if is_error {
        flight.refused(name);
    }
}
