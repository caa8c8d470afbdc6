//! Where an OTLP backend is and how it is asked.
//! Never repeats a header's value in an error: it may be a token.

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::metrics::Endpoints;
use super::post::Poster;
use super::progress::Progress;
use super::{Exporter, OtlpTransport};

/// What is wrong with an OTLP configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("otlp: {}", .problems.join("; "))]
pub struct OtlpError {
    problems: Vec<String>,
}

impl OtlpError {
    /// One sentence per bad value: its name, what would be valid.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// Builds an [`OtlpTransport`].
#[derive(Debug, Clone)]
pub struct OtlpBuilder {
    traces: Option<String>,
    metrics: Option<String>,
    headers: HeaderMap,
    problems: Vec<String>,
}

impl OtlpBuilder {
    pub(super) fn new(endpoint: &str) -> Self {
        let base = endpoint.trim().trim_end_matches('/');
        Self {
            traces: Some(format!("{base}/v1/traces")),
            metrics: Some(format!("{base}/v1/metrics")),
            headers: HeaderMap::new(),
            problems: Vec::new(),
        }
    }

    /// From OpenTelemetry's variables, by whatever lookup.
    pub(super) fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let said = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let endpoint = said("OTEL_EXPORTER_OTLP_ENDPOINT");
        let mut builder = Self::new(endpoint.as_deref().unwrap_or("http://localhost:4318"));
        // The address of one signal is taken as it is, without a path added.
        builder.traces = said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or(builder.traces);
        builder.metrics = said("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT").or(builder.metrics);
        for header in said("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default().split(',') {
            match header.split_once('=') {
                Some((name, value)) => {
                    // Percent-encoded, as in W3C Baggage.
                    let value = crate::redact::decoded(value.trim()).into_owned();
                    builder = builder.header(name.trim(), &value);
                }
                None if header.trim().is_empty() => {}
                None => builder.problems.push(
                    "OTEL_EXPORTER_OTLP_HEADERS: accepted is NAME=VALUE,..., as api-key=abc"
                        .to_owned(),
                ),
            }
        }
        builder
    }

    /// One more header of every request, as `authorization`. Its value is kept out of debug output.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.problems.push("header: its name is no header's name".to_owned()),
            (_, Err(_)) => {
                self.problems.push(format!("header {name}: accepted is visible ASCII"));
            }
        }
        self
    }

    /// Sends no metrics, for backends that take none.
    #[must_use]
    pub fn only_spans(mut self) -> Self {
        self.metrics = None;
        self
    }

    /// Sends no spans, for backends that take none.
    #[must_use]
    pub fn only_metrics(mut self) -> Self {
        self.traces = None;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// When an address or a header is not valid; all that are come back at once.
    pub fn build(self) -> Result<OtlpTransport, OtlpError> {
        let mut problems = self.problems;
        let mut url = |signal: &str, text: Option<String>| {
            let url = Url::parse(&text?).ok().filter(is_address);
            if url.is_none() {
                problems.push(format!(
                    "{signal}: accepted is http://HOST:PORT or https://HOST[:PORT], without \
                     credentials and query; tokens are headers"
                ));
            }
            url
        };
        let traces = url("endpoint of traces", self.traces);
        let metrics = url("endpoint of metrics", self.metrics);
        if !problems.is_empty() {
            return Err(OtlpError { problems });
        }
        Ok(OtlpTransport(std::sync::Arc::new(Exporter {
            poster: Poster::new(traces, metrics, self.headers),
            progress: Progress::default(),
            endpoints: Endpoints::default(),
        })))
    }
}

fn is_address(url: &Url) -> bool {
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    matches!(url.scheme(), "http" | "https") && !has_credentials && url.query().is_none()
}
