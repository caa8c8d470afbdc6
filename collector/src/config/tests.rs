//! Which source wins, and what every mistake is called.
//! They never touch the process's own environment.

use std::path::Path;

use super::*;

/// Loads `file` with `variables`; flags are given as `key=value`.
fn load(
    file: &str,
    variables: &[(&str, &str)],
    change: impl FnOnce(&mut ServeFlags),
) -> Result<Settings, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("egret.toml");
    std::fs::write(&path, file).unwrap();
    let mut flags =
        ServeFlags { config: Some(path.display().to_string()), ..ServeFlags::default() };
    change(&mut flags);
    let env = |name: &str| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let place = format!("{}/", dir.path().display());
    Settings::load(&flags, env).map_err(|error| error.to_string().replace(&place, ""))
}

#[track_caller]
fn check_mistakes(file: &str, variables: &[(&str, &str)], expected: &[&str]) {
    let message = load(file, variables, |_| {}).unwrap_err();
    assert_eq!(message.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn without_anything_the_defaults_hold() {
    assert_eq!(load("", &[], |_| {}).unwrap(), Settings::default());
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file = "listen = 'file:1'\nmax_records = 1\nretention_days = 1\n\
                retention_minutes_days = 2\nretention_history_days = 3\nmax_new_series = 4";
    let variables = [
        ("EGRET_COLLECTOR_LISTEN", "env:1"),
        ("EGRET_COLLECTOR_MAX_RECORDS", "2"),
        ("EGRET_COLLECTOR_DATA_DIR", ""),
    ];
    let settings =
        load(file, &variables, |flags| flags.listen = Some("flag:1".to_owned())).unwrap();
    assert_eq!(settings.listen, "flag:1");
    assert_eq!(settings.limits.n_records, 2);
    let Retention { calls_days, minutes_days, history_days, .. } = settings.retention;
    assert_eq!((calls_days, minutes_days, history_days), (1, 2, 3));
    assert_eq!(settings.series, SeriesLimits { new_per_minute: 4, live: 100_000 });
    assert_eq!(settings.data_dir.as_deref(), Some(Path::new("./egret-data")));
}

#[test]
fn tokens_come_from_lists_and_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens");
    std::fs::write(&path, "three\n\n four \n").unwrap();
    let variables = [("EGRET_COLLECTOR_TOKENS", "one, two,")];
    let settings = load("tokens = ['lost']", &variables, |flags| {
        flags.token_file = Some(path.display().to_string());
    });
    let tokens = settings.unwrap().tokens;
    for token in ["one", "two", "three", "four"] {
        assert!(tokens.has(token.as_bytes()), "{token}");
    }
    assert!(!tokens.has(b"lost"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    check_mistakes(
        "max_records = 0\nbody_timeout_seconds = 1.5\ntokens = 'a'\nlisten_port = 7",
        &[
            ("EGRET_COLLECTOR_LISTEN", "localhost"),
            ("EGRET_COLLECTOR_QUEUE_BYTES", "64M"),
            ("EGRET_COLLECTOR_DURABILITY", "most"),
            ("EGRET_COLLECTOR_TOKEN_FILE", "/does/not/exist"),
        ],
        &[
            "`body_timeout_seconds` in egret.toml must be a string or a whole number",
            "`tokens` in egret.toml must be a list of strings",
            "EGRET_COLLECTOR_LISTEN is \"localhost\", but must be an address with a port, such as \
             127.0.0.1:4750 or localhost:4750",
            "`max_records` in egret.toml is \"0\", but must be a whole number, 1 or more",
            "EGRET_COLLECTOR_QUEUE_BYTES is \"64M\", but must be a whole number, 1 or more",
            "EGRET_COLLECTOR_DURABILITY is \"most\", but must be full or normal",
            "EGRET_COLLECTOR_TOKEN_FILE is \"/does/not/exist\", but must be a file with one token \
             a line: No such file or directory (os error 2)",
            "`listen_port` in egret.toml is not a setting; there are listen, data_dir, tokens, \
             token_file, hub_clients, max_batch_bytes, max_decoded_bytes, max_records, \
             max_record_bytes, max_connections, queue_batches, \
             queue_bytes, min_free_bytes, durability, quarantine_files, quarantine_bytes, header_timeout_seconds, \
             body_timeout_seconds, retention_days, fleet_metrics, \
              retention_minutes_days, retention_history_days, max_series, max_new_series, hits, hits_interval_seconds, hits_disabled, \
             hits_log_bytes",
        ],
    );
}

#[test]
fn times_and_days_have_a_longest() {
    for key in ["header_timeout_seconds", "body_timeout_seconds", "hits_interval_seconds"] {
        let valid = "but must be a whole number from 1 to 31536000";
        for text in ["0", "31536001", "18446744073709551615", "18446744073709551616"] {
            check_mistakes(
                &format!("{key} = '{text}'"),
                &[],
                &[&format!("`{key}` in egret.toml is {text:?}, {valid}")],
            );
        }
        assert!(load(&format!("{key} = 31536000"), &[], |_| {}).is_ok());
    }
    let days =
        [("retention_days", 0), ("retention_minutes_days", 1), ("retention_history_days", 1)];
    for (key, least) in days {
        for text in ["-1", "36501", "99999999999999"] {
            let valid = format!("but must be a whole number from {least} to 36500");
            check_mistakes(
                &format!("{key} = '{text}'"),
                &[],
                &[&format!("`{key}` in egret.toml is {text:?}, {valid}")],
            );
        }
        assert!(load(&format!("{key} = 36500"), &[], |_| {}).is_ok());
    }
}

#[test]
fn a_bad_token_is_told_by_its_place_and_not_printed() {
    let message = load("tokens = ['fine', 'not fine']", &[], |_| {}).unwrap_err();
    assert!(message.starts_with("`tokens` in egret.toml: token 2 is not valid"), "{message}");
    assert!(!message.contains("not fine"));
}

#[test]
fn a_file_that_is_no_toml_is_a_mistake() {
    let message = load("listen = ", &[], |_| {}).unwrap_err();
    assert!(message.starts_with("the file egret.toml must be readable TOML"), "{message}");
}

#[test]
fn the_help_names_every_variable_and_which_source_wins() {
    let mut command = <Cli as clap::CommandFactory>::command();
    let serve = command.find_subcommand_mut("serve").unwrap();
    for help in [serve.render_help(), serve.render_long_help()] {
        let help = help.to_string();
        assert!(help.contains("from its flag, else from its environment variable"), "{help}");
        for key in sources::KEYS.into_iter().chain(["config"]) {
            let variable = sources::variable(key);
            assert!(help.lines().any(|line| line.split_whitespace().next() == Some(&variable)));
        }
    }
}

#[test]
fn hub_clients_are_a_list_and_a_bad_one_is_told_by_its_place_and_not_printed() {
    let id = "76b5cb91-a0a4-4ea0-a894-57d2b9fcb2c9";
    let settings = load(&format!("hub_clients = ['{id}=shop']"), &[], |_| {}).unwrap();
    assert_eq!(settings.hub_clients.find(id).unwrap().service, "shop");
    let list = format!("{id}=shop, hush=pay");
    let error = load("", &[("EGRET_COLLECTOR_HUB_CLIENTS", &list)], |_| {}).unwrap_err();
    let expected = "EGRET_COLLECTOR_HUB_CLIENTS: client 2 is not valid: a hub client must be \
                    <client id>=<service>, the id a UUID that no other client has";
    assert_eq!(error, expected);
    let error = load("hub_clients = 'x'", &[], |_| {}).unwrap_err();
    assert!(error.contains("must be a list of strings"), "{error}");
}
