//! What is written is read back; what is damaged, hostile or of another version is named.

mod columns;
mod records;

use super::*;
use crate::batch::{BatchMeta, Resource};
use crate::minute::Minutes;
use crate::record::{Kind, Outcome, Record};
use crate::redact::SafeUrl;

/// Three records whose every field differs, in a batch with a fixed identity.
fn sample() -> (BatchMeta, CallsBuilder, Minutes) {
    let mut meta = BatchMeta::new(Resource::from([("service.name".into(), "shop".into())]), 7);
    meta.batch_id = uuid::Uuid::from_u128(0x0193_4000_0000_7000_8000_0000_0000_0001);
    meta.dropped.insert("queue_full".into(), 3);
    let mut calls = CallsBuilder::default();
    let mut minutes = Minutes::default();
    for n in 0..3u8 {
        with_record(n, |record| {
            calls.push(record);
            minutes.fold(record);
        });
    }
    (meta, calls, minutes)
}

fn with_record<T>(n: u8, then: impl FnOnce(&Record<'_>) -> T) -> T {
    let raw = format!("https://api{n}.example.com:844{n}/v1/charges/{n}?page={n}");
    let mut scratch = String::new();
    let url = SafeUrl::parse(&raw, &mut scratch);
    let mut record =
        Record::new(Kind::Client, "POST", url, 1_790_000_000_000_000_000 - u64::from(n));
    record.set_template("/v1/charges/{int}");
    record.set_target("stripe");
    record.total_ns = Some(1_000_000 * u64::from(n));
    if n == 1 {
        record.outcome = Outcome::Failed;
        record.set_error_type("connect");
    } else {
        record.status = Some(200 + u16::from(n));
        record.ttfb_ns = Some(900_000);
        record.call_id = Some([n + 1; 16]);
        record.span_id = Some([n + 1; 8]);
        record.peer_address = Some(std::net::IpAddr::from([127, 0, 0, n]));
        record.connection_reused = Some(n == 2);
    }
    if n == 2 {
        record.set_attributes([("region", "eu")]);
        record.response_body_bytes = Some(u64::MAX - 1);
    }
    then(&record)
}

fn encode() -> Vec<u8> {
    let (meta, calls, minutes) = sample();
    Encoder::new().unwrap().encode(&meta, &calls, Some(&minutes)).unwrap()
}

/// Puts the right checksum on changed bytes, so that what lies behind it is tested.
fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes[9..]);
    bytes[5..9].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn reheader(bytes: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let length = u32::from_le_bytes(bytes[9..13].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[13..13 + length]).unwrap();
    change(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    let mut out = bytes[..9].to_vec();
    out.extend_from_slice(&u32::try_from(header.len()).unwrap().to_le_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(&bytes[13 + length..]);
    reseal(out)
}

#[track_caller]
fn check_is_sample(bytes: &[u8]) {
    let batch = Batch::open(bytes, &Limits::default()).unwrap();
    batch.verify().unwrap();
    let (meta, _, minutes) = sample();
    assert_eq!(*batch.meta(), meta);
    let calls = batch.calls(CallColumn::ALL).unwrap();
    assert_eq!(calls.len(), 3);
    for n in 0..3 {
        with_record(n, |record| assert_eq!(calls.record(n.into()), *record));
    }
    let read = read_minutes(&batch).unwrap();
    assert!(read.iter().eq(minutes.iter()), "roll-ups differ");
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let result = Batch::open(bytes, &Limits::default()).and_then(|batch| batch.verify());
    let message = result.expect_err("refused").to_string();
    assert!(message.contains(expected), "{message:?} does not say {expected:?}");
}

#[test]
fn batches_come_back_as_they_were() {
    check_is_sample(&encode());
}

/// The bytes of version 1, as the first release wrote them: they must be readable for ever.
#[test]
fn golden_bytes_of_version_1_are_read() {
    check_is_sample(include_bytes!("golden_v1.egrt"));
}

/// The bytes of version 2, with a column of each encoding it has.
#[test]
fn golden_bytes_of_version_2_are_read() {
    let bytes = include_bytes!("golden_v2.egrt");
    records::check_is(bytes, 50);
    let opened = Batch::open(bytes, &Limits::default()).unwrap();
    let encodings = opened.table("calls").unwrap().encodings();
    for encoding in &Encoding::ALL[7..] {
        assert!(encodings.contains(encoding), "{encoding:?}");
    }
}

#[test]
fn only_what_is_asked_for_is_decoded() {
    let mut bytes = encode();
    // The last column of the last table is damaged; the others are still readable.
    let last = bytes.len() - 1;
    bytes[last] ^= 0xff;
    bytes[last - 1] ^= 0xff;
    let bytes = reseal(bytes);
    let batch = Batch::open(&bytes, &Limits::default()).unwrap();
    let calls = batch.calls(&[CallColumn::Host]).unwrap();
    assert_eq!(calls.text(CallColumn::Host, 1), "api1.example.com");
    assert_eq!(calls.text(CallColumn::Path, 1), "");
    assert!(batch.verify().is_err());
}

#[test]
fn unknown_columns_and_tables_are_skipped_and_missing_ones_are_absent() {
    let bytes = reheader(&encode(), |header| {
        header["tables"][0]["columns"][4][0] = "url.later".into();
        header["tables"][0]["columns"][5][1] = "rle9".into();
        header["tables"][1]["name"] = "hours".into();
        header["later"] = 1.into();
    });
    let batch = Batch::open(&bytes, &Limits::default()).unwrap();
    batch.verify().unwrap();
    let calls = batch.calls(CallColumn::ALL).unwrap();
    assert_eq!(calls.record(0).url().scheme(), "");
    assert_eq!(calls.record(0).url().path(), "/v1/charges/0");
    assert!(read_minutes(&batch).unwrap().is_empty());
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    let bytes = encode();
    for end in 0..bytes.len() {
        assert!(Batch::open(&bytes[..end], &Limits::default()).is_err(), "cut at {end}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Batch::open(&bytes, &Limits::default()).is_err(), "bit {bit}");
    }
}

#[test]
fn flipped_bytes_behind_a_right_checksum_never_panic() {
    let bytes = encode();
    for at in 9..bytes.len() {
        for value in [0u8, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            let bytes = reseal(bytes);
            if let Ok(batch) = Batch::open(&bytes, &Limits::default()) {
                let _ = batch.verify();
            }
        }
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let bytes = encode();
    check_refused(b"", "must begin with `EGRT`");
    check_refused(b"{\"a\":1}", "must begin with `EGRT`");
    check_refused(b"EGRT", "inside the version");
    let mut wrong = bytes.clone();
    wrong[4] = 9;
    check_refused(&wrong, "version 9 is not supported");
    wrong = bytes.clone();
    wrong[20] ^= 1;
    check_refused(&wrong, "checksum");
    check_refused(&vec![0; 5 << 20], "exceeds the limit of 4194304");
    check_refused(&reheader(&bytes, |h| h["tables"] = 1.into()), "header: ");
    check_refused(&reheader(&bytes, |h| h["tables"][0]["rows"] = 4.into()), "column calls.");
    check_refused(
        &reheader(&bytes, |h| h["tables"][0]["rows"] = 1_000_000.into()),
        "rows of a table",
    );
    check_refused(&reheader(&bytes, |h| h["tables"][1]["name"] = "calls".into()), "twice");
    let swap = |h: &mut serde_json::Value| h["tables"][0]["columns"][5][0] = "attempt".into();
    check_refused(&reheader(&bytes, swap), "its encoding cannot hold it");
    let no_kind = |h: &mut serde_json::Value| h["tables"][0]["columns"][1][0] = "x".into();
    check_refused(&reheader(&bytes, no_kind), "calls.kind: missing");
}

#[test]
fn texts_count_as_long_as_they_are() {
    let long = |header: &mut serde_json::Value| {
        header["tables"][0]["shaped"]["url.path"] = (64 << 20).into();
    };
    check_refused(&reheader(&encode(), long), "decompressed bytes of 671");
    let other = |header: &mut serde_json::Value| {
        header["tables"][0]["shaped"]["url.path"] = 3.into();
    };
    check_refused(&reheader(&encode(), other), "longer than the directory says");
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let bomb = zstd::bulk::compress(&vec![0u8; 64 << 20], 19).unwrap();
    let header = |decoded: usize| {
        format!(
            r#"{{"batch_id":"01934000-0000-7000-8000-000000000001","sequence":0,"tables":[{{"name":"calls","rows":1,"columns":[["later","text",{decoded},{}]]}}]}}"#,
            bomb.len()
        )
    };
    let build = |decoded: usize| {
        let header = header(decoded);
        let mut bytes = b"EGRT\x01\0\0\0\0".to_vec();
        bytes.extend_from_slice(&u32::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&bomb);
        reseal(bytes)
    };
    check_refused(&build(64 << 20), "decompressed bytes of 67108864");
    check_refused(&build(100), "its frame holds 67108864 bytes, not 100");
}

#[test]
fn lines_come_back_as_they_were() {
    for n in 0..3 {
        with_record(n, |record| {
            let line = ndjson::to_value(record).unwrap().to_string();
            let mut seen = 0;
            ndjson::read(&line, 0, |read| {
                seen += 1;
                assert_eq!(read, record);
            })
            .unwrap();
            assert_eq!(seen, 1);
        });
    }
}

#[test]
fn lines_are_redacted_and_defaulted() {
    let line = r#"{"http.request.method":"get","url.full":"https://a:b@h.example/x?token=abc"}"#;
    ndjson::read(line, 42, |record| {
        assert_eq!(record.start_unix_ns, 42);
        assert_eq!(record.kind, Kind::Manual);
        assert_eq!((record.url().host(), record.url().query()), ("h.example", "token=REDACTED"));
    })
    .unwrap();
}

#[test]
fn lines_that_are_no_records_are_named() {
    let check = |text: &str, expected: &str| {
        let message = ndjson::read(text, 0, |_| {}).expect_err("refused").to_string();
        assert!(message.contains(expected), "{message:?} does not say {expected:?}");
    };
    check("{}\n\n{\"kind\":\"x\"}", "line 3: kind: \"x\" is not one of client, server");
    check("{\"status\":200}", "line 1: unknown field `status`, expected one of");
    check("[1]", "line 1: ");
    check("{\"call_id\":\"12\"}", "call_id: not 32 hexadecimal digits");
    check("{\"http.response.status_code\":70000}", "line 1: ");
    check("{\"start_unix_ns\":18446744073709551615}", "beyond the year 2262");
}

/// Two calls of two batches in one block.
fn regrouped() -> Vec<u8> {
    let (meta, _, _) = sample();
    let (mut calls, mut origins) = (CallsBuilder::default(), OriginsBuilder::default());
    for n in 0..2u8 {
        with_record(n, |record| calls.push(record));
        let resource = format!("{{\"service.name\":\"shop-{n}\"}}");
        origins.push(uuid::Uuid::from_u128(u128::from(n) + 5), u64::from(n) * 1_000, &resource);
    }
    Encoder::new().unwrap().encode_regrouped(&meta, &calls, &origins).unwrap()
}

#[test]
fn a_regrouped_block_says_where_each_call_came_from() {
    let bytes = regrouped();
    let batch = Batch::open(&bytes, &Limits::default()).unwrap();
    batch.verify().unwrap();
    let origins = Origins::read(&batch).unwrap().unwrap();
    assert_eq!(origins.place(0), Some((uuid::Uuid::from_u128(5), 0)));
    assert_eq!(origins.place(1), Some((uuid::Uuid::from_u128(6), 1_000)));
    assert_eq!(origins.place(2), None);
    assert_eq!(origins.resources()[origins.resource(1).unwrap()]["service.name"], "shop-1");
    // Whoever knows no origins finds the calls, as ever.
    let calls = batch.calls(CallColumn::ALL).unwrap();
    with_record(1, |record| assert_eq!(&calls.record(1), record));
    assert!(!batch.is_known_whole());
    assert!(Batch::open(&encode(), &Limits::default()).unwrap().is_known_whole());
}

#[test]
fn a_block_whose_origins_are_not_its_calls_is_refused() {
    let (meta, calls, _) = sample();
    let refused =
        Encoder::new().unwrap().encode_regrouped(&meta, &calls, &OriginsBuilder::default());
    assert!(matches!(refused, Err(EncodeError::Origins)));
    let renamed = reheader(&regrouped(), |header| {
        header["tables"][1]["columns"][1][0] = "elsewhere".into();
    });
    let batch = Batch::open(&renamed, &Limits::default()).unwrap();
    let error = Origins::read(&batch).unwrap_err().to_string();
    assert_eq!(error, "column origins.row: missing, or no numbers");
    let bytes = encode();
    let received = Batch::open(&bytes, &Limits::default()).unwrap();
    assert_eq!(Origins::read(&received).unwrap(), None);
}

#[test]
fn what_is_told_to_be_sound_can_be_decoded() {
    let mut seed = 7u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let mut n_sound = 0;
    for _ in 0..200_000 {
        let (rows, length) = ((next() % 5) as usize, next() % 24);
        // Small numbers and letters, mostly, so that much of it is nearly right.
        let bytes: Vec<u8> = (0..length)
            .map(|_| match next() % 8 {
                0 => next() as u8,
                1 => b'a',
                2 => 0x80 | next() as u8,
                _ => (next() % 4) as u8,
            })
            .collect();
        for encoding in Encoding::ALL {
            let Some(longest) = sound::longest_if_sound(encoding, rows, &bytes) else { continue };
            let column = Column::decode(encoding, rows, bytes.clone(), &Default::default());
            let column =
                column.unwrap_or_else(|problem| panic!("{encoding:?} {bytes:?}: {problem}"));
            assert_eq!(column.longest_text(), longest, "{encoding:?} {bytes:?}");
            n_sound += 1;
        }
    }
    assert!(n_sound > 1_000, "{n_sound}");
}

#[test]
fn a_batch_without_what_every_call_has_is_refused() {
    let renamed = reheader(&encode(), |header| {
        for column in header["tables"][0]["columns"].as_array_mut().unwrap() {
            if column[0] == "kind" {
                column[0] = "another".into();
            }
        }
    });
    let batch = Batch::open(&renamed, &Limits::default()).unwrap();
    let starts = batch.calls(&[CallColumn::Start]).unwrap();
    assert!(batch.verify_others(&starts).unwrap_err().to_string().contains("missing"));
}

#[test]
fn calls_add_up_to_what_their_records_do() {
    let (meta, calls, minutes) = sample();
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    let batch = Batch::open(&bytes, &Limits::default()).unwrap();
    let read = roll_ups(&batch).unwrap();
    assert!(read.iter().eq(minutes.iter()), "{read:?}");
}

#[test]
fn calls_without_a_template_are_added_up_under_the_heuristics() {
    let (mut calls, mut minutes) = (CallsBuilder::default(), Minutes::default());
    for n in 0..300u64 {
        let raw = format!("https://h{}.example/v1/items/{n}", n % 3);
        let mut scratch = String::new();
        let url = SafeUrl::parse(&raw, &mut scratch);
        let mut record = Record::new(Kind::Client, "GET", url, n * 1_000_000_000);
        record.total_ns = Some(n * 1_000);
        record.status = Some(if n % 7 == 0 { 503 } else { 200 });
        if n % 2 == 0 {
            record.set_template("/v1/items/{int}");
        }
        calls.push(&record);
        record.set_template("/v1/items/{int}");
        minutes.fold(&record);
    }
    let (meta, _, _) = sample();
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    let read = roll_ups(&Batch::open(&bytes, &Limits::default()).unwrap()).unwrap();
    assert!(read.iter().eq(minutes.iter()), "{read:?}");
}
