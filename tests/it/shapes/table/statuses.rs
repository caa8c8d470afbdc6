//! Shapes of status lines and versions.
//! Never of bodies: what follows is as plain as the status allows.

use super::super::answer::say;
use super::super::ask::{Ask, Shape};

pub(crate) fn statuses() -> Vec<Shape> {
    let plain = [
        "200 OK",
        "201 Created",
        "206 Partial Content",
        "299 Nobody Knows",
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "418 I'm a teapot",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "599 Off The Chart",
        "200 As You Wish",
        "200 ",
    ];
    let mut shapes: Vec<_> = plain
        .iter()
        .map(|status| {
            let text = format!("HTTP/1.1 {status}\ncontent-length: 5\n\nhello");
            Shape::get(format!("status {status:?}"), say(&text))
        })
        .collect();
    shapes.extend([
        Shape::get("204 without a length", say("HTTP/1.1 204 No Content\n\n")),
        Shape::get("204 with a length", say("HTTP/1.1 204 No Content\ncontent-length: 0\n\n")),
        Shape::get("205", say("HTTP/1.1 205 Reset Content\ncontent-length: 0\n\n")),
        Shape::new(
            "304 with the length of what it stands for",
            Ask::get("/").header("if-none-match", "\"a\""),
            say("HTTP/1.1 304 Not Modified\netag: \"a\"\ncontent-length: 1000\n\n"),
        ),
        Shape::get(
            "503 with retry-after",
            say("HTTP/1.1 503 Service Unavailable\nretry-after: 7\ncontent-length: 4\n\nbusy"),
        ),
        Shape::get(
            "HTTP/1.0 with a length",
            say("HTTP/1.0 200 OK\ncontent-length: 5\n\nhello").close(),
        ),
        Shape::get("HTTP/1.0 until the end", say("HTTP/1.0 200 OK\n\nhello").close()),
        Shape::of("HTTP/1.0 kept alive", super::super::ask::Origin::Plain, vec![Ask::get("/"); 2])
            .answer(
                "/",
                say("HTTP/1.0 200 OK\nconnection: keep-alive\ncontent-length: 5\n\nhello"),
            ),
    ]);
    shapes
}
