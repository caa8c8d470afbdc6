//! hyper-util's client as a tower service, bare and within egret's layer.
//! Never tells the two apart but in the layer; both are asked and read by the same code.

use std::io;

use bytes::Bytes;
use egret::Egret;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::ext::ReasonPhrase;
use hyper_util::client::legacy::connect::{HttpConnector, HttpInfo};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{Layer, Service, ServiceExt};

use super::ask::{Ask, Need, Payload, Reading, Setup};
use super::caller::{Caller, Session};
use super::observed::{Body, Data, Ending, ErrorShape, Head, Observed, pairs};

type Sent = UnsyncBoxBody<Bytes, io::Error>;

const READINGS: &[Reading] = &[
    Reading::Frames,
    Reading::Bytes,
    Reading::Chunks,
    Reading::FirstPiece,
    Reading::Head,
    Reading::Upgrade,
];

/// The client as it comes; with a handle, within its layer.
pub(crate) struct Tower(pub(crate) Option<Egret>);

impl Caller for Tower {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        let client: Client<HttpConnector, Sent> =
            Client::builder(TokioExecutor::new()).http2_only(setup.http2).build_http();
        match &self.0 {
            None => Box::new(Open(client)),
            Some(egret) => Box::new(Open(egret.tower_client().layer(client))),
        }
    }

    fn can(&self, need: Need) -> bool {
        matches!(need, Need::Http2 | Need::Upgrade | Need::StreamedRequest)
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn recorded(&self) -> Option<u64> {
        self.0.as_ref().map(|egret| egret.stats().offered)
    }
}

struct Open<S>(S);

#[async_trait::async_trait]
impl<S, B> Session for Open<S>
where
    S: Service<Request<Sent>, Response = Response<B>, Error = Error> + Clone + Send,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error = hyper::Error> + Send + Unpin + 'static,
{
    async fn ask(&mut self, ask: &Ask, reading: Reading) -> Observed {
        let request = match request(ask) {
            Ok(request) => request,
            // Not a question to the client.
            Err(error) => return Observed(Err(shape_of(&error))),
        };
        match self.0.clone().oneshot(request).await {
            Ok(response) => {
                let head = head_of(&response);
                Observed(Ok((head, read(response, reading).await)))
            }
            Err(error) => {
                let kinds = if error.is_connect() { vec!["is_connect"] } else { vec![] };
                Observed(Err(ErrorShape { kinds, ..shape_of(&error) }))
            }
        }
    }
}

fn request(ask: &Ask) -> http::Result<Request<Sent>> {
    let pieces = |pieces: &[&'static str], broken: bool| {
        let frames =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))));
        let end = broken.then(|| Err(io::Error::other("the source broke")));
        let frames: Vec<io::Result<Frame<Bytes>>> = frames.chain(end).collect();
        StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
    };
    let whole = |bytes: Vec<u8>| Full::from(bytes).map_err(|never| match never {}).boxed_unsync();
    let body = match &ask.payload {
        Payload::None => whole(Vec::new()),
        Payload::Bytes(bytes) => whole(bytes.clone()),
        Payload::Stream(texts) => pieces(texts, false),
        Payload::BrokenStream(texts) => pieces(texts, true),
        Payload::Form(fields) | Payload::Multipart(fields) => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
            whole(pairs.collect::<Vec<_>>().join("&").into_bytes())
        }
    };
    let mut request = Request::builder().method(ask.method).uri(&ask.url);
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    request.body(body)
}

fn head_of<B: http_body::Body>(response: &Response<B>) -> Head {
    let extensions = response.extensions();
    let reason = extensions.get::<ReasonPhrase>().map(|reason| format!("{reason:?}"));
    let info = extensions.get::<HttpInfo>();
    Head {
        status: response.status().as_u16(),
        version: format!("{:?}", response.version()),
        headers: pairs(response.headers()),
        url: None,
        peer: info.map(HttpInfo::remote_addr),
        content_length: response.body().size_hint().exact(),
        n_extensions: Some(extensions.len()),
        extensions: reason.into_iter().collect(),
        status_error: None,
    }
}

async fn read<B>(response: Response<B>, reading: Reading) -> Body
where
    B: http_body::Body<Data = Bytes, Error = hyper::Error> + Send + Unpin + 'static,
{
    match reading {
        Reading::Frames => frames(response.into_body(), true).await,
        Reading::FirstPiece => match response.into_body().frame().await {
            Some(Err(error)) => Body::failed(shape_of(&error)),
            piece => {
                let data = piece.and_then(Result::ok).and_then(|frame| frame.into_data().ok());
                Body { data: Data(data.unwrap_or_default().into()), ..Body::dropped() }
            }
        },
        Reading::Head => Body::dropped(),
        Reading::Upgrade => upgraded(response).await,
        Reading::Chunks => frames(response.into_body(), false).await,
        _ => match response.into_body().collect().await {
            Ok(body) => Body {
                trailers: body.trailers().map(pairs).unwrap_or_default(),
                data: Data(body.to_bytes().into()),
                ..Body::default()
            },
            Err(error) => Body::failed(shape_of(&error)),
        },
    }
}

/// Every frame, and, where it is asked for, what the body says of its rest before each.
async fn frames<B>(mut source: B, with_hints: bool) -> Body
where
    B: http_body::Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let mut body = Body::default();
    loop {
        if with_hints {
            let (hint, is_end) = (source.size_hint(), source.is_end_stream());
            body.size_hints.push(format!("{}..{:?} end {is_end}", hint.lower(), hint.upper()));
        }
        match source.frame().await {
            None => return body,
            Some(Err(error)) => return Body { ending: Ending::Failed(shape_of(&error)), ..body },
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => body.push(&data),
                Err(frame) => {
                    body.trailers.extend(frame.trailers_ref().map(pairs).unwrap_or_default());
                }
            },
        }
    }
}

/// Says something on the connection that is left, and reads what comes back.
async fn upgraded<B>(response: Response<B>) -> Body {
    let mut connection = match hyper::upgrade::on(response).await {
        Ok(connection) => TokioIo::new(connection),
        Err(error) => return Body::failed(shape_of(&error)),
    };
    let mut answer = vec![0; 4];
    let talk = async {
        connection.write_all(b"ping").await?;
        connection.read_exact(&mut answer).await
    };
    match talk.await {
        Ok(_) => Body::complete(answer),
        Err(error) => Body::failed(shape_of(&error)),
    }
}

fn shape_of<E: std::error::Error>(error: &E) -> ErrorShape {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        causes.push(source.to_string());
        cause = source.source();
    }
    let (display, debug) = (error.to_string(), format!("{error:?}"));
    ErrorShape { display, debug, causes, ..ErrorShape::default() }
}
