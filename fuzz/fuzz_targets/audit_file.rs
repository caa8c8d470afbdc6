//! Fuzzes the audit with the bytes of one file. It never reads a disk: what a tree may hold has
//! tests of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    egret_audit::audit::judge_bytes(bytes).expect("no bytes break the audit");
});
