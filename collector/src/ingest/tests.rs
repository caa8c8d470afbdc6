//! What the door reads, what it refuses, and whom it lets in.
//! They never need a server: the door is pure.

use std::io::Write;

use super::*;
use egret::codec::CallColumn;
use uuid::Uuid;

const LIMITS: IngestLimits = IngestLimits {
    n_batch_bytes: 64 << 10,
    n_decoded_bytes: 10_000,
    n_records: 50,
    n_record_bytes: 1 << 20,
};

const LINE: &str = r#"{"http.request.method":"GET","url.full":"https://api.example.com/v1/a/1"}"#;

#[track_caller]
fn check_form(content_type: Option<&str>, encoding: Option<&str>, expected: Result<Form, &str>) {
    match (Form::of(content_type, encoding), expected) {
        (Ok(form), Ok(expected)) => assert_eq!(form, expected),
        (Err(Refusal::Unsupported(message)), Err(expected)) => {
            assert!(message.contains(expected), "{message:?} does not say {expected:?}");
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

#[test]
fn headers_say_what_a_body_is() {
    let lines = Some("application/x-ndjson");
    check_form(None, None, Ok(Form::Untold));
    check_form(Some("application/vnd.egret.batch"), None, Ok(Form::Native));
    check_form(Some("application/octet-stream"), Some("identity"), Ok(Form::Native));
    check_form(lines, None, Ok(Form::Lines(Compression::Identity)));
    check_form(lines, Some("ZSTD"), Ok(Form::Lines(Compression::Zstd)));
    check_form(
        Some("Application/X-NDJSON; charset=utf-8"),
        Some("gzip"),
        Ok(Form::Lines(Compression::Gzip)),
    );
    check_form(lines, Some("br"), Err("zstd, gzip or none"));
    check_form(Some("text/html"), None, Err("application/x-ndjson"));
    check_form(Some("application/octet-stream"), Some("gzip"), Err("without Content-Encoding"));
}

#[track_caller]
fn check_token(tokens: &[&str], header: Option<&str>, is_let_in: bool) {
    let mut all = Tokens::default();
    tokens.iter().for_each(|token| all.add(token).unwrap());
    let access = Access::new(all, Vec::new(), true);
    let granted = access.admit(header.map(str::as_bytes), Wish::Send, 0);
    assert_eq!(granted.is_ok(), is_let_in, "{granted:?}");
}

#[test]
fn any_of_the_tokens_lets_in_and_nothing_else_does() {
    check_token(&[], None, true);
    check_token(&[], Some("Bearer whatever"), true);
    check_token(&["one", "two"], Some("Bearer two"), true);
    check_token(&["one", "two"], Some("bearer  one "), true);
    check_token(&["one"], None, false);
    check_token(&["one"], Some("Bearer"), false);
    check_token(&["one"], Some("Bearer "), false);
    check_token(&["one"], Some("Bearer on"), false);
    check_token(&["one"], Some("Bearer onee"), false);
    check_token(&["one"], Some("Basic one"), false);
}

#[track_caller]
fn check_reader(header: &str, is_let_in: bool) {
    let mut tokens = Tokens::default();
    ["one", "t:w?>o~"].iter().for_each(|token| tokens.add(token).unwrap());
    let access = Access::new(tokens, Vec::new(), true);
    let admits = |wish| access.admit(Some(header.as_bytes()), wish, 0).is_ok();
    assert_eq!(admits(Wish::Ask), is_let_in, "{header}");
    assert_eq!(admits(Wish::Send), is_let_in && header.starts_with("Bearer"), "{header}");
}

#[test]
fn a_password_lets_in_who_only_asks() {
    check_reader("Bearer one", true);
    check_reader("Bearer onee", false);
    check_reader("Basic YW55b25lOm9uZQ==", true); // anyone:one
    check_reader("basic YW55b25lOm9uZQ", true);
    check_reader("Basic Om9uZQ==", true); // :one
    check_reader("Basic dTp0Onc/Pm9+", true); // u:t:w?>o~
    check_reader("Basic b25l", false); // one
    check_reader("Basic b25lOng=", false); // one:x
    check_reader("Basic eDo=", false); // x:
    check_reader("Basic one", false);
    check_reader("Basic ####", false);
    check_reader("Basic ", false);
    check_reader("Basic", false);
}

#[test]
fn tokens_that_no_header_can_carry_are_refused_and_none_is_printed() {
    let mut tokens = Tokens::default();
    for token in ["", "a b", "a\n", "ä", &"x".repeat(1_025)] {
        assert!(tokens.add(token).is_err(), "{token:?}");
    }
    tokens.add("hush").unwrap();
    assert!(!format!("{tokens:?}").contains("hush"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn admit_lines(compression: Compression, body: Vec<u8>) -> Result<Received, Refusal> {
    admit(Form::Lines(compression), Told::default(), body.into(), &LIMITS, 1_000)
}

#[test]
fn lines_become_a_batch_however_they_are_compressed() {
    let text = format!("{LINE}\n\n{LINE}\n").into_bytes();
    let bodies = [
        (Compression::Identity, text.clone()),
        (Compression::Zstd, zstd::encode_all(text.as_slice(), 1).unwrap()),
        (Compression::Gzip, gzip(&text)),
    ];
    for (compression, body) in bodies {
        let received = admit_lines(compression, body).unwrap();
        assert_eq!(received.n_calls, 2);
        let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
        let calls = batch.calls(CallColumn::ALL).unwrap();
        assert_eq!(calls.record(1).start_unix_ns, 1_000);
        assert_eq!(calls.record(1).url().path(), "/v1/a/1");
    }
}

#[test]
fn a_key_makes_the_same_batch_for_the_same_sender_alone() {
    let id = |sender: [Option<&str>; 2], key: &str| {
        let form = Form::Lines(Compression::Identity);
        let told = Told { key: Some(key.to_owned()), resource: resource(sender[0], sender[1]) };
        admit(form, told, LINE.into(), &LIMITS, 0).map(|received| received.batch_id)
    };
    let senders = [[None, None], [Some("a"), None], [None, Some("a")], [Some("a"), Some("b")]];
    let longest = "x".repeat(255);
    let nil = Uuid::nil().to_string();
    let keys = ["0193f3a0-0000-7000-8000-000000000001", "order:17/3", &nil, &longest];
    let mut ids = std::collections::BTreeSet::new();
    for (sender, key) in senders.into_iter().flat_map(|sender| keys.map(|key| (sender, key))) {
        let first = id(sender, key).unwrap();
        assert_eq!(id(sender, key).unwrap(), first);
        assert_eq!(id(sender, &format!("\"{key}\"")).unwrap(), first);
        assert!(ids.insert(first), "{sender:?} {key}: another one's batch");
    }
    for key in ["", "\"\"", "my own key", &"x".repeat(256)] {
        let refusal = id([None, None], key).unwrap_err();
        let says = refusal.to_string();
        assert!(matches!(refusal, Refusal::Malformed(_)), "{key:?}: {refusal:?}");
        assert!(says.contains("1 to 255 visible ASCII characters"), "{says}");
    }
}

#[track_caller]
fn check_refused(compression: Compression, body: Vec<u8>, expected: &str) {
    let message = match admit_lines(compression, body).unwrap_err() {
        Refusal::TooLarge(message) => format!("too large: {message}"),
        Refusal::Malformed(message) => format!("malformed: {message}"),
        Refusal::Unsupported(message) => format!("unsupported: {message}"),
        other => format!("another: {other}"),
    };
    assert!(message.contains(expected), "{message:?} does not say {expected:?}");
}

#[test]
fn lines_that_are_refused_say_why() {
    let bomb = vec![b' '; 10_001];
    let identity = Compression::Identity;
    check_refused(Compression::Gzip, gzip(&bomb), "too large: the body decompresses");
    check_refused(
        Compression::Zstd,
        zstd::encode_all(bomb.as_slice(), 1).unwrap(),
        "too large: the body decompresses",
    );
    check_refused(Compression::Zstd, b"not zstd".to_vec(), "malformed: damaged zstd");
    check_refused(Compression::Gzip, gzip(LINE.as_bytes())[..20].into(), "malformed: damaged gzip");
    check_refused(identity, format!("{LINE}\nx").into(), "malformed: line 2");
    check_refused(identity, vec![0xff], "malformed: the lines are not UTF-8");
    check_refused(identity, format!("{LINE}\n").repeat(51).into(), "too large: 51 records");
    let late = format!(r#"{{"start_unix_ns":{}}}"#, u64::MAX);
    check_refused(identity, late.into(), "malformed: line 1: start_unix_ns");
    check_refused(identity, "".into(), "malformed: no records");
    check_refused(identity, " \n\n".into(), "malformed: no records");
    let needed = "one of url.full (a URL that can be read), server.address and target";
    let silent = [
        "{}",
        r#"{"http.request.method":"GET","total_ns":1}"#,
        r#"{"url.full":"https://user:pass word@a b/"}"#,
    ];
    for silent in silent {
        let text = format!("{LINE}\n\n{silent}\nx");
        check_refused(identity, text.into(), "malformed: line 3: says not whom");
        check_refused(identity, silent.into(), needed);
    }
    for said in [r#""target":"pay""#, r#""server.address":"a.com""#, r#""url.template":"/x""#] {
        admit_lines(identity, format!("{{{said}}}").into()).unwrap();
    }
}

const DAY_NS: u64 = 86_400_000_000_000;

/// A batch of two calls, of which the second begins at `start_ns`.
fn native(start_ns: u64) -> Bytes {
    let mut calls = egret::codec::CallsBuilder::default();
    for start_ns in [1_000, start_ns] {
        let mut scratch = String::new();
        let url = egret::redact::SafeUrl::parse("https://a.com/x", &mut scratch);
        let kind = egret::record::Kind::Client;
        calls.push(&egret::record::Record::new(kind, "GET", url, start_ns));
    }
    let meta = egret::batch::BatchMeta::new(Resource::new(), 0);
    egret::codec::Encoder::new().unwrap().encode(&meta, &calls, None).unwrap().into()
}

#[track_caller]
fn check_start(start_ns: u64, is_taken: bool) {
    let line = format!(r#"{{"target":"a","start_unix_ns":{start_ns}}}"#);
    let lines = format!("{LINE}\n{line}").into();
    let bodies = [
        (Form::Native, native(start_ns), "call 2: start_unix_ns"),
        (Form::Lines(Compression::Identity), lines, "line 2: start_unix_ns"),
    ];
    for (form, body, says) in bodies {
        match admit(form, Told::default(), body, &LIMITS, 1_000) {
            Ok(_) => assert!(is_taken, "{form:?}"),
            Err(Refusal::Malformed(problem)) => {
                assert!(!is_taken && problem.starts_with(says), "{form:?}: {problem}");
            }
            Err(other) => panic!("{form:?}: {other}"),
        }
    }
}

#[test]
fn a_call_that_begins_more_than_a_day_after_its_receipt_is_refused() {
    check_start(DAY_NS + 1_000, true);
    check_start(DAY_NS + 1_001, false);
    check_start(i64::MAX.cast_unsigned(), false);
}

#[test]
fn lines_are_sent_by_whom_the_request_names() {
    let told = Told { key: None, resource: resource(Some("shop"), Some("AKIAIOSFODNN7EXAMPLE")) };
    let form = Form::Lines(Compression::Identity);
    let received = admit(form, told, LINE.into(), &LIMITS, 0).unwrap();
    let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
    let found: Vec<(&str, &str)> =
        batch.meta().resource.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let environment = ("deployment.environment.name", egret::redact::REDACTED);
    assert_eq!(found, [environment, ("service.name", "shop")]);
}
