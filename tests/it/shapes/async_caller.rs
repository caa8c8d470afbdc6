//! reqwest's asynchronous client, bare and wrapped.
//! Never tells the two apart but in how a request is sent.

use std::io;

use bytes::Bytes;
use egret::Egret;
use futures_util::TryStreamExt;
use http_body_util::BodyExt;
use hyper::ext::ReasonPhrase;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{Client, Request, Response, redirect};
use reqwest_middleware::ClientWithMiddleware;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ask::{Ask, Need, Payload, Reading, Redirects, Setup};
use super::caller::{Caller, Session};
use super::observed::{Body, Data, Ending, ErrorShape, Head, Observed, pairs};

const READINGS: &[Reading] = &[
    Reading::Frames,
    Reading::Bytes,
    Reading::Chunks,
    Reading::Stream,
    Reading::Text,
    Reading::Json,
    Reading::FirstPiece,
    Reading::Head,
    Reading::Upgrade,
];

/// reqwest as it comes.
pub(crate) struct Bare;

/// reqwest behind a stack of middlewares.
pub(crate) struct Wrapped {
    egret: Egret,
    wrap: Box<dyn Fn(&Setup) -> ClientWithMiddleware + Send + Sync>,
}

impl Wrapped {
    /// Behind [`Egret::wrap`].
    pub(crate) fn new(egret: &Egret) -> Self {
        let handle = egret.clone();
        Self::by(egret, move |client| handle.wrap(client))
    }

    /// By the builder that measures connections.
    pub(crate) fn measured(egret: &Egret) -> Self {
        let handle = egret.clone();
        let wrap = move |setup: &Setup| {
            let builder = handle.reqwest_client().configure(|inner| configured(inner, setup));
            builder.redirect(policy(setup)).build().unwrap()
        };
        Self { egret: egret.clone(), wrap: Box::new(wrap) }
    }

    /// Behind a stack of one's own, which records with `egret`.
    pub(crate) fn by(
        egret: &Egret,
        wrap: impl Fn(Client) -> ClientWithMiddleware + Send + Sync + 'static,
    ) -> Self {
        Self { egret: egret.clone(), wrap: Box::new(move |setup| wrap(client(setup))) }
    }
}

/// reqwest under egret's name, which records with the default: that of `egret::captured`.
#[cfg(feature = "test-util")]
pub(crate) struct DropIn;

/// An open client, and how it sends.
enum Open {
    Bare(Client),
    #[cfg(feature = "test-util")]
    DropIn(Client, egret::http::Client),
    /// The bare client makes the request, so that both send the same one.
    Wrapped(Client, ClientWithMiddleware),
}

impl Caller for Bare {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        Box::new(Open::Bare(client(setup)))
    }

    fn can(&self, _: Need) -> bool {
        true
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn recorded(&self) -> Option<u64> {
        None
    }
}

impl Caller for Wrapped {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        Box::new(Open::Wrapped(client(setup), (self.wrap)(setup)))
    }

    fn can(&self, _: Need) -> bool {
        true
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn recorded(&self) -> Option<u64> {
        Some(self.egret.stats().offered)
    }
}

#[cfg(feature = "test-util")]
impl Caller for DropIn {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        let builder = egret::http::Client::builder().redirect(policy(setup));
        let built = builder.configure(|inner| configured(inner, setup)).build().unwrap();
        Box::new(Open::DropIn(client(setup), built))
    }

    fn can(&self, _: Need) -> bool {
        true
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn recorded(&self) -> Option<u64> {
        Some(egret::stats().offered)
    }
}

/// The client that a setup describes.
fn client(setup: &Setup) -> Client {
    configured(Client::builder(), setup).redirect(policy(setup)).build().unwrap()
}

fn policy(setup: &Setup) -> redirect::Policy {
    match setup.redirects {
        Redirects::Default => redirect::Policy::default(),
        Redirects::None => redirect::Policy::none(),
        Redirects::Max(n) => redirect::Policy::limited(n),
    }
}

/// Everything but the redirects.
fn configured(builder: reqwest::ClientBuilder, setup: &Setup) -> reqwest::ClientBuilder {
    let mut builder = builder.no_proxy().cookie_store(setup.keeps_cookies);
    if let Some(timeout) = setup.timeout {
        builder = builder.timeout(timeout);
    }
    if let Some(timeout) = setup.read_timeout {
        builder = builder.read_timeout(timeout);
    }
    if setup.leaves_encoded {
        builder = builder.no_gzip().no_brotli().no_deflate();
    }
    if setup.http2 {
        builder = builder.http2_prior_knowledge();
    }
    if let Some(root) = &setup.root {
        builder = builder.tls_certs_only([reqwest::Certificate::from_der(root).unwrap()]);
    }
    builder
}

/// The request that an ask describes.
fn request(client: &Client, ask: &Ask) -> reqwest::Result<Request> {
    let mut request = client.request(ask.method.parse().unwrap(), &ask.url);
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    if let Some(timeout) = ask.timeout {
        request = request.timeout(timeout);
    }
    let stream = |pieces: &[&'static str], broken: bool| {
        let pieces = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        let end = broken.then(|| Err(io::Error::other("the source broke")));
        let pieces: Vec<io::Result<Bytes>> = pieces.chain(end).collect();
        reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))
    };
    request = match &ask.payload {
        Payload::None => request,
        Payload::Bytes(bytes) => request.body(bytes.clone()),
        Payload::Stream(pieces) => request.body(stream(pieces, false)),
        Payload::BrokenStream(pieces) => request.body(stream(pieces, true)),
        Payload::Form(fields) => request.form(fields),
        Payload::Multipart(fields) => {
            let form = reqwest::multipart::Form::new();
            request
                .multipart(fields.iter().fold(form, |form, (name, value)| form.text(*name, *value)))
        }
    };
    request.build()
}

#[async_trait::async_trait]
impl Session for Open {
    async fn ask(&mut self, ask: &Ask, reading: Reading) -> Observed {
        let plain = match self {
            Self::Bare(plain) | Self::Wrapped(plain, _) => plain,
            #[cfg(feature = "test-util")]
            Self::DropIn(plain, _) => plain,
        };
        let request = match request(plain, ask) {
            Ok(request) => request,
            Err(error) => return Observed(Err(shape_of(&error))),
        };
        let result = match self {
            Self::Bare(client) => client.execute(request).await.map_err(|error| shape_of(&error)),
            #[cfg(feature = "test-util")]
            Self::DropIn(_, client) => {
                let request = egret::http::RequestBuilder::from_parts(client.clone(), request);
                request.send().await.map_err(|error| shape_of(&error))
            }
            Self::Wrapped(_, client) => {
                client.execute(request).await.map_err(|error| match error {
                    reqwest_middleware::Error::Reqwest(error) => shape_of(&error),
                    // A user of the bare client never meets this one.
                    error => ErrorShape { display: error.to_string(), ..ErrorShape::default() },
                })
            }
        };
        match result {
            Ok(response) => {
                let head = head_of(&response);
                Observed(Ok((head, read(response, reading).await)))
            }
            Err(error) => Observed(Err(error)),
        }
    }
}

fn head_of(response: &Response) -> Head {
    let extensions = response.extensions();
    let reason = extensions.get::<ReasonPhrase>().map(|reason| format!("{reason:?}"));
    let info = extensions.get::<HttpInfo>().map(|info| format!("peer {}", info.remote_addr()));
    let upgrade = extensions.get::<OnUpgrade>().map(|_| "an upgrade".to_owned());
    let cookies = response.cookies().map(|cookie| format!("{cookie:?}"));
    Head {
        status: response.status().as_u16(),
        version: format!("{:?}", response.version()),
        headers: pairs(response.headers()),
        url: Some(response.url().to_string()),
        peer: response.remote_addr(),
        content_length: response.content_length(),
        n_extensions: Some(extensions.len()),
        extensions: reason.into_iter().chain(info).chain(upgrade).chain(cookies).collect(),
        status_error: response.error_for_status_ref().err().map(|error| shape_of(&error)),
    }
}

async fn read(mut response: Response, reading: Reading) -> Body {
    let whole = |result: reqwest::Result<Vec<u8>>| {
        result.map_or_else(|error| Body::failed(shape_of(&error)), Body::complete)
    };
    match reading {
        Reading::Frames => frames(http::Response::from(response).into_body()).await,
        Reading::Bytes => whole(response.bytes().await.map(Vec::from)),
        Reading::Text => whole(response.text().await.map(String::into_bytes)),
        Reading::Json => {
            let value = response.json::<serde_json::Value>().await;
            whole(value.map(|value| value.to_string().into_bytes()))
        }
        Reading::Chunks => {
            let mut body = Body::default();
            loop {
                match response.chunk().await {
                    Ok(Some(piece)) => body.push(&piece),
                    Ok(None) => return body,
                    Err(error) => return Body { ending: failed(&error), ..body },
                }
            }
        }
        Reading::Stream => {
            let mut body = Body::default();
            let mut stream = response.bytes_stream();
            loop {
                match stream.try_next().await {
                    Ok(Some(piece)) => body.push(&piece),
                    Ok(None) => return body,
                    Err(error) => return Body { ending: failed(&error), ..body },
                }
            }
        }
        Reading::FirstPiece => match response.chunk().await {
            Ok(piece) => Body { data: Data(piece.unwrap_or_default().into()), ..Body::dropped() },
            Err(error) => Body::failed(shape_of(&error)),
        },
        Reading::Head => Body::dropped(),
        Reading::Upgrade => upgraded(response).await,
    }
}

/// Every frame, and what the body says of its rest before each.
async fn frames(mut source: reqwest::Body) -> Body {
    use http_body::Body as _;

    let mut body = Body::default();
    loop {
        let hint = source.size_hint();
        let (lower, upper, is_end) = (hint.lower(), hint.upper(), source.is_end_stream());
        body.size_hints.push(format!("{lower}..{upper:?} end {is_end}"));
        match source.frame().await {
            None => return body,
            Some(Err(error)) => return Body { ending: failed(&error), ..body },
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
async fn upgraded(response: Response) -> Body {
    let mut connection = match response.upgrade().await {
        Ok(connection) => connection,
        Err(error) => return Body::failed(shape_of(&error)),
    };
    let mut answer = vec![0; 4];
    let talk = async {
        connection.write_all(b"ping").await?;
        connection.read_exact(&mut answer).await
    };
    match talk.await {
        Ok(_) => Body::complete(answer),
        Err(error) => {
            Body::failed(ErrorShape { display: error.to_string(), ..ErrorShape::default() })
        }
    }
}

fn failed(error: &reqwest::Error) -> Ending {
    Ending::Failed(shape_of(error))
}

/// What a user can ask a reqwest error.
pub(crate) fn shape_of(error: &reqwest::Error) -> ErrorShape {
    let questions = [
        ("is_body", error.is_body()),
        ("is_builder", error.is_builder()),
        ("is_connect", error.is_connect()),
        ("is_decode", error.is_decode()),
        ("is_dns", error.is_dns()),
        ("is_redirect", error.is_redirect()),
        ("is_request", error.is_request()),
        ("is_status", error.is_status()),
        ("is_timeout", error.is_timeout()),
        ("is_upgrade", error.is_upgrade()),
    ];
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        causes.push(source.to_string());
        cause = source.source();
    }
    ErrorShape {
        kinds: questions.iter().filter(|(_, yes)| *yes).map(|(name, _)| *name).collect(),
        display: error.to_string(),
        debug: format!("{error:?}"),
        causes,
        url: error.url().map(ToString::to_string),
        status: error.status().map(|status| status.as_u16()),
    }
}
