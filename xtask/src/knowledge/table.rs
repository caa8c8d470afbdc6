//! Reads the tables that ship with the audit.
//! It never reads at run time what could be wrong: a test reads the same tables.

use serde::Deserialize;

use super::Knowledge;
use super::braces::expand;

const CLIENTS: &str = include_str!("clients.toml");
const COVERS: &str = include_str!("covers.toml");

/// What a path does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(super) crate_index: usize,
    /// Whether it sends by itself.
    pub is_call: bool,
    /// Whether it is a raw socket.
    pub is_socket: bool,
}

/// What a type is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends.
    Client,
    /// Becomes a client.
    Builder,
    /// Says how a client is to be.
    Config,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    client: Vec<Client>,
    aliases: rustc_hash::FxHashMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Client {
    packages: Vec<String>,
    words: Vec<String>,
    construct: Vec<String>,
    call: Vec<String>,
    socket: Vec<String>,
    clients: Vec<String>,
    builders: Vec<String>,
    configs: Vec<String>,
    into: Vec<String>,
    methods: Vec<String>,
    returns: Vec<[String; 2]>,
    extension: Vec<String>,
    generated: Vec<String>,
}

/// The shipped tables; a table that cannot be read is empty, which a test notices.
pub(super) fn shipped() -> Knowledge {
    read(CLIENTS, COVERS).unwrap_or_default()
}

pub(super) fn read(clients: &str, covers: &str) -> Result<Knowledge, toml::de::Error> {
    let tables: Tables = toml::from_str(clients)?;
    let mut knowledge = Knowledge {
        aliases: tables.aliases,
        covers: toml::from_str(covers)?,
        ..Knowledge::default()
    };
    for client in tables.client {
        knowledge.learn(client);
    }
    for [function, result] in knowledge.covers.gives.clone() {
        knowledge.returns.insert(function, result);
    }
    let known: Vec<String> = knowledge.covers.paths().map(str::to_owned).collect();
    for path in known {
        knowledge.learn_prefixes(&path);
    }
    Ok(knowledge)
}

impl Knowledge {
    fn learn(&mut self, client: Client) {
        let crate_index = self.names.len();
        let Some(first) = client.packages.first() else {
            return;
        };
        let root = first.replace('-', "_");
        self.names.push(first.clone());
        self.type_names.push(Vec::new());
        self.module_names.push(Vec::new());
        for package in &client.packages {
            let name = package.replace('-', "_");
            if client.words.is_empty() {
                self.words.push(name.clone());
            }
            self.packages.insert(name, crate_index);
        }
        self.words.extend(client.words.iter().cloned());
        let full = |patterns: &[String]| -> Vec<String> {
            let all = patterns.iter().flat_map(|pattern| expand(pattern));
            all.map(|path| format!("{root}::{path}")).collect()
        };
        let kinds = [
            (&client.construct, false, false),
            (&client.call, true, false),
            (&client.socket, true, true),
        ];
        for (patterns, is_call, is_socket) in kinds {
            for path in full(patterns) {
                self.learn_names(crate_index, &path);
                self.entries.insert(path, Entry { crate_index, is_call, is_socket });
            }
        }
        let roles = [
            (&client.clients, Role::Client),
            (&client.builders, Role::Builder),
            (&client.configs, Role::Config),
        ];
        for (patterns, role) in roles {
            for path in full(patterns) {
                self.learn_names(crate_index, &format!("{path}::_"));
                self.types.insert(path, role);
            }
        }
        for [function, result] in &client.returns {
            for path in full(std::slice::from_ref(function)) {
                self.returns.insert(path, format!("{root}::{result}"));
            }
        }
        self.into.extend(full(&client.into));
        for path in full(&client.methods) {
            let name = path.rsplit("::").next().unwrap_or_default().to_owned();
            self.methods.entry(name).or_insert(path);
        }
        if let [name, methods @ ..] = client.extension.as_slice() {
            self.extensions.push((format!("{root}::{name}"), methods.to_vec()));
        }
        if let [suffix, function] = client.generated.as_slice() {
            self.generated.push((root, suffix.clone(), function.clone()));
        }
    }
}
