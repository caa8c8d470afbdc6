//! Where a setting can come from, and which of them wins.
//! It never knows what a value means: values are texts that remember their origin.

use std::collections::BTreeMap;

use toml::Value;

use super::ServeFlags;

/// Every setting, by its key in the file.
pub(super) const KEYS: [&str; 28] = [
    "listen",
    "data_dir",
    "tokens",
    "token_file",
    "hub_clients",
    "max_batch_bytes",
    "max_decoded_bytes",
    "max_records",
    "max_record_bytes",
    "max_connections",
    "queue_batches",
    "queue_bytes",
    "min_free_bytes",
    "durability",
    "quarantine_files",
    "quarantine_bytes",
    "header_timeout_seconds",
    "body_timeout_seconds",
    "retention_days",
    "fleet_metrics",
    "retention_minutes_days",
    "retention_history_days",
    "max_series",
    "max_new_series",
    "hits",
    "hits_interval_seconds",
    "hits_disabled",
    "hits_log_bytes",
];

/// A value and where it was given, for messages.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) origin: String,
    pub(super) text: String,
}

/// For each key the value that wins.
#[derive(Debug, Default)]
pub(super) struct Sources {
    given: BTreeMap<&'static str, Given>,
    /// What the file has and no setting is called.
    unknown: Vec<String>,
}

impl Sources {
    /// Reads all sources. A file that cannot be read is a mistake, and an empty source.
    pub(super) fn gather(
        flags: &ServeFlags,
        env: impl Fn(&str) -> Option<String>,
        mistakes: &mut Vec<String>,
    ) -> Self {
        let mut sources = Self::default();
        // An empty variable is how scripts leave one unset.
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        if let Some(path) = flags.config.clone().or_else(|| env(&variable("config"))) {
            sources.read_file(&path, mistakes);
        }
        for key in KEYS {
            let origin = variable(key);
            if let Some(text) = env(&origin) {
                sources.given.insert(key, Given { origin, text });
            }
        }
        for (key, text) in flags.given() {
            let origin = format!("--{}", key.replace('_', "-"));
            let text = text.to_owned();
            sources.given.insert(key, Given { origin, text });
        }
        sources
    }

    /// The value of a key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Given> {
        debug_assert!(KEYS.contains(&key), "{key} is missing in KEYS");
        self.given.remove(key)
    }

    /// Unknown keys are mistakes: a misspelt setting must not be a setting that is not there.
    pub(super) fn report_unknown(self, mistakes: &mut Vec<String>) {
        for key in self.unknown {
            mistakes.push(format!("{key} is not a setting; there are {}", KEYS.join(", ")));
        }
    }

    fn read_file(&mut self, path: &str, mistakes: &mut Vec<String>) {
        let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let table = read.and_then(|text| text.parse::<toml::Table>().map_err(|e| e.to_string()));
        let table = match table {
            Ok(table) => table,
            Err(error) => {
                let mistake =
                    format!("the file {path} must be readable TOML: {}", error.trim_end());
                return mistakes.push(mistake);
            }
        };
        for (key, value) in table {
            let origin = format!("`{key}` in {path}");
            let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
                self.unknown.push(origin);
                continue;
            };
            match text_of(known, &value) {
                Ok(text) => {
                    self.given.insert(known, Given { origin, text });
                }
                Err(valid) => mistakes.push(format!("{origin} must be {valid}")),
            }
        }
    }
}

/// The environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("EGRET_COLLECTOR_{}", key.to_ascii_uppercase())
}

fn text_of(key: &str, value: &Value) -> Result<String, &'static str> {
    let is_list = matches!(key, "tokens" | "hub_clients" | "hits_disabled");
    match value {
        // As the variable has it: an inline table.
        Value::Table(_) if key == "hits" => Ok(value.to_string()),
        _ if key == "hits" => Err("a table of handlers"),
        Value::Array(items) if is_list => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(",")).ok_or("a list of strings")
        }
        _ if is_list => Err("a list of strings"),
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(flag) if key == "fleet_metrics" => Ok(flag.to_string()),
        _ => Err("a string or a whole number"),
    }
}
