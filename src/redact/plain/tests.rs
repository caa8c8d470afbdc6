//! What passes as plain is what a close look would let pass.

use super::super::{SafeUrl, doubtful};
use super::{MAX_BYTES, is_harmless, parse};

/// What URLs and labels are made of, and what secrets look like.
const PIECES: [&str; 50] = [
    "/",
    "/",
    "/",
    "/",
    "/",
    "?",
    "&",
    "=",
    "#",
    ":",
    "@",
    ";",
    "%",
    "+",
    ".",
    "-",
    "_",
    "~",
    "{",
    "}",
    " ",
    "\"",
    "\\",
    "[",
    "é",
    "v1",
    "charges",
    "api.example.com",
    "users",
    "{id}",
    "page",
    "12345678",
    "4f2a90b1c3d4",
    "8f14e45fceea167a5a36dedd4bea2543",
    "sk_live_",
    "ghp_",
    "eyJ",
    "AKIA",
    "reset-password",
    "token",
    "key",
    "sig",
    "auth",
    "webhooks",
    "T0",
    "B0",
    "bot",
    "AbCdEfGhIjKlMnOpQrSt",
    "code",
    "8080",
];

/// A generator whose numbers are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % n as u64).unwrap()
    }

    fn text(&mut self, n_pieces: usize) -> String {
        (0..self.below(n_pieces)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }
}

#[test]
fn plain_urls_are_those_that_a_close_look_leaves_as_they_are() {
    let (mut random, mut n_plain, mut n_long, mut scratch) = (Random(7), 0, 0, String::new());
    for _ in 0..200_000 {
        let host = ["h.example", "api.example.com:8080", "A.example", "a_b", ""][random.below(5)];
        let n_pieces = [8, 16, 48][random.below(3)];
        let raw = format!("https://{host}/{}", random.text(n_pieces));
        if let Some(plain) = parse(&raw) {
            assert_eq!(plain, SafeUrl::parse_closely(&raw, &mut scratch), "{raw}");
            n_plain += 1;
            n_long += usize::from(raw.len() > 2 * MAX_BYTES);
        }
    }
    // Neither all nor none: both ways are taken, and windows follow on windows.
    assert!((10_000..150_000).contains(&n_plain), "{n_plain}");
    assert!(n_long > 500, "{n_long}");
}

#[test]
fn plain_labels_are_those_that_a_close_look_leaves_as_they_are() {
    let (mut random, mut n_plain) = (Random(8), 0);
    for _ in 0..200_000 {
        let label = random.text(8);
        if is_harmless(&label) {
            assert_eq!(doubtful(&label), label);
            n_plain += 1;
        }
    }
    assert!((10_000..150_000).contains(&n_plain), "{n_plain}");
}
