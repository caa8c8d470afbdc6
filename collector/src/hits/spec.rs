//! Which handlers there are, as the settings have them.
//! It never starts one.

use std::path::PathBuf;
use std::time::Duration;

use egret::record::Kind;
use serde::Deserialize;

use crate::model::Hit;

/// Longest name of a handler, and its longest interval.
const LONGEST_NAME: usize = 64;
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);

/// The handlers that run, and what their log may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HitSettings {
    pub(crate) handlers: Vec<HandlerSpec>,
    /// Of those that do not say it themselves.
    pub(crate) interval: Duration,
    /// What waits for a handler that is behind; beyond it the oldest go.
    pub(crate) log_bytes: u64,
}

/// A handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandlerSpec {
    pub(crate) name: String,
    /// `None` for the one of the settings.
    pub(crate) interval: Option<Duration>,
    pub(crate) effect: Effect,
    pub(crate) filter: Filter,
}

/// What a handler does.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    CountToSqlite {
        path: PathBuf,
    },
    Webhook {
        url: String,
        /// A secret.
        token: Option<String>,
    },
    Log,
    /// What a test does.
    #[cfg(test)]
    Test(super::tests::Act),
}

/// Which hits a handler is for; an empty list is for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) services: Vec<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) routes: Vec<String>,
}

/// A handler as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    handler: String,
    #[serde(default = "enabled")]
    enabled: bool,
    interval_seconds: Option<u64>,
    path: Option<PathBuf>,
    url: Option<String>,
    token: Option<String>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    routes: Vec<String>,
}

fn enabled() -> bool {
    true
}

impl Default for HitSettings {
    fn default() -> Self {
        Self { handlers: Vec::new(), interval: Duration::from_secs(60), log_bytes: 256 << 20 }
    }
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the webhook's address either: it may hold a secret.
        f.write_str(match self {
            Self::CountToSqlite { .. } => "CountToSqlite",
            Self::Webhook { .. } => "Webhook",
            Self::Log => "Log",
            #[cfg(test)]
            Self::Test(_) => "Test",
        })
    }
}

impl Filter {
    /// Whether a hit is one of them.
    pub(super) fn passes(&self, hit: &Hit) -> bool {
        let is_in = |list: &[String], text: &String| list.is_empty() || list.contains(text);
        is_in(&self.services, &hit.service)
            && is_in(&self.kinds, &hit.kind)
            && is_in(&self.routes, &hit.route)
    }
}

/// The enabled handlers of an inline table of TOML: a name each, and what it is. Otherwise all that
/// is wrong with it.
pub(crate) fn specs(text: &str) -> Result<Vec<HandlerSpec>, Vec<String>> {
    let table: toml::Table = match format!("hits = {text}").parse() {
        Ok(table) => table,
        // The parser would show the text, in which there may be a secret.
        Err(_) => return Err(vec!["it is no inline table of TOML".to_owned()]),
    };
    let Some(toml::Value::Table(table)) = table.get("hits") else {
        return Err(vec!["it is no inline table of TOML".to_owned()]);
    };
    let mut specs = Vec::new();
    let mut mistakes = Vec::new();
    for (name, value) in table {
        match spec(name, value) {
            Ok(spec) => specs.extend(spec),
            Err(mistake) => mistakes.push(format!("handler {name:?}: {mistake}")),
        }
    }
    if mistakes.is_empty() { Ok(specs) } else { Err(mistakes) }
}

/// `None` when it is not enabled; valid it must be all the same.
fn spec(name: &str, value: &toml::Value) -> Result<Option<HandlerSpec>, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(is_plain) {
        return Err(format!(
            "its name must be 1 to {LONGEST_NAME} characters out of A-Z a-z 0-9 _ - ."
        ));
    }
    let written: Written = value.clone().try_into().map_err(|error: toml::de::Error| {
        // The message alone, without the line it is about.
        error.message().to_owned()
    })?;
    let interval = written.interval_seconds.map(Duration::from_secs);
    if interval.is_some_and(|it| it.is_zero() || it > LONGEST_INTERVAL) {
        return Err(format!("interval_seconds must be from 1 to {}", LONGEST_INTERVAL.as_secs()));
    }
    if let Some(kind) = written.kinds.iter().find(|kind| Kind::from_word(kind).is_none()) {
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        return Err(format!("{kind:?} is no kind; there are {}", kinds.join(", ")));
    }
    let Written { services, kinds, routes, enabled, .. } = &written;
    let filter =
        Filter { services: services.clone(), kinds: kinds.clone(), routes: routes.clone() };
    let enabled = *enabled;
    let effect = effect(written)?;
    Ok(enabled.then(|| HandlerSpec { name: name.to_owned(), interval, effect, filter }))
}

fn effect(written: Written) -> Result<Effect, String> {
    let Written { handler, path, url, token, .. } = written;
    match (handler.as_str(), path, url, token) {
        ("count_to_sqlite", Some(path), None, None) => Ok(Effect::CountToSqlite { path }),
        ("count_to_sqlite", ..) => {
            Err("count_to_sqlite needs `path`, the database's file, and nothing else".to_owned())
        }
        ("webhook", None, Some(url), token) => {
            let is_http = url.starts_with("http://") || url.starts_with("https://");
            let is_valid =
                is_http && url.parse::<hyper::Uri>().is_ok_and(|uri| uri.host().is_some());
            if !is_valid {
                return Err("`url` must begin with http:// or https:// and name a host".to_owned());
            }
            Ok(Effect::Webhook { url, token })
        }
        ("webhook", ..) => Err("webhook needs `url`, and may have `token`".to_owned()),
        ("log", None, None, None) => Ok(Effect::Log),
        ("log", ..) => Err("log takes neither `path` nor `url` nor `token`".to_owned()),
        (other, ..) => {
            Err(format!("there is no handler {other:?}; there are count_to_sqlite, webhook, log"))
        }
    }
}
