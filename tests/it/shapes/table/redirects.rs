//! Shapes of redirects: each kind, chains, loops, other hosts, bodies sent again.
//! Never more than one server: `localhost` and 127.0.0.1 are its two names.

use super::super::answer::{Answer, say};
use super::super::ask::{Ask, Need, Origin, Payload, Redirects, Shape};
use super::hello;

pub(crate) fn redirects() -> Vec<Shape> {
    let shapes = [kinds(), chains(), places(), replays()].concat();
    shapes.into_iter().map(|shape| shape.needs(Need::Redirects)).collect()
}

fn kinds() -> Vec<Shape> {
    let statuses = [300, 301, 302, 303, 304, 305, 307, 308];
    let get = statuses.map(|status| to_end(format!("{status} of a get"), Ask::get("/"), status));
    let post = [301, 302, 303, 307, 308].map(|status| {
        let ask = Ask::post("/", Payload::Bytes(b"again".to_vec())).header("x-kept", "yes");
        to_end(format!("{status} of a post"), ask, status)
    });
    get.into_iter().chain(post).collect()
}

fn chains() -> Vec<Shape> {
    let chain = |name: &str| {
        Shape::get(name, moved(301, "/two"))
            .answer("/two", moved(302, "/three"))
            .answer("/three", moved(307, "/four"))
            .answer("/four", hello())
    };
    vec![
        chain("a chain of three"),
        chain("a chain of three, two allowed").setup(|setup| setup.redirects = Redirects::Max(2)),
        chain("a chain that is not followed").setup(|setup| setup.redirects = Redirects::None),
        Shape::get("a loop", moved(302, "/")),
        Shape::get("a loop of two", moved(302, "/two")).answer("/two", moved(302, "/")),
        Shape::get("a chain that ends in an error", moved(302, "/two"))
            .answer("/two", say("HTTP/1.1 500 Oh\ncontent-length: 2\n\nno")),
        Shape::get("a chain that breaks", moved(302, "/two"))
            .answer("/two", Answer::default().close()),
        Shape::get("a redirect that closes", {
            say("HTTP/1.1 302 Found\nlocation: /end\nconnection: close\ncontent-length: 0\n\n")
                .close()
        })
        .answer("/end", hello()),
    ]
}

fn places() -> Vec<Shape> {
    let secret = || Ask::get("/").header("authorization", "Bearer s3cret").header("cookie", "a=1");
    vec![
        Shape::get("a relative place", moved(302, "end?x=1#part")).answer("/end", hello()),
        Shape::get("a place that is the whole URL", moved(302, "http://{server}/end"))
            .answer("/end", hello()),
        Shape::new("a place on another host", secret(), moved(302, "http://localhost:{port}/end"))
            .answer("/end", hello()),
        Shape::new("a place on the same host", secret(), moved(302, "/end"))
            .answer("/end", hello()),
        Shape::new("a fragment on the way", Ask::get("/?q=1#top"), moved(302, "/end"))
            .answer("/end", hello()),
        Shape::get("no place", say("HTTP/1.1 302 Found\ncontent-length: 4\n\nlost")),
        Shape::get("a place that is no URL", moved(302, "http://[nowhere")),
        Shape::get("a place of another scheme", moved(302, "ftp://{server}/end")),
        Shape::get("a place that is not UTF-8", {
            say("HTTP/1.1 302 Found\nlocation: /").send(*b"caf\xe9").say("\ncontent-length: 0\n\n")
        }),
        Shape::get("a place that gives another cookie", {
            say("HTTP/1.1 302 Found\nlocation: /end\nset-cookie: a=1\ncontent-length: 0\n\n")
        })
        .answer("/end", hello())
        .setup(|setup| setup.keeps_cookies = true)
        .needs(Need::Cookies),
    ]
}

/// Bodies that can be sent again, and bodies that cannot.
fn replays() -> Vec<Shape> {
    let stream = || Ask::post("/", Payload::Stream(vec!["one", "two"]));
    let form = Payload::Form(vec![("bird", "little egret")]);
    vec![
        to_end("307 of a stream".into(), stream(), 307).needs(Need::StreamedRequest),
        to_end("303 of a stream".into(), stream(), 303).needs(Need::StreamedRequest),
        to_end("308 of a form".into(), Ask::post("/", form), 308),
        to_end("307 of an empty post".into(), Ask::post("/", Payload::Bytes(Vec::new())), 307),
        Shape::of(
            "307 twice",
            Origin::Plain,
            vec![Ask::post("/", Payload::Bytes(b"x".to_vec())); 2],
        )
        .answer("/", moved(307, "/end"))
        .answer("/end", hello()),
    ]
}

fn to_end(name: String, ask: Ask, status: u16) -> Shape {
    Shape::new(name, ask, moved(status, "/end")).answer("/end", hello())
}

fn moved(status: u16, place: &str) -> Answer {
    let body = if status == 304 { "" } else { "moved" };
    let length = body.len();
    say(&format!("HTTP/1.1 {status} Moved\nlocation: {place}\ncontent-length: {length}\n\n{body}"))
}
