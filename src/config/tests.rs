//! Configuration: defaults, precedence, and all errors at once.

use super::*;
use crate::host::HostPattern;

fn from(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let lookup = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Config::builder().variables(lookup).build()
}

#[test]
fn nothing_said_is_a_local_collector() {
    let config = from(&[]).unwrap();
    assert_eq!(config.batches_url.as_str(), "http://127.0.0.1:4750/v1/batches");
    assert!(config.is_enabled && config.authorization.is_none());
    assert!(config.resource["service.name"].starts_with("unknown_service:"));
}

#[test]
fn the_environment_is_read_and_code_goes_before_it() {
    let variables = [
        ("EGRET_COLLECTOR_URL", "https://collect.example/base/v1/batches/"),
        ("EGRET_TOKEN", " t0ken "),
        ("OTEL_SERVICE_NAME", "shop"),
        ("EGRET_ENVIRONMENT", "prod"),
        ("EGRET_FLUSH_INTERVAL_MS", "250"),
        ("EGRET_DISABLED", "Yes"),
        ("EGRET_QUEUE_RECORDS", ""),
    ];
    let config = from(&variables).unwrap();
    assert_eq!(config.batches_url.as_str(), "https://collect.example/base/v1/batches");
    assert_eq!(config.authorization.as_ref().unwrap(), "Bearer t0ken");
    assert_eq!(config.resource["service.name"], "shop");
    assert_eq!(config.resource["deployment.environment.name"], "prod");
    assert_eq!(config.batching.flush_interval, Duration::from_millis(250));
    assert_eq!(config.queue.records, 262_144);
    assert!(!config.is_enabled);
    let numbers = |name: &str| {
        ["RECORDS", "MAX_PER"].iter().any(|part| name.contains(part)).then(|| "7".to_owned())
    };
    let code = Config::builder().variables(numbers).service_name("mine");
    let code = code.collector_url("http://h").flush_interval(Duration::from_secs(2));
    let code = code
        .queue_bytes(1 << 20)
        .pending_bytes(8 << 20)
        .sample_hosts("A=0.5")
        .disabled(false)
        .build()
        .unwrap();
    assert_eq!(code.resource["service.name"], "mine");
    assert_eq!((code.queue.records, code.sampling.max_per_host_second), (7, Some(7)));
    assert_eq!(code.sampling.hosts, [(HostPattern::parse("a").unwrap(), 0.5)]);
}

#[test]
fn all_errors_come_at_once_with_what_would_be_valid() {
    let error = from(&[
        ("EGRET_COLLECTOR_URL", "ftp://ann:pa55@h"),
        ("EGRET_TOKEN", "tök en"),
        ("EGRET_QUEUE_RECORDS", "-1"),
        ("EGRET_FLUSH_INTERVAL_MS", "1s"),
        ("EGRET_SAMPLE_RATE", "5%"),
        ("EGRET_SAMPLE_HOSTS", "h=0.5,x"),
        ("EGRET_DISABLED", "maybe"),
    ])
    .unwrap_err();
    let text = error.to_string();
    for part in [
        "EGRET_COLLECTOR_URL: not an http or https URL; accepted is http://HOST:PORT",
        "EGRET_TOKEN: accepted are at most 1,024",
        "EGRET_QUEUE_RECORDS: \"-1\" is not a whole number from 1 to 8388608",
        "EGRET_FLUSH_INTERVAL_MS: \"1s\" is not a whole number from 10 to 600000",
        "EGRET_SAMPLE_RATE: accepted is a number from 0 to 1",
        "EGRET_SAMPLE_HOSTS: accepted is HOST=SHARE",
        "EGRET_DISABLED: accepted are 1, true",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(error.problems().len(), 7);
    assert!(!text.contains("pa55"), "{text}");
}

#[test]
fn no_debug_output_shows_the_token() {
    let builder = Config::builder().token("t0ken");
    assert!(!format!("{builder:?}").contains("t0ken"));
    assert!(!format!("{:?}", builder.build().unwrap()).contains("t0ken"));
}
