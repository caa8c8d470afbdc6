//! Promise: the summary is exact, and its percentiles are within 1.2 %.
//! They never trust the histogram: percentiles are checked against the sorted durations.

use std::collections::BTreeMap;

use egret_collector::Collector;
use serde_json::Value;

use crate::fixture::{Call, Client, Numbers, batch, batch_with, minutes_of, recently_ns};

fn calls(n: usize, numbers: &mut Numbers) -> Vec<Call> {
    let statuses = [Some(200), Some(204), Some(302), Some(404), Some(500), Some(503), None];
    let call = |_| {
        let path = ["/v1/users/42", "/v1/users/7", "/v1/ping"][numbers.below(3) as usize];
        let mut call = Call::new(path, 200);
        call.status = statuses[numbers.below(7) as usize];
        call.method = ["GET", "POST"][numbers.below(2) as usize];
        call.start_ns = recently_ns() - numbers.below(50 * 60) * 1_000_000_000;
        // From microseconds to minutes, as evenly over the magnitudes as it goes.
        call.total_ns = 1_000 << numbers.below(26);
        call.total_ns += numbers.below(call.total_ns);
        call
    };
    (0..n).map(call).collect()
}

type Key = (String, String, String);

/// What the summary must say, computed call by call.
fn expected(calls: &[Call]) -> BTreeMap<Key, Vec<&Call>> {
    let mut groups = BTreeMap::<Key, Vec<&Call>>::new();
    for call in calls {
        let template = if call.url.contains("users") { "/v1/users/{int}" } else { "/v1/ping" };
        let class = call.status.map_or("none".to_owned(), |status| format!("{}xx", status / 100));
        let key = (call.method.to_owned(), template.to_owned(), class);
        groups.entry(key).or_default().push(call);
    }
    groups
}

#[track_caller]
fn check_percentile(row: &Value, name: &str, q: f64, group: &[&Call]) {
    let mut durations: Vec<u64> = group.iter().map(|call| call.total_ns).collect();
    durations.sort_unstable();
    let rank = ((q * durations.len() as f64).ceil() as usize).max(1);
    let exact_ms = durations[rank - 1] as f64 / 1e6;
    let found_ms = row[name].as_f64().unwrap();
    assert!((found_ms / exact_ms - 1.0).abs() < 0.012, "{name}: {found_ms} for {exact_ms}");
}

#[track_caller]
fn check(summary: &Value, calls: &[Call]) {
    let groups = expected(calls);
    let rows = summary["rows"].as_array().unwrap();
    assert_eq!(rows.len(), groups.len());
    assert_eq!(summary["count"], calls.len());
    assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row["count"].as_u64())));
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let group = &groups[&(text("method"), text("template"), text("status_class"))];
        assert_eq!(row["count"], group.len());
        let is_error = |call: &&&Call| call.status.is_none_or(|status| status >= 400);
        assert_eq!(row["errors"], group.iter().filter(is_error).count());
        assert_eq!(row["response_bytes"], 10 * group.len());
        assert_eq!(row["request_bytes"], 0);
        assert_eq!(
            (text("host"), text("target")),
            ("api.example.com".to_owned(), "example".to_owned())
        );
        check_percentile(row, "p50_ms", 0.5, group);
        check_percentile(row, "p95_ms", 0.95, group);
        check_percentile(row, "p99_ms", 0.99, group);
    }
}

#[tokio::test]
async fn the_summary_is_what_a_count_by_hand_is() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let calls = calls(3_000, &mut Numbers(1));
    // Folded here, folded by the client, in many batches that fall on the same minutes.
    for (n, chunk) in calls.chunks(250).enumerate() {
        let own = minutes_of(chunk);
        let sent = if n % 2 == 0 { batch(chunk) } else { batch_with(&chunk[..1], Some(&own), &[]) };
        client.send(&sent).await;
    }
    check(&client.get("/api/v1/summary").await, &calls);
    let first_half = recently_ns() - 25 * 60_000_000_000;
    let seconds = first_half / 1_000_000_000;
    let early: Vec<Call> = calls.iter().filter(|c| c.start_ns < first_half).cloned().collect();
    let late: Vec<Call> = calls.iter().filter(|c| c.start_ns >= first_half).cloned().collect();
    check(&client.get(&format!("/api/v1/summary?from=24h&to={seconds}")).await, &early);
    check(&client.get(&format!("/api/v1/summary?from={seconds}&kind=client")).await, &late);
    assert_eq!(client.get("/api/v1/summary?kind=server").await["count"], 0);
    assert_eq!(client.get("/api/v1/summary?service=shop").await["count"], 3_000);
    collector.shutdown().await;
}
