//! Who is measured beside egret, each set up as its own documentation says, but for queues that hold
//! what is measured and an interval that is short enough for exports to fall into the measurement.
//! They never share a pipeline: each has its exporter to the same sink. Fastrace's spans go nowhere,
//! which is less than any real reporter does.

use std::time::Duration;

use anyhow::Result;
use opentelemetry::trace::{Span, SpanKind, Status, Tracer, TracerProvider};
use opentelemetry::{KeyValue, trace::SpanBuilder};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider,
};

use crate::calls::Sample;
use crate::sink::Sink;

/// How often everybody sends, egret too.
pub const INTERVAL: Duration = Duration::from_millis(250);

/// A provider of spans that go to the sink by OTLP. The queue is large enough that nothing is
/// dropped where calls are paced; in a burst the SDK may drop, which costs its caller less.
pub fn otlp(sink: &Sink) -> Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(sink.url("/v1/traces"))
        .with_timeout(Duration::from_secs(5))
        .build()?;
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(1 << 16)
        .with_max_export_batch_size(1 << 12)
        .with_scheduled_delay(INTERVAL)
        .build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    Ok(SdkTracerProvider::builder().with_span_processor(processor).build())
}

/// Makes `tracing` spans of this process go to the sink by OTLP, in the versions that
/// `reqwest-tracing` knows.
pub fn trace_calls(address: &str) -> Result<opentelemetry_sdk_032::trace::SdkTracerProvider> {
    use opentelemetry_032::trace::TracerProvider as _;
    use opentelemetry_otlp_032::WithExportConfig as _;
    use opentelemetry_sdk_032::trace as sdk;
    use tracing_subscriber::layer::SubscriberExt;

    let exporter = opentelemetry_otlp_032::SpanExporter::builder()
        .with_http()
        .with_protocol(opentelemetry_otlp_032::Protocol::HttpBinary)
        .with_endpoint(format!("http://{address}/v1/traces"))
        .with_timeout(Duration::from_secs(5))
        .build()?;
    let config = sdk::BatchConfigBuilder::default()
        .with_max_queue_size(1 << 16)
        .with_max_export_batch_size(1 << 12)
        .with_scheduled_delay(INTERVAL)
        .build();
    let processor = sdk::BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    let provider = sdk::SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = tracing_opentelemetry_033::layer().with_tracer(provider.tracer("peers"));
    // The exporter's own calls must not become spans that are exported in turn.
    let filter =
        tracing_subscriber::filter::filter_fn(|meta| meta.target().starts_with("reqwest_"));
    let layer = tracing_subscriber::Layer::with_filter(layer, filter);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    Ok(provider)
}

/// The OpenTelemetry SDK alone: a client span with the conventions' attributes.
pub fn span(tracer: &SdkTracer, sample: &Sample) {
    let builder =
        SpanBuilder::from_name(sample.method).with_kind(SpanKind::Client).with_attributes(vec![
            KeyValue::new("http.request.method", sample.method),
            KeyValue::new("server.address", sample.host),
            KeyValue::new("server.port", 443),
            KeyValue::new("url.full", sample.url.clone()),
            KeyValue::new("url.template", sample.template),
        ]);
    let mut span = tracer.build_with_context(builder, &opentelemetry::Context::new());
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(sample.status)));
    if sample.status >= 400 {
        span.set_status(Status::error(""));
    }
    span.end();
}

/// A tracer of this provider.
pub fn tracer(provider: &SdkTracerProvider) -> SdkTracer {
    provider.tracer("peers")
}

/// `tracing` with OpenTelemetry's layer, as `reqwest-tracing` uses it.
pub fn traced(sample: &Sample) {
    let span = tracing::info_span!(
        "HTTP request",
        otel.kind = "client",
        http.request.method = sample.method,
        server.address = sample.host,
        server.port = 443,
        url.full = sample.url.as_str(),
        url.template = sample.template,
        http.response.status_code = tracing::field::Empty,
    );
    let _entered = span.enter();
    span.record("http.response.status_code", sample.status);
}

/// A sentry transaction for one call.
pub fn transaction(sample: &Sample) {
    let context = sentry::TransactionContext::new(sample.template, "http.client");
    let transaction = sentry::start_transaction(context);
    transaction.set_tag("http.request.method", sample.method);
    transaction.set_tag("server.address", sample.host);
    transaction.set_data("url.full", sample.url.as_str().into());
    transaction.set_data("http.response.status_code", sample.status.into());
    transaction.finish();
}

/// A root span of fastrace with the same properties.
pub fn fast(sample: &Sample) {
    let root = fastrace::Span::root(sample.method, fastrace::prelude::SpanContext::random());
    root.add_properties(|| {
        [
            ("http.request.method", sample.method.to_owned()),
            ("server.address", sample.host.to_owned()),
            ("url.full", sample.url.clone()),
            ("url.template", sample.template.to_owned()),
            ("http.response.status_code", sample.status.to_string()),
        ]
    });
}

/// Takes fastrace's spans and drops them: less than any real reporter does.
pub struct Nowhere;

impl fastrace::collector::Reporter for Nowhere {
    fn report(&mut self, _: Vec<fastrace::prelude::SpanRecord>) {}
}
