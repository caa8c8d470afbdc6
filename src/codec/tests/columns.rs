//! Columns by themselves: shapes and bits to their last, and what no writer would write.

use crate::codec::bits::{BitReader, BitWriter};
use crate::codec::column::Beside;
use crate::codec::shape::shape_of;
use crate::codec::{Column, Encoding};

#[test]
fn bits_come_back_as_they_were() {
    let mut state = 1u64;
    let numbers: Vec<(u64, u32)> = (0..2_000)
        .map(|n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n);
            let n_bits = (state >> 58) as u32 + u32::from(n % 7 == 0);
            (state & (u64::MAX.checked_shr(64 - n_bits).unwrap_or(0)), n_bits)
        })
        .collect();
    let mut bytes = Vec::new();
    let mut writer = BitWriter::new(&mut bytes);
    numbers.iter().for_each(|(bits, n_bits)| writer.push(*bits, *n_bits));
    writer.finish();
    let n_bits: u32 = numbers.iter().map(|(_, n_bits)| n_bits).sum();
    assert_eq!(bytes.len(), n_bits.div_ceil(8) as usize);
    let mut reader = BitReader::new(&bytes);
    for (bits, n_bits) in numbers {
        assert_eq!(reader.take(n_bits), bits);
    }
}

#[track_caller]
fn check_shape(text: &str, template: &str, expected: &str) {
    let mut shape = Vec::new();
    shape_of(text, template, &mut shape);
    // An id is told as `<kind>` or `<kind length>`.
    let (mut told, mut bytes) = (String::new(), shape.into_iter());
    while let Some(byte) = bytes.next() {
        match byte {
            1 => told.push_str("<int>"),
            2 => told.push_str(&format!("<hex {}>", bytes.next().unwrap())),
            3 => told.push_str("<uuid>"),
            4 => told.push_str(&format!("<word {}>", bytes.next().unwrap())),
            5 => told.push_str("<text>"),
            byte => told.push(byte.into()),
        }
    }
    assert_eq!(told, expected);
}

#[test]
fn shapes_are_what_is_always_so() {
    let guided = "/v1/users/{int}/{name}";
    check_shape("/v1/users/12345/0", guided, "/v1/users/<int>/<int>");
    check_shape("/v1/users/007/bob", guided, "/v1/users/<text>/<text>");
    check_shape(
        "/v1/users/0a1b2c3d4e5f6a7b/cus_9xKd2mQp",
        guided,
        "/v1/users/<hex 16>/cus_<word 8>",
    );
    check_shape("/v1/users/abcdefgh/x.y", guided, "/v1/users/<text>/<text>.<text>");
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    check_shape(&format!("/v1/users/{uuid}"), guided, "/v1/users/<uuid>");
    // Without a template, or with another's, looks decide.
    check_shape("/v1/users/12345/orders", "", "/v1/users/<int>/orders");
    check_shape("page=17&limit=50&q=hello", "", "page=<int>&limit=<int>&q=hello");
    check_shape("/a\n/17", "", "<text>");
}

fn decode(encoding: Encoding, rows: usize, bytes: &[u8]) -> Result<Column, &'static str> {
    decode_shaped(encoding, rows, bytes, 1)
}

fn decode_shaped(
    encoding: Encoding,
    rows: usize,
    bytes: &[u8],
    n_shaped_bytes: usize,
) -> Result<Column, &'static str> {
    let (groups, template) =
        ([0, 1, 0, 7], Some(Column::Dict { entries: vec![], rows: vec![1; 4] }));
    let parts = [Some(Column::Numbers(vec![3; 4])), None];
    let beside = Beside { groups: Some(&groups), parts, template, n_shaped_bytes };
    Column::decode(encoding, rows, bytes.to_vec(), &beside)
}

#[test]
fn whatever_the_bytes_nothing_panics() {
    let mut state = 3u64;
    let mut next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut n_decoded = 0;
    for _ in 0..60_000 {
        let length = next() % 28;
        let bytes: Vec<u8> = (0..length)
            .map(|_| match next() % 4 {
                0 => next() as u8,
                1 => 0x80 | (next() % 70) as u8,
                _ => (next() % 6) as u8,
            })
            .collect();
        for encoding in Encoding::ALL {
            n_decoded += usize::from(decode(encoding, (next() % 5) as usize, &bytes).is_ok());
        }
    }
    assert!(n_decoded > 1_000, "{n_decoded}");
}

#[test]
fn few_bytes_do_not_become_many_texts() {
    // A shape of 200 letters, and a row of it again and again.
    let rows = 100_000usize;
    let mut bytes = vec![1, 200, 1];
    bytes.extend_from_slice(&[b'a'; 200]);
    bytes.extend_from_slice(&[0, 2]);
    bytes.resize(bytes.len() + rows - 1, 3);
    let decode = |n_shaped_bytes| decode_shaped(Encoding::Shaped, rows, &bytes, n_shaped_bytes);
    assert!(decode(rows * 200).is_ok());
    assert_eq!(decode(1_000), Err("its texts are longer than the directory says"));
    assert_eq!(decode(rows * 200 + 1), Err("its texts are not as long as the directory says"));
}

#[track_caller]
fn check_refused(encoding: Encoding, rows: usize, bytes: &[u8], expected: &str) {
    assert_eq!(decode(encoding, rows, bytes), Err(expected));
}

#[test]
fn what_no_writer_writes_is_named() {
    use Encoding as E;
    check_refused(E::Split, 1, &[], "the unit is missing");
    check_refused(E::Split, 1, &[4, 1], "an unknown unit");
    check_refused(E::Split, 2, &[0, 1], "fewer bytes than rows");
    check_refused(E::Split, 1, &[0, 66], "a number of more than 64 bits");
    check_refused(E::Split, 1, &[3, 65, 0, 0, 0, 0, 0, 0, 0, 0], "a number of more than 64 bits");
    check_refused(E::Split, 1, &[0, 0x81], "a number of more than 64 bits");
    check_refused(E::Split, 1, &[0, 5], "bits are cut short");
    check_refused(E::Split, 1, &[0, 1, 0], "bytes after the last row");
    check_refused(E::Split, 9, &[0x80, 1, 1, 3, 0], "fewer bytes than rows");
    check_refused(E::Split, 9, &[0x80, 2, 1, 1, 1, 0], "more than its rows");
    check_refused(E::SplitDelta, 2, &[0, 1, 0], "a number is missing");
    check_refused(E::Some8, 1, &[1, 0], "ids are not as many as rows that have one");
    check_refused(
        E::Some8,
        1,
        &[2, 0, 0, 0, 0, 0, 0, 0, 0],
        "ids are not as many as rows that have one",
    );
    check_refused(E::Index, 2, &[5, 0, 0], "not from one to four bytes a row");
    check_refused(E::Series, 2, &[1, 1, b'a', 2], "a row names an entry that is not there");
    check_refused(E::Shaped, 1, &[0, 0, 1], "no row before has a shape");
    check_refused(E::Shaped, 1, &[0, 0, 2], "a row names a shape that is not there");
    check_refused(E::Shaped, 1, &[1, 1, 9, 0, 2], "a shape has a part that is not known");
    check_refused(E::Shaped, 1, &[1, 1, 3, 0, 2], "an id is cut short");
    let beside = Beside::default();
    let refused = Column::decode(E::Series, 1, vec![1, 1, b'a', 1], &beside);
    assert_eq!(refused, Err("the table does not say each row's group"));
}
