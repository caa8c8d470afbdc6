//! Whichever way a call ends, it leaves exactly one record, with the right outcome.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use egret::{Egret, MemoryTransport};
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest_middleware::ClientWithMiddleware;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::upstream::closed_port;

/// How far the server goes before it does what the path says.
const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";

pub(crate) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

async fn answer(mut stream: TcpStream) -> Option<()> {
    let mut request = vec![0; 4096];
    let n = stream.read(&mut request).await.ok()?;
    let request = String::from_utf8_lossy(&request[..n]).into_owned();
    let path = request.split([' ', '?']).nth(1)?;
    let (bytes, then_waits): (&[u8], bool) = match path {
        "/whole" => (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false),
        "/chunked" => {
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false)
        }
        "/empty" => (b"HTTP/1.1 204 No Content\r\n\r\n", false),
        "/missing" => (b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", false),
        "/headers" => (b"HTTP/1.1 200 OK\r\ncontent-le", false),
        "/breaks" => (HALF, false),
        "/stalls" => (HALF, true),
        _ => (b"", true),
    };
    stream.write_all(bytes).await.ok()?;
    if then_waits {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    Some(())
}

/// One call, and what its record must say.
struct Case {
    name: &'static str,
    /// `outcome status error.type bytes`.
    expected: &'static str,
}

const CASES: &[Case] = &[
    Case { name: "completed", expected: "completed 200 - 5" },
    Case { name: "completed, chunked", expected: "completed 200 - 5" },
    Case { name: "completed, empty", expected: "completed 204 - 0" },
    Case { name: "completed, 404", expected: "completed 404 - 2" },
    Case { name: "length read, end not asked for", expected: "completed 200 - 5" },
    Case { name: "error before connect", expected: "failed - connect -" },
    Case { name: "name not found", expected: "failed - dns -" },
    Case { name: "error during headers", expected: "failed - reset -" },
    Case { name: "error during body", expected: "failed 200 body 5" },
    Case { name: "timeout while waiting", expected: "failed - timeout -" },
    Case { name: "timeout during body", expected: "failed 200 timeout 5" },
    Case { name: "dropped before sent", expected: "cancelled - cancelled -" },
    Case { name: "dropped while waiting", expected: "cancelled - cancelled -" },
    Case { name: "dropped during body", expected: "body_dropped 200 - 5" },
    Case { name: "body never read", expected: "body_dropped 200 - 0" },
    Case { name: "error_for_status", expected: "body_dropped 404 - 0" },
];

/// A resolver that never answers for one name.
struct Deaf;

impl Resolve for Deaf {
    fn resolve(&self, name: Name) -> Resolving {
        let is_unheard = name.as_str() == "unheard-of.invalid";
        Box::pin(async move {
            if is_unheard {
                std::future::pending::<()>().await;
            }
            Err("no such name".into())
        })
    }
}

async fn run(case: &str, client: &ClientWithMiddleware, address: SocketAddr) {
    let get = |path: &str| client.get(format!("http://{address}{path}"));
    let within = Duration::from_millis(100);
    match case {
        "completed" => drop(get("/whole").send().await.unwrap().bytes().await.unwrap()),
        "completed, chunked" => drop(get("/chunked").send().await.unwrap().text().await.unwrap()),
        "completed, empty" => drop(get("/empty").send().await.unwrap()),
        "completed, 404" => drop(get("/missing").send().await.unwrap().bytes().await.unwrap()),
        "length read, end not asked for" => {
            let mut response = get("/whole").send().await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "hello");
        }
        "error before connect" => {
            let url = format!("http://{}/", closed_port().await);
            client.get(url).send().await.unwrap_err();
        }
        "name not found" => {
            client.get("http://no-such-host.invalid/").send().await.unwrap_err();
        }
        "error during headers" => drop(get("/headers").send().await.unwrap_err()),
        "error during body" => {
            drop(get("/breaks").send().await.unwrap().bytes().await.unwrap_err());
        }
        "timeout while waiting" => {
            let error = get("/silent").timeout(within).send().await.unwrap_err();
            assert!(error.is_timeout());
        }
        "timeout during body" => {
            let response = get("/stalls").timeout(within).send().await.unwrap();
            assert!(response.bytes().await.unwrap_err().is_timeout());
        }
        "dropped before sent" => {
            let call = client.get("http://unheard-of.invalid/").send();
            tokio::time::timeout(within, call).await.unwrap_err();
        }
        "dropped while waiting" => {
            tokio::time::timeout(within, get("/silent").send()).await.unwrap_err();
        }
        "dropped during body" => {
            let mut response = get("/stalls").send().await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "hello");
        }
        "body never read" => drop(get("/whole").send().await.unwrap()),
        "error_for_status" => {
            drop(get("/missing").send().await.unwrap().error_for_status().unwrap_err());
        }
        unknown => panic!("{unknown}"),
    }
}

/// What a record says, in the words of [`Case::expected`].
pub(crate) fn told(call: &serde_json::Value) -> String {
    let text = |name: &str| match &call[name] {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let names = ["outcome", "http.response.status_code", "error.type", "http.response.body.size"];
    names.map(text).join(" ")
}

/// Makes one kind of client.
type Make = dyn Fn(&Egret) -> ClientWithMiddleware;

#[tokio::test]
async fn every_exit_of_an_async_client_leaves_one_record() {
    let address = start().await;
    let plain = |egret: &Egret| {
        egret.wrap(reqwest::Client::builder().dns_resolver(Arc::new(Deaf)).build().unwrap())
    };
    let measured =
        |egret: &Egret| egret.reqwest_client().dns_resolver(Arc::new(Deaf)).build().unwrap();
    for (case, make) in CASES.iter().flat_map(|case| [(case, &plain as &Make), (case, &measured)]) {
        let transport = MemoryTransport::default();
        let config = egret::Config::builder().build().unwrap();
        let egret = Egret::start_with(config, transport.clone()).unwrap();
        run(case.name, &make(&egret), address).await;
        egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
        let told: Vec<_> = transport.calls().iter().map(told).collect();
        assert_eq!(told, [case.expected], "{}", case.name);
    }
}

#[tokio::test]
async fn a_request_that_is_never_sent_is_no_call() {
    let transport = MemoryTransport::default();
    let config = egret::Config::builder().build().unwrap();
    let egret = Egret::start_with(config, transport.clone()).unwrap();
    drop(egret.wrap(reqwest::Client::new()).get("http://127.0.0.1:9/").send());
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    assert_eq!(transport.calls(), Vec::<serde_json::Value>::new());
}
