//! What is written as a row is read back the same.

use super::*;

fn full<'a>(url: SafeUrl<'a>) -> Record<'a> {
    let mut record = Record::new(Kind::Gateway, "put", url, 1_700_000_000_000_000_001);
    record.outcome = Outcome::BodyDropped;
    record.total_ns = Some(1);
    record.dns_ns = Some(2);
    record.connect_ns = Some(3);
    record.ttfb_ns = Some(u64::MAX);
    record.body_ns = Some(0);
    record.status = Some(503);
    record.resend_count = Some(2);
    record.attempt = Some(3);
    record.connection_reused = Some(false);
    record.request_body_bytes = Some(10);
    record.response_body_bytes = Some(11);
    record.peer_address = Some("2001:db8::1".parse().unwrap());
    record.call_id = Some([1; 16]);
    record.call_total_ns = Some(12);
    record.call_outcome = Some(Outcome::Cancelled);
    record.trace_id = Some([2; 16]);
    record.span_id = Some([3; 8]);
    record.parent_span_id = Some([4; 8]);
    record.set_template("/v1/{id}");
    record.set_protocol_version("1.1");
    record.set_error_type("503");
    record.set_target("stripe");
    record.set_consumer("acme");
    record.set_attributes([("region", "eu"), ("api_key", "abc")]);
    record
}

#[test]
fn rows_come_back_as_they_were() {
    let mut scratch = String::new();
    let url = SafeUrl::parse("https://h.example:444/v1/7?a=b", &mut scratch);
    let records = [full(url), Record::new(Kind::Manual, "", SafeUrl::default(), 0)];
    let mut bytes = Vec::new();
    for record in &records {
        write_row(record, &mut bytes);
    }
    let mut rest = &bytes[..];
    for record in &records {
        assert_eq!(read_row(&mut rest).unwrap().as_ref(), Some(record));
    }
    assert_eq!(read_row(&mut rest), Ok(None));
}

#[test]
fn rows_cut_anywhere_are_errors() {
    let mut bytes = Vec::new();
    write_row(&full(SafeUrl::default()), &mut bytes);
    for end in 1..bytes.len() {
        assert_eq!(read_row(&mut &bytes[..end]), Err(RowError), "cut at {end}");
    }
}

#[test]
fn attributes_are_redacted() {
    let record = full(SafeUrl::default());
    assert_eq!(record.attributes(), r#"{"api_key":"REDACTED","region":"eu"}"#);
}

#[test]
fn too_many_attributes_are_cut_visibly() {
    let pairs: Vec<_> = (0..10_000).map(|n| (format!("key{n:05}x"), "\u{1}".repeat(3))).collect();
    let mut record = Record::new(Kind::Manual, "GET", SafeUrl::default(), 0);
    record.set_attributes(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    assert!(record.attributes().contains("{truncated}"));
    let mut bytes = Vec::new();
    write_row(&record, &mut bytes);
    let read = read_row(&mut &bytes[..]).unwrap().unwrap();
    assert_eq!(read.attributes(), record.attributes());
}

#[test]
fn errors_are_what_the_conventions_call_errors() {
    let check = |kind, outcome, status, class, expected| {
        assert_eq!(is_error(kind, outcome, status, class), expected, "{kind:?} {status:?}");
    };
    check(Kind::Client, Outcome::Completed, Some(399), "", false);
    check(Kind::Client, Outcome::Completed, Some(404), "", true);
    check(Kind::Server, Outcome::Completed, Some(404), "", false);
    check(Kind::Server, Outcome::Completed, Some(500), "", true);
    check(Kind::Client, Outcome::Failed, None, "dns", true);
    check(Kind::Client, Outcome::Cancelled, None, "", false);
}
