"""What schemathesis has to know to reach beyond the first refusal: real batches, lines and ids."""

import json
import pathlib

import schemathesis

REPOSITORY = pathlib.Path(__file__).parents[4]
GOLDEN = (REPOSITORY / "src/codec/golden_v1.egrt").read_bytes()
CLIENT_ID = "76b5cb91-a0a4-4ea0-a894-57d2b9fcb2c9"


def is_text(value):
    return isinstance(value, (bytes, str))


def raw(value):
    """What is neither bytes nor a text is wrong on purpose, and stays so."""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


@schemathesis.serializer("application/vnd.egret.batch")
def batch(ctx, given):
    """A real batch, whole or with something in the middle of it, or nothing but that."""
    value = raw(given)
    if not is_text(given):
        return value
    place = sum(value) % len(GOLDEN)
    return [GOLDEN, GOLDEN[:place] + value + GOLDEN[place:], value][len(value) % 3]


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """A line whose texts are what was generated, or that itself."""
    if not is_text(value):
        return raw(value)
    text = raw(value).decode(errors="replace")
    line = json.dumps({"url.full": text, "consumer": text, "target": text})
    return [line.encode(), raw(value)][len(text) % 2]


@schemathesis.serializer("application/x-protobuf", "application/octet-stream")
def binary(ctx, value):
    return raw(value)


@schemathesis.deserializer("application/x-ndjson", "application/x-protobuf", "application/vnd.apache.parquet")
def text(ctx, response):
    return response.content.decode("latin-1")


@schemathesis.hook.apply_to(path="/v2/{client_id}/{env}/{message}")
def map_path_parameters(ctx, path_parameters):
    """A client that is known, else every answer is 404."""
    if path_parameters:
        path_parameters["client_id"] = CLIENT_ID
        message = str(path_parameters.get("message", ""))
        path_parameters["message"] = ["startup", "sync", "log", message][len(message) % 4]
    return path_parameters
