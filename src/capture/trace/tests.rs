//! Headers are read as the specification has them, and written as they are read.

use super::*;
use crate::host::HostPattern;

const CARRIED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[track_caller]
fn check(header: &str, is_valid: bool) {
    assert_eq!(Trace::parse(header.as_bytes()).is_some(), is_valid, "{header}");
}

#[test]
fn headers_are_read_strictly() {
    check(CARRIED, true);
    check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true);
    check("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings", true);
    check("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.", false);
    check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false);
    check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false);
    check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false);
    check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false);
    check("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false);
    check("", false);
    check("00", false);
}

#[test]
fn what_is_carried_stays() {
    let mut headers = HeaderMap::new();
    headers.insert(TRACEPARENT, HeaderValue::from_static(CARRIED));
    let trace = Trace::of_request(&mut headers, "a.example", &allowed("b.example"), None);
    let trace = trace.unwrap();
    assert_eq!((trace.span_id, trace.parent_span_id), (None, hex(b"00f067aa0ba902b7")));
    assert_eq!(headers[TRACEPARENT], CARRIED);
}

#[test]
fn only_allowed_hosts_get_a_header() {
    for (host, is_allowed) in [("api.example.com", true), ("example.com", false), ("b.org", false)]
    {
        let mut headers = HeaderMap::new();
        let call_id = Some([7; 16]);
        let trace = Trace::of_request(&mut headers, host, &allowed("*.example.com"), call_id);
        assert_eq!(headers.contains_key(TRACEPARENT), is_allowed, "{host}");
        assert_eq!(trace.map(|trace| trace.trace_id), is_allowed.then_some([7; 16]), "{host}");
        let carried = headers.get(TRACEPARENT).and_then(|header| Trace::parse(header.as_bytes()));
        assert_eq!(trace.map(|t| t.span_id), carried.map(|t| t.parent_span_id), "{host}");
    }
}

fn allowed(host: &str) -> Allowed {
    Allowed { trace_hosts: vec![HostPattern::parse(host).unwrap()], ..Allowed::default() }
}
