//! The table of steps. It never says how a step is carried out.

use super::{Step, Work, process};

/// Every step, in the order in which it runs: what fails fastest comes first.
///
/// The examples with real SDKs are a workspace of their own, so that what the SDKs depend on is
/// neither compiled with egret's tests nor switches on features of egret's dependencies.
#[rustfmt::skip]
pub const STEPS: &[Step] = &[
    process("fmt", &[], "cargo fmt --all --check"),
    Step { name: "tidy", env: &[], command: "cargo xtask tidy", work: Work::Tidy },
    process("audit", &[], "cargo xtask audit --deny-warnings"),
    process("wire-only", &[], "cargo check -p egret --no-default-features --features wire"),
    process("reqwest-0-12-only", &[], "cargo check -p egret --no-default-features --features client,reqwest-0-12"),
    process("clippy", &[], "cargo clippy --workspace --all-targets --all-features -- -D warnings"),
    process("docs", &[("RUSTDOCFLAGS", "-D warnings")], "cargo doc --workspace --all-features --no-deps"),
    process("test", &[("EGRET_REQUIRE_SERVICES", "1")], "cargo test --workspace --all-features"),
    process("example-quickstart", &[], "cargo run --release --example quickstart -- --once"),
    process("example-manual-log", &[], "cargo run --release --example manual_log -- --once"),
    process("example-axum-service", &[], "cargo run --release --example axum_service -- --once"),
    process("example-drop-in", &[], "cargo run --release --example drop_in -- --once"),
    process("example-download-counts", &[], "cargo run --release --features hits --example download_counts -- --once"),
    process("sdks-fmt", &[], "cargo fmt --manifest-path examples/sdks/Cargo.toml --check"),
    process("sdks-clippy", &[], "cargo clippy --manifest-path examples/sdks/Cargo.toml --target-dir target/sdks --all-targets -- -D warnings"),
    process("example-sdk-gcloud-storage", &[], "cargo run --manifest-path examples/sdks/Cargo.toml --target-dir target/sdks --bin gcloud_storage -- --once"),
    process("example-sdk-async-openai", &[], "cargo run --manifest-path examples/sdks/Cargo.toml --target-dir target/sdks --bin async_openai -- --once"),
    process("example-sdk-object-store", &[], "cargo run --manifest-path examples/sdks/Cargo.toml --target-dir target/sdks --bin object_store -- --once"),
    process("example-sdk-posthog", &[], "cargo run --manifest-path examples/sdks/Cargo.toml --target-dir target/sdks --bin posthog -- --once"),
];
