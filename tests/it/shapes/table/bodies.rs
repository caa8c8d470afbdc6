//! Shapes of bodies that arrive whole: lengths, chunks, trailers, encodings, streams of events.
//! Never broken ones; those are in `broken`.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::super::answer::{Answer, say};
use super::super::ask::{Ask, Need, Shape};
use super::{big_body, hello};

const CHUNKED: &str = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n";
/// `brotli brotli brotli brotli brotli`, compressed.
const BROTLI: &[u8] =
    b"\x1b\x21\x00\xf8\x8d\x54\xb5\xbf\x06\x11\x93\xa3\x93\x69\x6c\x6f\x41\x4f\x24\xb0\xf6\x01";
const TEXT: &[u8] = b"{\"birds\": [\"little egret\", \"great egret\", \"cattle egret\"]}";

pub(crate) fn bodies() -> Vec<Shape> {
    [lengths(), chunks(), without(), encoded(), streams()].concat()
}

fn lengths() -> Vec<Shape> {
    let big = big_body();
    let head = format!("HTTP/1.1 200 OK\ncontent-length: {}\n\n", big.len());
    vec![
        Shape::get("length", hello()),
        Shape::get("length of zero", say("HTTP/1.1 200 OK\ncontent-length: 0\n\n")),
        Shape::get("until the end", say("HTTP/1.1 200 OK\n\nhello").close()),
        Shape::get("until the end, nothing", say("HTTP/1.1 200 OK\n\n").close()),
        Shape::get("8 MiB of known length", say(&head).send(big)).large(),
        Shape::get("8 MiB in one chunk", say(CHUNKED).chunk(big).last_chunk("")).large(),
        Shape::get("8 MiB until the end", say("HTTP/1.1 200 OK\n\n").send(big).close()).large(),
        Shape::get(
            "json",
            say("HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: 16\n\n{\"bird\":\"egret\"}"),
        ),
        Shape::get(
            "latin-1 text",
            say("HTTP/1.1 200 OK\ncontent-type: text/plain; charset=iso-8859-1\ncontent-length: 4\n\n")
                .send(*b"caf\xe9"),
        ),
        Shape::get(
            "text that is not UTF-8",
            say("HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 4\n\n").send(*b"caf\xe9"),
        ),
    ]
}

fn chunks() -> Vec<Shape> {
    let trailing = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\ntrailer: x-sum, x-more\n\n";
    let many = (0..100).fold(say(CHUNKED), |answer, n| answer.chunk(format!("chunk {n};")));
    vec![
        Shape::get("one chunk", say(CHUNKED).chunk("hello").last_chunk("")),
        Shape::get("100 chunks", many.last_chunk("")),
        Shape::get("no chunks", say(CHUNKED).last_chunk("")),
        Shape::get(
            "chunks with trailers",
            say(trailing).chunk("hel").chunk("lo").last_chunk("x-sum: a\nx-sum: b\nx-more: c\n"),
        ),
        Shape::get(
            "trailers that nobody announced",
            say(CHUNKED).chunk("hello").last_chunk("x-sum: a\n"),
        ),
        Shape::get(
            "chunks with extensions",
            say(CHUNKED).say("5;name=value\nhello\n").say("0;last\n\n"),
        ),
        Shape::get("slow chunks", slow(say(CHUNKED).chunk("one ")).chunk("two ").last_chunk("")),
        Shape::get(
            "a slow body of known length",
            slow(say("HTTP/1.1 200 OK\ncontent-length: 8\n\none ")).send(*b"two "),
        )
        .loose(),
        Shape::get(
            "a slow head",
            slow(slow(Answer::default()).say("HTTP/1.1 200 OK\ncontent-")).say("length: 2\n\nok"),
        ),
        Shape::get(
            "chunked and then closed",
            say("HTTP/1.1 200 OK\nconnection: close\ntransfer-encoding: chunked\n\n")
                .chunk("hello")
                .last_chunk("")
                .close(),
        ),
    ]
}

fn slow(answer: Answer) -> Answer {
    answer.pause(Duration::from_millis(30))
}

/// Answers whose heads speak of a body that does not come.
fn without() -> Vec<Shape> {
    let early = "HTTP/1.1 103 Early Hints\nlink: </style.css>; rel=preload\n\n";
    vec![
        Shape::new(
            "head with a length",
            Ask::new("HEAD", "/"),
            say("HTTP/1.1 200 OK\ncontent-length: 1000\n\n"),
        ),
        Shape::new(
            "head with chunks",
            Ask::new("HEAD", "/"),
            say("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n"),
        ),
        Shape::new(
            "head with an encoding",
            Ask::new("HEAD", "/"),
            say("HTTP/1.1 200 OK\ncontent-encoding: gzip\ncontent-length: 40\n\n"),
        ),
        Shape::new("head without a length", Ask::new("HEAD", "/"), say("HTTP/1.1 200 OK\n\n")),
        Shape::get("103 first", say(early).say("HTTP/1.1 200 OK\ncontent-length: 2\n\nok")),
        Shape::get(
            "100 and two 103 first",
            say("HTTP/1.1 100 Continue\n\n")
                .say(early)
                .say(early)
                .say("HTTP/1.1 200 OK\ncontent-length: 2\n\nok"),
        ),
    ]
}

fn encoded() -> Vec<Shape> {
    let sized = |encoding: &str, bytes: &[u8]| {
        let length = bytes.len();
        let head = "HTTP/1.1 200 OK\ncontent-type: application/json\n";
        say(&format!("{head}content-encoding: {encoding}\ncontent-length: {length}\n\n"))
            .send(bytes)
    };
    let chunked = |encoding: &str| {
        say(&format!(
            "HTTP/1.1 200 OK\ncontent-encoding: {encoding}\ntransfer-encoding: chunked\n\n"
        ))
    };
    let zipped = gzip(TEXT);
    let (begin, end) = zipped.split_at(zipped.len() / 2);
    let twice = [zipped.clone(), gzip(b" and again")].concat();
    let decoded = vec![
        Shape::get("gzip", sized("gzip", &zipped)),
        Shape::get("gzip in chunks", chunked("gzip").chunk(begin).chunk(end).last_chunk("")),
        Shape::get(
            "gzip in chunks with trailers",
            chunked("gzip").chunk(&zipped).last_chunk("x-sum: a\n"),
        ),
        Shape::get("gzip twice over", sized("gzip", &twice)),
        Shape::get("gzip of 8 MiB", sized("gzip", &gzip(big_body()))).large(),
        Shape::get("gzip that is none", sized("gzip", b"not compressed at all")),
        Shape::get("gzip cut off", sized("gzip", begin)),
        Shape::get("gzip of nothing", sized("gzip", b"")),
        Shape::get("zlib deflate", sized("deflate", &zlib(TEXT))),
        Shape::get("raw deflate", sized("deflate", &deflate(TEXT))),
        Shape::get("brotli", sized("br", BROTLI)),
        Shape::get("an encoding that nobody knows", sized("egret", TEXT)),
        Shape::get("identity", sized("identity", TEXT)),
    ];
    let mut shapes: Vec<_> = decoded.into_iter().map(|shape| shape.needs(Need::Decoding)).collect();
    shapes.extend([
        Shape::get("gzip left alone", sized("gzip", &zipped))
            .setup(|setup| setup.leaves_encoded = true),
        Shape::new(
            "gzip that the caller asked for",
            Ask::get("/").header("accept-encoding", "gzip"),
            sized("gzip", &zipped),
        ),
    ]);
    shapes
}

fn streams() -> Vec<Shape> {
    let events = "HTTP/1.1 200 OK\ncontent-type: text/event-stream\ncache-control: no-store\n";
    let event = |n: u8| format!("event: tick\ndata: {{\"n\": {n}}}\n\n");
    let chunked = slow(
        slow(say(&format!("{events}transfer-encoding: chunked\n\n")).chunk(event(1)))
            .chunk(event(2)),
    )
    .chunk(event(3))
    .last_chunk("");
    let closed = slow(slow(say(&format!("{events}\n"))).say(&event(1))).say(&event(2)).close();
    vec![
        Shape::get("events in chunks", chunked),
        Shape::get("events until the end", closed).loose(),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
