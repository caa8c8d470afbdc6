//! A backend on loopback that keeps what it gets and answers what it is told to.
//! Never decodes: that is for others.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};

#[derive(Clone)]
pub(crate) struct Request {
    path: String,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

#[derive(Default)]
struct Shared {
    requests: Vec<Request>,
    /// What is answered before 200, by path.
    answers: HashMap<String, VecDeque<StatusCode>>,
    refused_spans: u8,
}

pub(crate) struct Backend {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let app = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers these once each, before 200.
    pub(crate) fn answer(&self, path: &str, codes: &[StatusCode]) {
        let codes = codes.iter().copied().collect();
        self.shared.lock().unwrap().answers.insert(path.to_owned(), codes);
    }

    /// Says of every request with spans that so many of them are refused.
    pub(crate) fn refuse_spans(&self, n: u8) {
        self.shared.lock().unwrap().refused_spans = n;
    }

    pub(crate) fn requests(&self, path: &str) -> Vec<Request> {
        let shared = self.shared.lock().unwrap();
        shared.requests.iter().filter(|request| request.path == path).cloned().collect()
    }
}

async fn take(
    State(shared): State<Arc<Mutex<Shared>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let mut shared = shared.lock().unwrap();
    let path = uri.path().to_owned();
    let code = shared.answers.get_mut(&path).and_then(VecDeque::pop_front);
    shared.requests.push(Request { path: path.clone(), headers, body });
    // ExportTraceServiceResponse { partial_success: { rejected_spans: n, error_message: "full" } }
    let partial = vec![0x0a, 8, 0x08, shared.refused_spans, 0x12, 4, b'f', b'u', b'l', b'l'];
    let is_partial = shared.refused_spans > 0 && path == "/v1/traces";
    (code.unwrap_or(StatusCode::OK), if is_partial { partial } else { Vec::new() })
}
