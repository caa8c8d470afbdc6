//! A bounded run of the fuzz targets: seeds, changed in ways that are the same in every run.
//! They never need a fuzzer; `fuzz/` has the targets for one.

use std::path::Path;

use super::*;

/// Changed inputs of each target.
const N_INPUTS: usize = 8_000;

/// A generator whose numbers are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// A range within a length.
    fn within(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length);
        start..start + self.below((length - start).min(64) + 1)
    }
}

/// Files that are taken as they are, from the folder that fuzzers begin with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// One to four changes: bits, bytes, numbers at their ends, cuts, repetitions, parts of another.
fn change(seed: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        if bytes.is_empty() {
            return bytes;
        }
        let place = numbers.below(bytes.len());
        match numbers.below(7) {
            0 => bytes[place] ^= 1 << numbers.below(8),
            1 => bytes[place] = numbers.byte(),
            2 => bytes[place] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'0', b'-'][numbers.below(8)],
            3 => bytes.truncate(place),
            4 => drop(bytes.drain(numbers.within(seed.len().min(place + 1)))),
            5 => {
                let copied = bytes[numbers.within(bytes.len())].to_vec();
                bytes.splice(place..place, copied);
            }
            _ => {
                let from_other = other[numbers.within(other.len())].to_vec();
                bytes.splice(place..place, from_other);
            }
        }
    }
    bytes
}

#[track_caller]
fn check(target: &str, run: fn(&[u8]) -> Result<bool, DecodeError>) {
    let seeds = seeds(target);
    for (n, seed) in seeds.iter().enumerate() {
        assert!(run(seed).unwrap(), "{target}: seed {n} is not taken");
    }
    let mut numbers = Numbers(17);
    let mut n_taken = 0;
    for n in 0..N_INPUTS {
        let other = &seeds[numbers.below(seeds.len())];
        let bytes = change(&seeds[n % seeds.len()], other, &mut numbers);
        n_taken += usize::from(run(&bytes).unwrap());
    }
    println!("{target}: {n_taken} of {N_INPUTS} changed inputs are taken");
    assert!(n_taken > N_INPUTS / 100 && n_taken < N_INPUTS, "{target}: {n_taken}");
}

#[test]
fn batches() {
    check("batch", batch);
}

#[test]
fn lines() {
    check("ndjson", ndjson);
}

#[test]
fn traces_in_protobuf() {
    check("otlp_protobuf", otlp_protobuf);
}

#[test]
fn traces_in_json() {
    check("otlp_json", otlp_json);
}

#[test]
fn messages_of_the_hub() {
    check("hub", hub);
}
