//! Fuzzes what the collector reads of a body. It never needs a server or a disk.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    egret_collector::fuzz::otlp_json(bytes).expect("what is taken can be stored");
});
