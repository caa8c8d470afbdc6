"""Decodes OTLP requests with OpenTelemetry's own Python messages and prints them as JSON.

Usage: otlp_decode.py (traces|metrics) FILE
"""

import json
import sys

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def value(any_value):
    known = getattr(any_value, any_value.WhichOneof("value"))
    if any_value.WhichOneof("value") == "array_value":
        return [value(one) for one in known.values]
    return known


def attributes(pairs):
    keys = [pair.key for pair in pairs]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return {pair.key: value(pair.value) for pair in pairs}


def group(of):
    return {"resource": attributes(of.resource.attributes), "schema_url": of.schema_url}


def span(one):
    return {
        "trace_id": one.trace_id.hex(),
        "span_id": one.span_id.hex(),
        "name": one.name,
        "kind": Span.SpanKind.Name(one.kind),
        "start": one.start_time_unix_nano,
        "end": one.end_time_unix_nano,
        "status": Status.StatusCode.Name(one.status.code),
        "attributes": attributes(one.attributes),
    }


def point(one):
    return {
        "attributes": attributes(one.attributes),
        "start": one.start_time_unix_nano,
        "time": one.time_unix_nano,
        "count": one.count,
        "sum": one.sum,
        "bounds": list(one.explicit_bounds),
        "buckets": list(one.bucket_counts),
    }


def metric(one):
    temporality = one.histogram.aggregation_temporality
    return {
        "name": one.name,
        "unit": one.unit,
        "temporality": AggregationTemporality.Name(temporality),
        "points": [point(p) for p in one.histogram.data_points],
    }


signal, path = sys.argv[1:]
data = open(path, "rb").read()
if signal == "traces":
    groups = ExportTraceServiceRequest.FromString(data).resource_spans
    out = [
        group(g) | {"scope": s.scope.name, "spans": [span(x) for x in s.spans]}
        for g in groups
        for s in g.scope_spans
    ]
else:
    groups = ExportMetricsServiceRequest.FromString(data).resource_metrics
    out = [
        group(g) | {"scope": s.scope.name, "metrics": [metric(x) for x in s.metrics]}
        for g in groups
        for s in g.scope_metrics
    ]
json.dump(out, sys.stdout)
