//! OpenTelemetry's Python messages as a decoder.
//! Never installs anything: `.ci/run` does, into `target/python`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The Python that has the messages: the one of `EGRET_PYTHON`, of `target/python`, or any.
fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    let named = std::env::var_os("EGRET_PYTHON").map(PathBuf::from);
    named.unwrap_or_else(|| if own.exists() { own } else { PathBuf::from("python3") })
}

/// Whether there is one. Says so where there is none, which fails where services are required.
pub(crate) fn has_python() -> bool {
    let import = "import opentelemetry.proto.collector.trace.v1.trace_service_pb2";
    let output = Command::new(python()).args(["-c", import]).output();
    let has = output.is_ok_and(|output| output.status.success());
    if !has {
        println!(
            "skipped: no Python with opentelemetry-proto; \
             python3 -m venv target/python && target/python/bin/pip install opentelemetry-proto"
        );
        let is_required = std::env::var("EGRET_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
        assert!(!is_required, "EGRET_REQUIRE_SERVICES=1");
    }
    has
}

/// A request's body as JSON.
#[track_caller]
pub(crate) fn decode(signal: &str, body: &[u8]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("request");
    std::fs::write(&file, body).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/otlp_decode.py");
    let output = Command::new(python()).arg(script).arg(signal).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
