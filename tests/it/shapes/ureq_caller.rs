//! ureq 3, bare and with the middleware.
//! Never blocks the runtime: each request has a thread of its own.

use std::io::{self, Read};

use egret::Egret;
use ureq::config::Config;
use ureq::{Agent, BodyReader, ResponseExt, SendBody};

use super::ask::{Ask, Need, Payload, Reading, Redirects, Setup};
use super::blocking_caller::Pieces;
use super::caller::{Caller, Session};
use super::observed::{Body, Data, Ending, ErrorShape, Head, Observed, pairs};

const READINGS: &[Reading] = &[
    Reading::Bytes,
    Reading::Chunks,
    Reading::Stream,
    Reading::Text,
    Reading::FirstPiece,
    Reading::Head,
];

/// ureq, with the middleware or without.
pub(crate) struct Ureq {
    egret: Option<Egret>,
    watches_bodies: bool,
}

impl Ureq {
    pub(crate) fn bare() -> Self {
        Self { egret: None, watches_bodies: false }
    }

    pub(crate) fn wrapped(egret: &Egret) -> Self {
        Self { egret: Some(egret.clone()), watches_bodies: false }
    }

    /// The same, watching bodies; or bare, to be compared with one that does.
    pub(crate) fn watching(mut self) -> Self {
        self.watches_bodies = true;
        self
    }
}

impl Caller for Ureq {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        let mut config = Config::builder()
            .proxy(None)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .save_redirect_history(true)
            .timeout_global(setup.timeout);
        config = match setup.redirects {
            Redirects::Default => config,
            Redirects::None => config.max_redirects(0).max_redirects_will_error(false),
            Redirects::Max(n) => config.max_redirects(u32::try_from(n).unwrap()),
        };
        if let Some(egret) = &self.egret {
            let middleware = egret.ureq_middleware();
            config = match self.watches_bodies {
                true => config.middleware(middleware.watch_bodies()),
                false => config.middleware(middleware),
            };
        }
        Box::new(Open { agent: config.build().into(), watches_bodies: self.watches_bodies })
    }

    fn can(&self, need: Need) -> bool {
        matches!(need, Need::StreamedRequest | Need::Decoding | Need::Redirects | Need::Timeout)
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn is_prompt(&self) -> bool {
        false
    }

    fn recorded(&self) -> Option<u64> {
        self.egret.as_ref().map(|egret| egret.stats().offered)
    }
}

struct Open {
    agent: Agent,
    watches_bodies: bool,
}

#[async_trait::async_trait]
impl Session for Open {
    async fn ask(&mut self, ask: &Ask, reading: Reading) -> Observed {
        let (agent, ask, watches_bodies) = (self.agent.clone(), ask.clone(), self.watches_bodies);
        let work = move || {
            let response = send(&agent, &ask).map_err(|error| shape_of(&error));
            Observed(response.map(|response| {
                let mut head = head_of(&response);
                if watches_bodies {
                    // What a watched body is documented not to know.
                    head.content_length = None;
                }
                (head, read(response, reading))
            }))
        };
        tokio::task::spawn_blocking(work).await.unwrap()
    }
}

fn send(agent: &Agent, ask: &Ask) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let mut request = http::Request::builder().method(ask.method).uri(&ask.url);
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    let pieces = |pieces: &[&'static str], is_broken: bool| {
        SendBody::from_owned_reader(Pieces { left: Vec::from(pieces).into_iter(), is_broken })
    };
    let timeout = ask.timeout;
    macro_rules! run {
        ($body:expr) => {{
            let request = request.body($body)?;
            match timeout {
                None => agent.run(request),
                Some(_) => {
                    let request = agent.configure_request(request);
                    agent.run(request.timeout_global(timeout).build())
                }
            }
        }};
    }
    match &ask.payload {
        Payload::None => run!(()),
        Payload::Bytes(bytes) => run!(bytes.clone()),
        Payload::Stream(all) => run!(pieces(all, false)),
        Payload::BrokenStream(all) => run!(pieces(all, true)),
        Payload::Form(fields) | Payload::Multipart(fields) => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
            run!(pairs.collect::<Vec<_>>().join("&"))
        }
    }
}

fn head_of(response: &http::Response<ureq::Body>) -> Head {
    let body = response.body();
    let facts = [
        format!("{:?} {:?} {body:?}", body.mime_type(), body.charset()),
        format!("{:?}", response.get_redirect_history()),
    ];
    Head {
        status: response.status().as_u16(),
        version: format!("{:?}", response.version()),
        headers: pairs(response.headers()),
        url: Some(response.get_uri().to_string()),
        peer: None,
        content_length: body.content_length(),
        n_extensions: Some(response.extensions().len()),
        extensions: facts.into(),
        status_error: None,
    }
}

fn read(mut response: http::Response<ureq::Body>, reading: Reading) -> Body {
    let whole = |result: Result<Vec<u8>, ureq::Error>| {
        result.map_or_else(|error| Body::failed(shape_of(&error)), Body::complete)
    };
    match reading {
        Reading::Bytes => whole(response.body_mut().read_to_vec()),
        Reading::Text => whole(response.body_mut().read_to_string().map(String::into_bytes)),
        Reading::Stream => pieces(response.into_body().into_reader()),
        Reading::FirstPiece => {
            let mut buffer = [0; 1];
            match response.body_mut().as_reader().read(&mut buffer) {
                Ok(n) => Body { data: Data(buffer[..n].into()), ..Body::dropped() },
                Err(error) => Body::failed(shape_of_io(&error)),
            }
        }
        Reading::Head => Body::dropped(),
        _ => pieces(response.body_mut().as_reader()),
    }
}

fn pieces(mut reader: BodyReader<'_>) -> Body {
    let mut body = Body::default();
    let mut buffer = vec![0; 65_536];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return body,
            // Where one read ends hangs on timing.
            Ok(n) => body.data.0.extend_from_slice(&buffer[..n]),
            Err(error) => return Body { ending: Ending::Failed(shape_of_io(&error)), ..body },
        }
    }
}

fn shape_of(error: &ureq::Error) -> ErrorShape {
    // How much of it had come by then hangs on timing.
    let untimed = match error {
        ureq::Error::LargeResponseHeader(_, most) => {
            Some(ureq::Error::LargeResponseHeader(usize::MAX, *most))
        }
        _ => None,
    };
    let error = untimed.as_ref().unwrap_or(error);
    ErrorShape { display: error.to_string(), debug: format!("{error:?}"), ..ErrorShape::default() }
}

fn shape_of_io(error: &io::Error) -> ErrorShape {
    ErrorShape {
        display: error.to_string(),
        debug: format!("{:?} {error:?}", error.kind()),
        ..ErrorShape::default()
    }
}
