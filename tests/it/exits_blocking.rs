//! Whichever way a call of a blocking client ends, it leaves exactly one record, with the right
//! outcome: reqwest's blocking client, and ureq.

#[cfg(feature = "ureq")]
mod ureq_agent;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use egret::{Egret, MemoryTransport};
use serde_json::Value;

/// How far the server goes before it does what the path says.
const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";

fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap()));
        }
    });
    address
}

/// One answer a connection, but for `/kept`; a client that goes away ends it.
fn answer(mut stream: TcpStream) -> Option<()> {
    while answer_one(&mut stream)? {}
    Some(())
}

/// Whether another request may follow.
fn answer_one(stream: &mut TcpStream) -> Option<bool> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
        request.extend_from_slice(&buffer[..n]);
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    if text.starts_with("GET /mirror ") {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length";
        let answer = format!("{head}: {}\r\n\r\n{text}", text.len());
        stream.write_all(answer.as_bytes()).ok()?;
        return Some(true);
    }
    let (bytes, then_waits): (&[u8], bool) = match text.split(' ').nth(1)? {
        "/whole" | "/kept" => (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false),
        "/latin" => (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=iso-8859-1\r\n\
              content-length: 4\r\n\r\ncaf\xe9",
            false,
        ),
        "/chunked" => {
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false)
        }
        "/empty" => (b"HTTP/1.1 204 No Content\r\n\r\n", false),
        "/missing" => (b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", false),
        "/headers" => (b"HTTP/1.1 200 OK\r\ncontent-le", false),
        "/loop" => (b"HTTP/1.1 302 Found\r\nlocation: /loop\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", false),
        "/moved" => (b"HTTP/1.1 302 Found\r\nlocation: /whole\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", false),
        "/breaks" => (HALF, false),
        "/stalls" => (HALF, true),
        _ => (b"", true),
    };
    stream.write_all(bytes).ok()?;
    if then_waits {
        // Until the client hangs up.
        while stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
    }
    Some(text.contains(" /kept "))
}

/// An address on which nobody listens.
fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap()
}

/// Runs one call and returns what its records say.
fn records(call: impl FnOnce(&Egret)) -> Vec<Value> {
    records_with(egret::Config::builder(), call)
}

fn records_with(config: egret::ConfigBuilder, call: impl FnOnce(&Egret)) -> Vec<Value> {
    let transport = MemoryTransport::default();
    let egret = Egret::start_with(config.build().unwrap(), transport.clone()).unwrap();
    call(&egret);
    egret.shutdown(Duration::from_secs(5)).unwrap();
    transport.calls()
}

/// `outcome status error.type bytes`.
fn told(call: &Value) -> String {
    let text = |name: &str| match &call[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let names = ["outcome", "http.response.status_code", "error.type", "http.response.body.size"];
    names.map(text).join(" ")
}

#[track_caller]
fn check(name: &str, expected: &str, call: impl FnOnce(&Egret)) {
    let told: Vec<_> = records(call).iter().map(told).collect();
    assert_eq!(told, [expected], "{name}");
}

/// What a client hears from `/mirror` about its own request, by a configuration that allows the
/// trace and the body's text.
fn check_mirror(call: impl Fn(&Egret, &str) -> String) {
    let url = format!("http://localhost:{}/mirror", start().port());
    let config = egret::Config::builder().trace_hosts("localhost").body_types("text/plain");
    let calls = records_with(config, |egret| {
        let heard = call(egret, &url);
        assert!(heard.contains("traceparent: 00-"), "{heard}");
    });
    assert!(calls[0]["trace_id"].is_string(), "{}", calls[0]);
    let kept = &calls[0]["attributes"]["http.response.body"];
    assert!(kept.is_string(), "kept, though it may be masked: {}", calls[0]);
    records(|egret| {
        let heard = call(egret, &url);
        assert!(!heard.contains("traceparent"), "{heard}");
    });
}

const WITHIN: Duration = Duration::from_millis(100);

mod blocking {
    use super::{WITHIN, check, check_mirror, closed, records, start};

    use std::io::{Read, Write};
    use std::net::SocketAddr;

    use egret::Egret;
    use egret::blocking::{Body, Client, RequestBuilder, Response};

    /// A name, a path, the record, and what is done with the answer.
    type Case = (&'static str, &'static str, &'static str, fn(Response));
    type Make = fn(&Egret) -> Client;
    const MAKES: [Make; 2] = [
        |egret| egret.wrap_blocking(reqwest::blocking::Client::new()),
        |egret| egret.blocking_client().build().unwrap(),
    ];

    #[track_caller]
    fn check_get(
        address: SocketAddr,
        (name, path, expected): (&str, &str, &str),
        end: impl Fn(RequestBuilder),
    ) {
        for make in MAKES {
            let url = format!("http://{address}{path}");
            check(name, expected, |egret| end(make(egret).get(&url)));
        }
    }

    fn sent(request: RequestBuilder) -> Response {
        request.send().unwrap()
    }

    /// Fails at its second write.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 1 { Err(std::io::Error::other("full")) } else { Ok(bytes.len().min(2)) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_answer_that_is_read_is_completed() {
        let address = start();
        let whole = "completed 200 - 5";
        let cases: [Case; 11] = [
            ("bytes", "/whole", whole, |r| assert_eq!(r.bytes().unwrap(), "hello")),
            ("text", "/chunked", whole, |r| assert_eq!(r.text().unwrap(), "hello")),
            ("latin text", "/latin", "completed 200 - 4", |r| {
                assert_eq!(r.text().unwrap(), "café")
            }),
            ("no json", "/whole", whole, |r| drop(r.json::<u8>().unwrap_err())),
            ("read", "/chunked", whole, |mut r| {
                assert_eq!(r.read_to_string(&mut String::new()).unwrap(), 5);
            }),
            ("length read, end not asked for", "/whole", whole, |mut r| {
                r.read_exact(&mut [0; 5]).unwrap();
            }),
            ("copied", "/whole", whole, |mut r| {
                assert_eq!(r.copy_to(&mut Vec::new()).unwrap(), 5);
            }),
            ("redirected", "/moved", whole, |r| drop(r.bytes().unwrap())),
            ("empty", "/empty", "completed 204 - 0", drop),
            ("taken out", "/whole", "completed 200 - -", |r| {
                assert_eq!(r.into_inner().bytes().unwrap(), "hello");
            }),
            ("404", "/missing", "completed 404 - 2", |r| drop(r.bytes().unwrap())),
        ];
        for (name, path, expected, end) in cases {
            check_get(address, (name, path, expected), |request| end(sent(request)));
        }
        check_get(address, ("head", "/whole", "completed 200 - 5"), |request| {
            let (client, request) = request.build_split();
            assert_eq!(client.execute(request.unwrap()).unwrap().bytes().unwrap(), "hello");
        });
    }

    #[test]
    fn an_answer_that_is_given_up_is_recorded_as_far_as_it_was_read() {
        let address = start();
        let cases: [Case; 6] = [
            ("never read", "/whole", "body_dropped 200 - 0", drop),
            ("half-read", "/stalls", "body_dropped 200 - 5", |mut r| {
                r.read_exact(&mut [0; 5]).unwrap();
            }),
            ("error_for_status", "/missing", "body_dropped 404 - 0", |r| {
                assert_eq!(r.error_for_status().unwrap_err().status().unwrap(), 404);
            }),
            ("breaks off", "/breaks", "failed 200 body 0", |r| drop(r.bytes().unwrap_err())),
            ("breaks off while read", "/breaks", "failed 200 body 5", |mut r| {
                r.read_to_end(&mut Vec::new()).unwrap_err();
            }),
            ("writer fails", "/whole", "completed 200 - 5", |mut r| {
                let error = r.copy_to(&mut Full(0)).unwrap_err();
                assert!(error.is_decode() && format!("{error:?}").contains("full"), "{error:?}");
            }),
        ];
        for (name, path, expected, end) in cases {
            check_get(address, (name, path, expected), |request| end(sent(request)));
        }
        let timeout = "failed 200 timeout 5";
        check_get(address, ("timeout in body", "/stalls", timeout), |request| {
            let mut response = request.timeout(WITHIN).send().unwrap();
            response.read_to_end(&mut Vec::new()).unwrap_err();
        });
    }

    #[test]
    fn a_call_without_an_answer_is_recorded_with_its_class() {
        let address = start();
        let cases = [
            ("reset", "/headers", "failed - reset -"),
            ("redirects", "/loop", "failed - redirect -"),
            ("timeout", "/silent", "failed - timeout -"),
        ];
        for case in cases {
            check_get(address, case, |request| {
                drop(request.timeout(WITHIN * 5).send().unwrap_err())
            });
        }
        let refused = format!("http://{}/", closed());
        for (url, expected) in [
            (refused.as_str(), "failed - connect -"),
            ("http://no-such-host.invalid/", "failed - dns -"),
        ] {
            check(url, expected, |egret| drop(MAKES[0](egret).get(url).send().unwrap_err()));
        }
    }

    #[test]
    fn a_request_that_is_dropped_unsent_or_not_built_is_no_call() {
        let calls = records(|egret| {
            let client = MAKES[0](egret);
            drop(client.get("http://127.0.0.1:9/"));
            client.get("no url").send().unwrap_err();
            client.get("http://127.0.0.1:9/").header("bad name", "x").send().unwrap_err();
        });
        assert!(calls.is_empty(), "{calls:?}");
    }

    #[test]
    fn records_carry_sizes_tags_scopes_and_reuse() {
        let address = start();
        let url = format!("http://{address}/kept");
        let calls = records(|egret| {
            let client = egret.blocking_client().build().unwrap();
            let tags = egret::Tags::new().template("/{what}").target("vendor");
            client.get(&url).with_extension(tags).send().unwrap().bytes().unwrap();
            client.get(&url).send().unwrap().bytes().unwrap();
            egret::scope().consumer("acme").run_sync(|| {
                let reader = Body::new(std::io::Cursor::new("from a reader"));
                client.post(&url).body(reader).send().unwrap().bytes().unwrap();
            });
            let other = egret.blocking_client().build().unwrap();
            other.post(&url).body("hello").send().unwrap().bytes().unwrap();
        });
        assert_eq!(calls[0]["url.template"], "/{what}");
        assert_eq!(calls[0]["target"], "vendor");
        assert_eq!(calls[2]["consumer"], "acme");
        let sizes: Vec<_> = calls.iter().map(|call| &call["http.request.body.size"]).collect();
        assert_eq!(sizes, [0, 0, 13, 5]);
        let reused: Vec<_> = calls.iter().map(|call| &call["connection.reused"]).collect();
        assert_eq!(reused, [false, true, true, false]);
        assert!(calls.iter().all(|call| call["connect_ns"].is_null()), "{calls:?}");
        assert!(calls.iter().all(|call| call["ttfb_ns"].is_u64() && call["body_ns"].is_u64()));
    }

    #[test]
    fn traces_and_bodies_are_opted_into() {
        check_mirror(|egret, url| MAKES[0](egret).get(url).send().unwrap().text().unwrap());
    }

    #[test]
    fn within_a_runtime_it_panics_as_reqwest_does_and_says_so() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let address = start();
        let url = format!("http://{address}/whole");
        let calls = records(|egret| {
            let (bare, url) = (reqwest::blocking::Client::new(), &url);
            let wrapped = MAKES[0](egret);
            let panics = |call: &dyn Fn()| {
                let call = std::panic::AssertUnwindSafe(call);
                let caught = std::panic::catch_unwind(|| runtime.block_on(async { call() }));
                caught.unwrap_err().downcast_ref::<&str>().map(|text| (*text).to_owned())
            };
            let expected = panics(&|| drop(bare.get(url).send()));
            assert_eq!(panics(&|| drop(wrapped.get(url).send())), expected);
            assert!(expected.is_some());
        });
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0]["error.type"], "panic");
    }

    #[test]
    fn a_disabled_handle_changes_and_records_nothing() {
        let address = start();
        let client = MAKES[1](&Egret::disabled());
        let answer = client.get(format!("http://{address}/whole")).send().unwrap();
        assert_eq!(answer.text().unwrap(), "hello");
    }
}
