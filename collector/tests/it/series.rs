//! Promise: a metric over time is exact at every step, in every group, under every filter.
//! They never trust one number with another: each is counted from the calls that were sent.

use egret_collector::Collector;
use serde_json::Value;

use crate::fixture::{Call, Client, Numbers, answer, batch, recently_ns};

const MINUTE_NS: u64 = 60_000_000_000;

fn calls() -> Vec<Call> {
    let mut numbers = Numbers(5);
    let statuses = [Some(200), Some(200), Some(204), Some(404), Some(500), None];
    let call = |_| {
        let host = ["a", "b", "c", "d"][numbers.below(4).min(numbers.below(4)) as usize];
        let mut call = Call::new("/", 200);
        call.url = format!(
            "https://{host}.example.com/v1/{}",
            ["ping", "list"][numbers.below(2) as usize]
        );
        call.status = statuses[numbers.below(6) as usize];
        call.method = ["GET", "POST"][numbers.below(2) as usize];
        call.start_ns = recently_ns() - numbers.below(4 * 60) * MINUTE_NS;
        call.total_ns = 1_000_000 * (1 + numbers.below(3_000));
        call
    };
    (0..2_000).map(call).collect()
}

fn is_error(call: &Call) -> bool {
    call.status.is_none_or(|status| status >= 400)
}

/// The values of all steps of a group of the answer, summed up.
fn sum(group: &Value) -> u64 {
    group["values"].as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).sum()
}

fn host_of(call: &Call) -> &str {
    call.url.trim_start_matches("https://").split('/').next().unwrap()
}

/// Each step of the answer is what the calls that began in it add up to.
#[track_caller]
fn check_steps(answer: &Value, step_minutes: u64, calls: &[&Call]) {
    assert_eq!(answer["step_seconds"], step_minutes * 60);
    let times = answer["times"].as_array().unwrap();
    let values = answer["groups"][0]["values"].as_array().unwrap();
    assert_eq!(times.len(), values.len());
    assert_eq!(times[0], answer["from"]);
    let seconds = |time: &Value| {
        let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
        u64::try_from(time.as_second()).unwrap()
    };
    let step_of = |seconds: u64| seconds / 60 / step_minutes;
    for (time, value) in times.iter().zip(values) {
        let step = step_of(seconds(time));
        let within = calls.iter().filter(|call| step_of(call.start_ns / 1_000_000_000) == step);
        assert_eq!(*value, within.count(), "{time} at {step_minutes} minutes");
    }
    assert_eq!(sum(&answer["groups"][0]), calls.len() as u64);
}

#[tokio::test]
async fn a_series_is_what_a_count_by_hand_is() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let calls = calls();
    client.send(&batch(&calls)).await;
    let all: Vec<&Call> = calls.iter().collect();
    for (step, minutes) in [("1m", 1), ("5m", 5), ("30m", 30), ("1h", 60), ("1d", 1_440)] {
        let answer = client.get(&format!("/api/v1/series?from=6h&step={step}")).await;
        assert_eq!((&answer["metric"], &answer["unit"]), (&"requests".into(), &"calls".into()));
        check_steps(&answer, minutes, &all);
    }
    // Chosen by itself: 500 points at most.
    check_steps(&client.get("/api/v1/series?from=6h").await, 1, &all);
    check_steps(&client.get("/api/v1/series?from=32d").await, 120, &all);
    let posts: Vec<&Call> = calls.iter().filter(|call| call.method == "POST").collect();
    check_steps(&client.get("/api/v1/series?from=6h&method=post&service=shop").await, 1, &posts);
    let failed: Vec<&Call> = calls.iter().filter(|call| call.status == Some(500)).collect();
    check_steps(&client.get("/api/v1/series?from=6h&status=5xx").await, 1, &failed);
    check_steps(&client.get("/api/v1/series?from=6h&status=500").await, 1, &failed);
    // And the same filters for the summary.
    let summary = client.get("/api/v1/summary?from=6h&method=post&host=A.example.com").await;
    let of_a = posts.iter().filter(|call| host_of(call) == "a.example.com");
    assert_eq!(summary["count"], of_a.count());
    collector.shutdown().await;
}

#[tokio::test]
async fn groups_and_others_are_all_calls() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let calls = calls();
    client.send(&batch(&calls)).await;
    let mut by_host = std::collections::BTreeMap::<&str, u64>::new();
    calls.iter().for_each(|call| *by_host.entry(host_of(call)).or_default() += 1);
    let answer = client.get("/api/v1/series?from=6h&group_by=host&limit=2&step=1h").await;
    let groups = answer["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &answer["others"]["n_groups"]), (2, &2.into()));
    let mut n_named = 0;
    for group in groups {
        let expected = by_host[group["value"].as_str().unwrap()];
        assert_eq!((sum(group), &group["count"]), (expected, &expected.into()));
        assert!(by_host.values().filter(|n| **n > expected).count() < 2, "the largest");
        n_named += expected;
    }
    assert_eq!(sum(&answer["others"]), 2_000 - n_named);
    assert_eq!(answer["others"]["count"], 2_000 - n_named);
    let words = "service environment host method template target status status_class error_type \
                 consumer kind";
    for word in words.split_whitespace() {
        let answer = client.get(&format!("/api/v1/series?from=6h&group_by={word}&limit=50")).await;
        let groups = answer["groups"].as_array().unwrap();
        assert_eq!(groups.iter().map(sum).sum::<u64>(), 2_000, "{word}");
        assert_eq!((&answer["group_by"], answer.get("others")), (&word.into(), None));
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn metrics_are_what_the_calls_say() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let calls = calls();
    client.send(&batch(&calls)).await;
    // One step over everything: a day, or two around midnight.
    let value = async |metric: &str| {
        let path = format!("/api/v1/series?from=6h&step=1d&metric={metric}");
        let answer = client.get(&path).await;
        let values = answer["groups"][0]["values"].as_array().unwrap().clone();
        (values.len() == 1).then(|| values[0].as_f64().unwrap())
    };
    let near = |found: Option<f64>, expected: f64| {
        // Around midnight there are two steps, and nothing is claimed.
        found.is_none_or(|found| (found / expected - 1.0).abs() < 0.012)
    };
    let n_errors = calls.iter().filter(|call| is_error(call)).count() as f64;
    assert!(near(value("errors").await, n_errors));
    assert!(near(value("error_rate").await, n_errors / 2_000.0));
    assert!(near(value("response_bytes").await, 20_000.0));
    let mut durations: Vec<u64> = calls.iter().map(|call| call.total_ns).collect();
    durations.sort_unstable();
    for (metric, rank) in [("p50", 1_000), ("p90", 1_800), ("p95", 1_900), ("p99", 1_980)] {
        assert!(near(value(metric).await, durations[rank - 1] as f64 / 1e6), "{metric}");
    }
    let good = calls.iter().filter(|call| !is_error(call));
    let worth = good.map(|call| match call.total_ns / 1_000_000 {
        0..=300 => 1.0,
        301..=1_200 => 0.5,
        _ => 0.0,
    });
    let apdex = worth.sum::<f64>() / 2_000.0;
    assert!(near(value("apdex&threshold_ms=300").await, apdex), "{apdex}");
    let nothing = client.get("/api/v1/series?metric=p50&host=nobody.com").await;
    let values = nothing["groups"][0]["values"].as_array().unwrap();
    assert!((60..=62).contains(&values.len()) && values.iter().all(Value::is_null), "{nothing}");
    collector.shutdown().await;
}

#[tokio::test]
async fn a_bad_series_is_told_what_would_be_good() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let table = [
        ("metric=speed", "`metric` is \"speed\", but must be one of requests, errors, error_rate"),
        ("step=7m", "`step` is \"7m\", but must be one of 1m, 2m, 5m"),
        ("group_by=path", "`group_by` is \"path\", but must be one of service, environment"),
        ("limit=51", "`limit` is \"51\", but must be a number from 1 to 50"),
        ("threshold_ms=5", "`threshold_ms` is for `metric=apdex` alone"),
        ("metric=apdex&threshold_ms=0", "but must be a whole number of milliseconds, 1 or more"),
        ("status=6xx", "`status` is \"6xx\""),
        ("from=7d&step=1m", "give a longer `step`, or a later `from`"),
        ("from=0", "steps, but an answer has at most 1500"),
        ("hosts=a", "`hosts` is not a parameter here; there are from, to, threshold_ms, metric"),
    ];
    for (question, says) in table {
        let get = client.request(reqwest::Method::GET, &format!("/api/v1/series?{question}"));
        let (status, problem) = answer(get).await;
        assert_eq!(status, 400, "{question}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{detail:?} does not say {says:?}");
    }
    collector.shutdown().await;
}
