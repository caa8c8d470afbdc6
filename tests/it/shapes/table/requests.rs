//! Shapes of requests: methods, bodies, credentials, targets; what the server hears is compared.
//! Never of answers: each is the same small one.

use super::super::ask::{Ask, Need, Payload, Shape};
use super::hello;

pub(crate) fn requests() -> Vec<Shape> {
    let with = |name: &str, ask: Ask| Shape::new(name, ask, hello());
    let bytes = |text: &str| Payload::Bytes(text.as_bytes().to_vec());
    let mut shapes = vec![
        with("put of bytes", Ask { payload: bytes("hello"), ..Ask::new("PUT", "/") }),
        with("patch of nothing", Ask::new("PATCH", "/")),
        with("post of nothing", Ask::post("/", Payload::None)),
        with("post of zero bytes", Ask::post("/", Payload::Bytes(Vec::new()))),
        with("post of 1 MiB", Ask::post("/", Payload::Bytes(vec![b'x'; 1024 * 1024]))),
        with("delete with a body", Ask { payload: bytes("all"), ..Ask::new("DELETE", "/") }),
        with("get with a body", Ask { payload: bytes("query"), ..Ask::new("GET", "/") }),
        with("options", Ask::new("OPTIONS", "/")),
        with("a method of one's own", Ask::new("PURGE", "/")),
        with(
            "form",
            Ask::post("/", Payload::Form(vec![("a", "1"), ("name", "Gr\u{fc}\u{df}e &")])),
        ),
        with("query and fragment", Ask::get("/?a=b&token=c&empty=&%20=%2F#part")),
        with(
            "credentials in the URL",
            Ask::get("http://ann:pa55%20word@{server}/?token=abc").header("x-api-key", "k3y"),
        ),
        with(
            "credentials in a header",
            Ask::get("/").header("authorization", "Bearer s3cret").header("cookie", "sid=1"),
        ),
        with("its own traceparent", {
            let context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            Ask::get("/").header("traceparent", context).header("tracestate", "a=b")
        }),
        with("repeated headers", {
            Ask::get("/").header("x-a", "1").header("x-b", "2").header("x-a", "3")
        }),
        with("expectation", Ask::post("/", bytes("hello")).header("expect", "100-continue")),
        with("its own host", Ask::get("/").header("host", "elsewhere.example")),
        with("connection that is not kept", Ask::get("/").header("connection", "close")),
        with("a header of 30 KiB", Ask::get("/").header("x-huge", "v".repeat(30 * 1024))),
        with("json", {
            Ask::post("/", bytes("{\"a\": 1}")).header("content-type", "application/json")
        }),
        with("a length that is not its own", {
            Ask::post("/", bytes("hello")).header("content-length", "5")
        }),
    ];
    let stream = |name: &str, pieces: Vec<&'static str>| {
        with(name, Ask::post("/", Payload::Stream(pieces))).needs(Need::StreamedRequest)
    };
    shapes.extend([
        stream("stream", vec!["one", "two", "three"]),
        stream("stream of nothing", Vec::new()),
        stream("stream with an empty piece", vec!["one", "", "three"]),
        with("multipart", {
            Ask::post("/", Payload::Multipart(vec![("bird", "egret"), ("note", "white\r\nlegs")]))
        })
        .needs(Need::Multipart),
    ]);
    shapes
}
