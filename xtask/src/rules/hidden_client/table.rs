//! What is known of crates that carry clients: the data file beside this one, read and checked.
//! It never judges; entries say what their sources say.

use serde::Deserialize;

const DATA: &str = include_str!("sdks.toml");

/// What is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    client: Vec<Client>,
    parts: Vec<String>,
    sdk: Vec<Sdk>,
}

/// A crate that makes calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    name: String,
    /// If not empty: only with one of these.
    #[serde(default)]
    features: Vec<String>,
}

/// A crate that carries a client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sdk {
    /// The crate.
    pub name: String,
    /// The version whose sources were read.
    pub read: String,
    /// The file, line and text in that version that show it.
    pub seen: String,
    /// The HTTP crates that it depends on directly.
    pub carries: Vec<String>,
    /// What it lets a user put in.
    pub kind: Kind,
    /// What a user writes.
    pub(super) write: Option<String>,
}

/// What a crate lets a user put in the place of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A client of reqwest-middleware.
    Middleware,
    /// A tower service or layer.
    Tower,
    /// A trait of its own, to be implemented over a recorded client.
    Adapter,
    /// The call itself: the user sends the request.
    Closure,
    /// Only a bare client, in which nothing of egret fits.
    Raw,
    /// Nothing.
    None,
}

/// Why the data file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the table of dependencies is broken: {0}")]
pub struct BadTable(#[from] toml::de::Error);

impl Table {
    /// Reads the data that this program was built with.
    ///
    /// # Errors
    /// When the data file was edited into something else; a test reads it too.
    pub fn load() -> Result<Self, BadTable> {
        Ok(toml::from_str(DATA)?)
    }

    /// What is known of a crate.
    #[must_use]
    pub fn sdk(&self, name: &str) -> Option<&Sdk> {
        self.sdk.iter().find(|sdk| sdk.name == name)
    }

    /// All crates that carry clients.
    #[must_use]
    pub fn sdks(&self) -> &[Sdk] {
        &self.sdk
    }

    /// Whether the crate makes calls when these features of it are asked for; `None` when nobody
    /// knows the features.
    pub(super) fn is_client(&self, name: &str, features: Option<&[String]>) -> Option<bool> {
        let Some(client) = self.client.iter().find(|client| client.name == name) else {
            return Some(false);
        };
        if client.features.is_empty() {
            return Some(true);
        }
        Some(features?.iter().any(|feature| client.features.contains(feature)))
    }

    /// Whether the crate is itself a client, a part of one, or a server.
    pub(super) fn is_part(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part == name)
            || self.client.iter().any(|client| client.name == name)
    }
}

impl Kind {
    /// The way in, as the help says it.
    #[must_use]
    pub fn way_in(self) -> &'static str {
        match self {
            Self::Middleware => "a middleware client",
            Self::Tower => "a tower layer",
            Self::Adapter => "a trait to implement",
            Self::Closure => "the request is sent by you",
            Self::Raw => "a bare client only",
            Self::None => "none found",
        }
    }
}

impl Sdk {
    /// What a user writes.
    #[must_use]
    pub fn write(&self) -> &str {
        match (&self.write, self.kind) {
            (Some(write), _) => write,
            (None, Kind::Raw) => RAW,
            (None, _) => NONE,
        }
    }
}

const RAW: &str = "nothing of egret fits into that: wrap its calls with `egret::observe_async`, send \
    it through the gateway, or ask upstream for a middleware client";

const NONE: &str = "wrap its calls with `egret::observe_async`, send it through the gateway, or ask \
    upstream for a way in";
