"""Reads /metrics with Prometheus' own parser; prints each sample as JSON, by name and labels."""

import json
import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with urllib.request.urlopen(sys.argv[1]) as answer:
    content_type = answer.headers["content-type"]
    text = answer.read().decode()

assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8", content_type
samples = {}
for family in text_string_to_metric_families(text):
    assert family.documentation, family.name
    for sample in family.samples:
        labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        key = f"{sample.name}{{{labels}}}"
        assert key not in samples, key
        samples[key] = sample.value
print(json.dumps(samples))
