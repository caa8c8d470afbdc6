//! reqwest's blocking client, bare and wrapped: the same program twice, with another import.
//! Never blocks the runtime: each request has a thread of its own.

use std::io::{self, Read};

use egret::Egret;
use hyper::ext::ReasonPhrase;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::redirect;

use super::ask::{Ask, Need, Payload, Reading, Redirects, Setup};
use super::async_caller::shape_of;
use super::caller::{Caller, Session};
use super::observed::{Body, Data, Ending, ErrorShape, Head, Observed, pairs};

const READINGS: &[Reading] = &[
    Reading::Bytes,
    Reading::Chunks,
    Reading::Stream,
    Reading::Text,
    Reading::Json,
    Reading::FirstPiece,
    Reading::Head,
];

fn can(need: Need) -> bool {
    !matches!(need, Need::Upgrade | Need::ReadTimeout)
}

/// reqwest's blocking client as it comes.
pub(crate) struct BlockingBare;

/// The same behind egret.
pub(crate) struct BlockingWrapped {
    egret: Egret,
    /// Whether egret builds the client, too.
    is_built: bool,
}

impl BlockingWrapped {
    /// Behind [`Egret::wrap_blocking`].
    pub(crate) fn new(egret: &Egret) -> Self {
        Self { egret: egret.clone(), is_built: false }
    }

    /// By [`Egret::blocking_client`].
    pub(crate) fn built(egret: &Egret) -> Self {
        Self { egret: egret.clone(), is_built: true }
    }
}

impl Caller for BlockingBare {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        let build = || configured(reqwest::blocking::Client::builder(), setup).build().unwrap();
        Box::new(bare::Open(Some(apart(build))))
    }

    fn can(&self, need: Need) -> bool {
        can(need)
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn is_prompt(&self) -> bool {
        false
    }

    fn recorded(&self) -> Option<u64> {
        None
    }
}

impl Caller for BlockingWrapped {
    fn open(&self, setup: &Setup) -> Box<dyn Session> {
        let build = || {
            if self.is_built {
                let builder = self.egret.blocking_client();
                return builder.configure(|inner| configured(inner, setup)).build().unwrap();
            }
            let bare = configured(reqwest::blocking::Client::builder(), setup).build().unwrap();
            self.egret.wrap_blocking(bare)
        };
        Box::new(wrapped::Open(Some(apart(build))))
    }

    fn can(&self, need: Need) -> bool {
        can(need)
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn is_prompt(&self) -> bool {
        false
    }

    fn recorded(&self) -> Option<u64> {
        Some(self.egret.stats().offered)
    }
}

/// On a thread that has no runtime: the blocking client refuses others.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

fn configured(
    builder: reqwest::blocking::ClientBuilder,
    setup: &Setup,
) -> reqwest::blocking::ClientBuilder {
    let mut builder = builder.no_proxy().cookie_store(setup.keeps_cookies);
    if let Some(timeout) = setup.timeout {
        builder = builder.timeout(timeout);
    }
    builder = match setup.redirects {
        Redirects::Default => builder,
        Redirects::None => builder.redirect(redirect::Policy::none()),
        Redirects::Max(n) => builder.redirect(redirect::Policy::limited(n)),
    };
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

/// Says its pieces, and breaks off where it is broken.
pub(super) struct Pieces {
    pub(super) left: std::vec::IntoIter<&'static str>,
    pub(super) is_broken: bool,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.left.next() {
            Some(piece) => {
                buffer[..piece.len()].copy_from_slice(piece.as_bytes());
                Ok(piece.len())
            }
            None if self.is_broken => Err(io::Error::other("the source broke")),
            None => Ok(0),
        }
    }
}

/// Everything that an error of `Read` tells.
pub(super) fn shape_of_io(error: &io::Error) -> ErrorShape {
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    let mut shape = own.map(shape_of).unwrap_or_default();
    shape.display = format!("{error}");
    shape.debug = format!("{:?} {error:?}", error.kind());
    shape
}

/// The program, once for each import.
macro_rules! program {
    ($name:ident, $($api:ident)::+) => {
        mod $name {
            use super::*;
            use $($api)::+ as api;

            /// `None` once it is dropped, which takes a thread, too.
            pub(super) struct Open(pub(super) Option<api::Client>);

            impl Drop for Open {
                fn drop(&mut self) {
                    let client = self.0.take();
                    apart(move || drop(client));
                }
            }

            #[async_trait::async_trait]
            impl Session for Open {
                async fn ask(&mut self, ask: &Ask, reading: Reading) -> Observed {
                    let (client, ask) = (self.0.clone().unwrap(), ask.clone());
                    let work = move || Observed(send(&client, &ask).map_err(|error| *error).map(|response| {
                        (head_of(&response), read(response, reading))
                    }));
                    tokio::task::spawn_blocking(work).await.unwrap()
                }
            }

            fn send(client: &api::Client, ask: &Ask) -> Result<api::Response, Box<ErrorShape>> {
                let mut request = client.request(ask.method.parse().unwrap(), &ask.url);
                for (name, value) in &ask.headers {
                    request = request.header(*name, value);
                }
                if let Some(timeout) = ask.timeout {
                    request = request.timeout(timeout);
                }
                let pieces = |pieces: &[&'static str], is_broken: bool| {
                    api::Body::new(Pieces { left: pieces.to_vec().into_iter(), is_broken })
                };
                request = match &ask.payload {
                    Payload::None => request,
                    Payload::Bytes(bytes) => request.body(bytes.clone()),
                    Payload::Stream(all) => request.body(pieces(all, false)),
                    Payload::BrokenStream(all) => request.body(pieces(all, true)),
                    Payload::Form(fields) => request.form(fields),
                    Payload::Multipart(fields) => {
                        let form = api::multipart::Form::new();
                        let add = |form: api::multipart::Form, (name, value): &(&'static str, &'static str)| {
                            form.text(*name, *value)
                        };
                        request.multipart(fields.iter().fold(form, add))
                    }
                };
                request.send().map_err(|error| Box::new(shape_of(&error)))
            }

            fn head_of(response: &api::Response) -> Head {
                let extensions = response.extensions();
                let reason = extensions.get::<ReasonPhrase>().map(|reason| format!("{reason:?}"));
                let info = extensions.get::<HttpInfo>();
                let info = info.map(|info| format!("peer {}", info.remote_addr()));
                let printed = Some(format!("{response:?}"));
                Head {
                    status: response.status().as_u16(),
                    version: format!("{:?}", response.version()),
                    headers: pairs(response.headers()),
                    url: Some(response.url().to_string()),
                    peer: response.remote_addr(),
                    content_length: response.content_length(),
                    n_extensions: Some(extensions.len()),
                    extensions: reason.into_iter().chain(info).chain(printed).collect(),
                    status_error: response.error_for_status_ref().err().map(|e| shape_of(&e)),
                }
            }

            fn read(mut response: api::Response, reading: Reading) -> Body {
                let whole = |result: reqwest::Result<Vec<u8>>| {
                    result.map_or_else(|error| Body::failed(shape_of(&error)), Body::complete)
                };
                match reading {
                    Reading::Bytes => whole(response.bytes().map(Vec::from)),
                    Reading::Text => whole(response.text().map(String::into_bytes)),
                    Reading::Json => {
                        let value = response.json::<serde_json::Value>();
                        whole(value.map(|value| value.to_string().into_bytes()))
                    }
                    Reading::Stream => {
                        let mut data = Vec::new();
                        let result = response.copy_to(&mut data);
                        let ending = result.map_or_else(
                            |error| Ending::Failed(shape_of(&error)),
                            |_| Ending::Complete,
                        );
                        Body { data: Data(data), ending, ..Body::default() }
                    }
                    Reading::FirstPiece => {
                        let mut buffer = [0; 1];
                        match response.read(&mut buffer) {
                            Ok(n) => Body { data: Data(buffer[..n].into()), ..Body::dropped() },
                            Err(error) => Body::failed(shape_of_io(&error)),
                        }
                    }
                    Reading::Head => Body::dropped(),
                    _ => {
                        let mut body = Body::default();
                        let mut buffer = vec![0; 65_536];
                        loop {
                            match response.read(&mut buffer) {
                                Ok(0) => return body,
                                Ok(n) => body.push(&buffer[..n]),
                                Err(error) => {
                                    let ending = Ending::Failed(shape_of_io(&error));
                                    return Body { ending, ..body };
                                }
                            }
                        }
                    }
                }
            }
        }
    };
}

program!(bare, reqwest::blocking);
program!(wrapped, egret::blocking);
