//! Shapes of header blocks: huge, many, repeated, strange.
//! Never of those that say how long the body is; these are in `bodies` and `broken`.

use super::super::answer::{Answer, say};
use super::super::ask::{Ask, Need, Origin, Shape};

pub(crate) fn headers() -> Vec<Shape> {
    let many = |n: usize| (0..n).map(|n| format!("x-{n}: value {n}\n")).collect::<String>();
    vec![
        Shape::get("a header of 30 KiB", with(format!("x-huge: {}\n", "v".repeat(30 * 1024)))),
        Shape::get("30 headers of 1 KiB", {
            with((0..30).map(|n| format!("x-{n}: {}\n", "v".repeat(1024))).collect())
        }),
        Shape::get("a head of 600 KiB", with(format!("x-huge: {}\n", "v".repeat(600 * 1024)))),
        Shape::get("90 headers", with(many(90))),
        Shape::get("200 headers", with(many(200))),
        Shape::get("repeated headers", with("x-a: 1\nx-b: 2\nx-a: 3\nX-A: 4\nx-a: 1\n".into())),
        Shape::get(
            "values that are not UTF-8",
            say("HTTP/1.1 200 OK\nx-name: ").send(*b"caf\xe9 \xff\xfe").say("\ncontent-length: 2\n\nok"),
        ),
        Shape::get(
            "values that are UTF-8 and not ASCII",
            with("x-name: Gr\u{fc}\u{df}e \u{1f426}\n".into()),
        ),
        Shape::get("empty values", with("x-empty:\nx-blank:   \nx-tab:\t\tv\t\n".into())),
        Shape::get("mixed case", with("X-MiXeD-CaSe: YeS\nETag: \"Q\"\n".into())),
        Shape::get("a folded header", with("x-folded: one\n two\n".into())),
        Shape::get("a space before the colon", with("x-spaced : v\n".into())),
        Shape::get("a control character in a value", with("x-bell: a\u{7}b\n".into())),
        Shape::get("bare line feeds", Answer::default().send(*b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok")),
        Shape::get(
            "cookies that nobody keeps",
            with("set-cookie: a=1; Path=/; HttpOnly\nset-cookie: b=2; Max-Age=60\n".into()),
        ),
        Shape::of(
            "cookies that come back",
            Origin::Plain,
            vec![Ask::get("/"), Ask::get("/again"), Ask::get("/again")],
        )
        .answer("/", with("set-cookie: a=1; Path=/\n".into()))
        .answer("/again", with("set-cookie: a=; Max-Age=0; Path=/\n".into()))
        .setup(|setup| setup.keeps_cookies = true)
        .needs(Need::Cookies),
        Shape::get(
            "tracing headers of the server's own",
            with("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\nserver-timing: db;dur=53\n".into()),
        ),
    ]
}

/// A small answer with these headers.
fn with(headers: String) -> Answer {
    say(&format!("HTTP/1.1 200 OK\n{headers}content-length: 2\n\nok"))
}
