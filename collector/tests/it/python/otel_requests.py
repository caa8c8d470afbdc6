"""Calls a server with requests, instrumented by OpenTelemetry, and exports the spans.

Arguments: the collector's URL, the server's URL.
"""

import sys

import requests
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

collector, server = sys.argv[1:]
resource = Resource.create({"service.name": "python-shop", "deployment.environment.name": "test"})
provider = TracerProvider(resource=resource)
exporter = OTLPSpanExporter(endpoint=f"{collector}/v1/traces", compression=Compression.Gzip)
provider.add_span_processor(BatchSpanProcessor(exporter))
trace.set_tracer_provider(provider)
RequestsInstrumentor().instrument()

with trace.get_tracer("test").start_as_current_span("no call"):
    requests.get(f"{server}/v1/items/7?token=hunter2", timeout=10)
    requests.post(f"{server}/v1/items", json={}, timeout=10)
    requests.delete(f"{server}/v1/missing", timeout=10)
    try:
        # Nobody listens on port 9.
        requests.get("http://127.0.0.1:9/gone", timeout=10)
    except requests.ConnectionError:
        pass

if not provider.force_flush(30_000):
    sys.exit("the spans were not taken")
provider.shutdown()
