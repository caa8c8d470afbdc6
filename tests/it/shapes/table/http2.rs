//! Shapes of HTTP/2, with and without TLS.
//! Never of what hyper would not send; for that the scripted server stands in.

use super::super::answer::say;
use super::super::ask::{Ask, Need, Origin, Payload, Shape};

pub(crate) fn http2() -> Vec<Shape> {
    let shape = |name: &str, ask: Ask| Shape::of(format!("h2 {name}"), Origin::Http2, vec![ask]);
    let post = |payload: Payload| Ask::post("/echo", payload);
    vec![
        shape("not found", Ask::get("/nowhere")),
        shape("echo of bytes", post(Payload::Bytes(b"hello".to_vec()))),
        shape("echo of a stream", post(Payload::Stream(vec!["one", "two"])))
            .needs(Need::StreamedRequest)
            .loose(),
        shape("trailers", Ask::get("/trailers")).loose(),
        shape("trailers alone", Ask::get("/trailers-only")),
        shape("204", Ask::get("/empty")),
        shape("503", Ask::get("/unavailable")),
        shape("redirect of a post", Ask::post("/moved", Payload::Bytes(b"again".to_vec())))
            .needs(Need::Redirects),
        shape("events", Ask::get("/events")).loose(),
        shape("length", Ask::get("/length")),
        shape("head", Ask::new("HEAD", "/length")),
        shape("reset in the body", Ask::get("/broken")),
        shape("8 MiB", Ask::get("/big")).large(),
        shape("90 headers", Ask::get("/headers")),
        shape("more headers than a client takes", Ask::get("/too-many-headers")),
        shape("credentials", {
            Ask::get("http://ann:pa55@{server}/length?token=abc").header("x-api-key", "k3y")
        }),
        Shape::of("h2 three on one connection", Origin::Http2, vec![Ask::get("/length"); 3]),
        Shape::of(
            "h2 by negotiation",
            Origin::Http2Tls,
            vec![
                Ask::get("https://localhost:{port}/trailers"),
                Ask::post("https://localhost:{port}/echo", Payload::Bytes(b"hello".to_vec())),
            ],
        )
        .loose(),
        Shape::get(
            "h2 with a server that speaks only HTTP/1.1",
            say("HTTP/1.1 400 No\n\n").close(),
        )
        .setup(|setup| setup.http2 = true)
        .needs(Need::Http2)
        .answer("*", say("HTTP/1.1 400 Bad Request\ncontent-length: 0\n\n").close())
        .costly(),
    ]
}
