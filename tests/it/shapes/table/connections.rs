//! Shapes of connections: kept, given back, not given back, turned into something else.
//! Never timed: what the server hears tells which connection a request took.

use super::super::answer::{Answer, say};
use super::super::ask::{Ask, Need, Origin, Payload, Shape};
use super::{big_body, hello};

pub(crate) fn connections() -> Vec<Shape> {
    let thrice = |name: &str, answer: Answer| {
        Shape::of(name, Origin::Plain, vec![Ask::get("/"); 3]).answer("/", answer)
    };
    let upgrade = || Ask::get("/").header("connection", "upgrade").header("upgrade", "echo");
    let switch = "HTTP/1.1 101 Switching Protocols\nconnection: upgrade\nupgrade: echo\n\n";
    let chunked = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n";
    vec![
        thrice("three on one connection", hello()),
        thrice("three in chunks on one connection", say(chunked).chunk("hello").last_chunk("")),
        thrice("three without a body", say("HTTP/1.1 204 No Content\n\n")),
        thrice("three that close", {
            say("HTTP/1.1 200 OK\nconnection: close\ncontent-length: 5\n\nhello").close()
        }),
        Shape::of(
            "a large one and a small one",
            Origin::Plain,
            vec![Ask::get("/big"), Ask::get("/")],
        )
        .answer("/big", {
            let big = big_body();
            let length = big.len();
            say(&format!("HTTP/1.1 200 OK\ncontent-length: {length}\n\n")).send(big)
        })
        .answer("/", hello())
        .loose(),
        Shape::of(
            "a post after an error",
            Origin::Plain,
            vec![Ask::get("/broken"), Ask::post("/", Payload::Bytes(b"hello".to_vec()))],
        )
        .answer("/broken", say("HTTP/1.1 200 OK\ncontent-length: 10\n\nhello").reset())
        .answer("/", hello()),
        Shape::new("an upgrade", upgrade(), say(switch).echo()).needs(Need::Upgrade),
        Shape::new("an upgrade with bytes behind the head", upgrade(), {
            say(switch).send(*b"hi! ").echo()
        })
        .needs(Need::Upgrade),
        Shape::new("an upgrade that is refused", upgrade(), hello()).needs(Need::Upgrade),
        Shape::new("an upgrade that breaks", upgrade(), say(switch).close()).needs(Need::Upgrade),
    ]
}
