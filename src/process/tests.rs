//! The system's texts, read.

use super::*;

#[test]
fn the_systems_texts_are_read() {
    assert_eq!(rss_bytes("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2 << 20));
    assert_eq!(rss_bytes("Name:\tx\n"), None);
    let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 5 1 1";
    assert_eq!(cpu_ns(stat), Some(3_000_000_000));
    assert_eq!(cpu_ns("7 (a"), None);
}

#[test]
fn this_process_has_memory() {
    let heartbeat = heartbeat(1);
    assert!(!cfg!(target_os = "linux") || heartbeat.rss_bytes > Some(1 << 20));
}
