//! Shapes of exchanges that go wrong: refused, cut off, lied about, too slow.
//! Never a difference of luck: each breaks at a place that the script chose.

use std::time::Duration;

use super::super::answer::{Answer, say};
use super::super::ask::{Ask, Need, Origin, Payload, Shape};
use super::hello;

const CHUNKED: &str = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n";
/// Long enough to reach the place where the script falls silent, on a busy machine too.
const SOON: Duration = Duration::from_millis(250);

pub(crate) fn broken() -> Vec<Shape> {
    [unreachable(), heads(), bodies(), slow(), secured()].concat()
}

fn unreachable() -> Vec<Shape> {
    let nowhere = [
        ("refused", "http://{closed}/"),
        ("unknown host", "http://no-such-host.invalid/"),
        ("TLS with a server that has none", "https://{server}/"),
        ("a scheme that nobody speaks", "gopher://{server}/"),
    ];
    let shape = |(name, url)| {
        let shape = Shape::new(name, Ask::get(url), hello()).costly();
        shape.answer("TLS", say("HTTP/1.1 400 No TLS Here\n\n").close())
    };
    nowhere.into_iter().map(shape).collect()
}

fn heads() -> Vec<Shape> {
    let heads = [
        ("closed before the head", Answer::default().close()),
        ("reset before the head", Answer::default().reset()),
        ("closed in the status line", say("HTTP/1.1 20").close()),
        ("closed in the head", say("HTTP/1.1 200 OK\ncontent-len").close()),
        ("reset in the head", say("HTTP/1.1 200 OK\ncontent-len").reset()),
        ("a status line of garbage", say("egrets are birds\n\n").hold()),
        ("another protocol", say("SSH-2.0-OpenSSH_9.9\n").hold()),
        ("a version that is none", say("HTTP/9.9 200 OK\ncontent-length: 0\n\n").hold()),
        ("a status that is none", say("HTTP/1.1 2000 OK\ncontent-length: 0\n\n").hold()),
        ("a header without a name", say("HTTP/1.1 200 OK\n: v\ncontent-length: 0\n\n").hold()),
        ("two lengths", {
            say("HTTP/1.1 200 OK\ncontent-length: 2\ncontent-length: 3\n\nok!").hold()
        }),
        ("a length that is no number", say("HTTP/1.1 200 OK\ncontent-length: two\n\nok").hold()),
        ("100 and then nothing", say("HTTP/1.1 100 Continue\n\n").close()),
        ("101 that nobody asked for", say("HTTP/1.1 101 Switching Protocols\n\n").hold()),
    ];
    heads.map(|(name, answer)| Shape::get(name, answer)).into()
}

fn bodies() -> Vec<Shape> {
    let ten = "HTTP/1.1 200 OK\ncontent-length: 10\n\nhello";
    let both = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\ncontent-length: 3\n\n";
    let bodies = [
        ("closed before the length is reached", say(ten).close()),
        ("reset before the length is reached", say(ten).reset()),
        ("closed before the body", say("HTTP/1.1 200 OK\ncontent-length: 10\n\n").close()),
        ("more than the length", say("HTTP/1.1 200 OK\ncontent-length: 2\n\nok and more").close()),
        ("chunks and a length", say(both).chunk("hello").last_chunk("").hold()),
        ("closed between chunks", say(CHUNKED).chunk("hello").close()),
        ("closed in a chunk", say(CHUNKED).say("a\nhello").close()),
        ("reset in a chunk", say(CHUNKED).say("a\nhello").reset()),
        (
            "closed before the last line of the chunks",
            say(CHUNKED).chunk("hello").say("0\n").close(),
        ),
        ("a chunk length of garbage", say(CHUNKED).chunk("hello").say("egret\n").hold()),
        ("a chunk longer than it says", say(CHUNKED).say("2\nhello\n").last_chunk("").hold()),
        ("a chunk length beyond all bounds", say(CHUNKED).say("fffffffffffffffff\n").hold()),
        ("trailers of garbage", say(CHUNKED).chunk("hello").last_chunk("no colon\n").hold()),
        ("closed in the trailers", say(CHUNKED).chunk("hello").say("0\nx-sum: ").close()),
    ];
    bodies.map(|(name, answer)| Shape::get(name, answer)).into()
}

fn slow() -> Vec<Shape> {
    let hanging = || say("HTTP/1.1 200 OK\ncontent-length: 10\n\nhello").hold();
    let late_chunk = || say(CHUNKED).chunk("hello").hold();
    let timeout = |shape: Shape| {
        shape.setup(|setup| setup.timeout = Some(SOON)).needs(Need::Timeout).costly()
    };
    let read_timeout = |shape: Shape| {
        shape.setup(|setup| setup.read_timeout = Some(SOON)).needs(Need::ReadTimeout).costly()
    };
    let silent = || Answer::default().hold();
    vec![
        timeout(Shape::get("no head in time", silent())),
        timeout(Shape::get("half a head in time", say("HTTP/1.1 200 OK\ncontent-").hold())),
        timeout(Shape::get("no rest of the body in time", hanging())),
        timeout(Shape::get("no next chunk in time", late_chunk())),
        timeout(Shape::get("a redirect and then silence", {
            say("HTTP/1.1 302 Found\nlocation: /end\ncontent-length: 0\n\n")
        }))
        .answer("/end", silent()),
        read_timeout(Shape::get("no head between two reads", silent())),
        read_timeout(Shape::get("no rest between two reads", hanging())),
        Shape::new("this request has no time", Ask::get("/").timeout(SOON), silent())
            .needs(Need::Timeout)
            .costly(),
        Shape::new("this body has no time", Ask::get("/").timeout(SOON), hanging())
            .needs(Need::Timeout)
            .costly(),
        Shape::new(
            "a request whose source breaks",
            Ask::post("/", Payload::BrokenStream(vec!["one", "two"])),
            hello(),
        )
        .needs(Need::StreamedRequest)
        .costly(),
    ]
}

fn secured() -> Vec<Shape> {
    let of = |name: &str, answer: Answer| {
        Shape::of(name, Origin::Tls, vec![Ask::get("https://localhost:{port}/")])
            .answer("/", answer)
    };
    let endless = || say("HTTP/1.1 200 OK\n\nhello");
    vec![
        of("TLS", hello()),
        of("TLS until the goodbye", endless().close()),
        of("TLS cut off without a goodbye", endless().drop_connection()),
        of("TLS closed before the length is reached", {
            say("HTTP/1.1 200 OK\ncontent-length: 10\n\nhello").close()
        }),
        of("TLS with a stranger", hello()).setup(|setup| setup.is_distrustful = true).costly(),
        Shape::of(
            "TLS with another name",
            Origin::Tls,
            vec![Ask::get("https://ip6-localhost:{port}/"), Ask::get("https://127.0.0.2:{port}/")],
        )
        .costly(),
    ]
}
