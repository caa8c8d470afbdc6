//! The instances that were seen: one row each, and their start-up messages apart.
//! It never reads a start-up message to write another sign of life.

use std::collections::BTreeMap;

use egret::batch::{Heartbeat, Startup};
use rusqlite::{Connection, OptionalExtension, Row};

use super::ReadError;
use super::sums::integer;
use crate::model::{Instance, Sighting};

/// Adds sightings to what is known, inside the caller's transaction.
pub(super) fn add(
    connection: &Connection,
    sightings: &BTreeMap<Instance, Sighting>,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT service, environment, instance, version, sdk, first_seen_ns, last_seen_ns,
                heartbeat, skews_ns, NULL
         FROM instances WHERE service = ?1 AND environment = ?2 AND instance = ?3",
    )?;
    let mut replace = connection.prepare_cached(
        "INSERT OR REPLACE INTO instances VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut start = connection.prepare_cached(
        "INSERT INTO startups VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
         SET started_unix_ns = excluded.started_unix_ns, startup = excluded.startup
         WHERE excluded.started_unix_ns >= started_unix_ns",
    )?;
    for (instance, seen) in sightings {
        let Instance { service, environment, id } = instance;
        let known = select.query_row((service, environment, id), sighting).optional()?;
        let all = match known {
            Some((_, mut known)) => {
                known.add(seen.clone());
                known
            }
            None => seen.clone(),
        };
        replace.execute((
            service,
            environment,
            id,
            &all.version,
            &all.sdk,
            integer(all.first_seen_ns),
            integer(all.last_seen_ns),
            all.heartbeat.as_ref().map(json),
            json(&all.skews_ns),
        ))?;
        if let Some(startup) = &seen.startup {
            let started_ns = integer(startup.started_unix_ns);
            start.execute((service, environment, id, started_ns, json(startup)))?;
        }
    }
    Ok(())
}

/// The instances of one service, or of all; with their start-up messages. The last seen first.
pub(super) fn read(
    connection: &Connection,
    service: Option<&str>,
) -> Result<Vec<(Instance, Sighting)>, ReadError> {
    // A file of an earlier version has no such table until a collector opens it.
    if !connection.table_exists(None, "instances")? {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare(
        "SELECT service, environment, instance, version, sdk, first_seen_ns, last_seen_ns,
                heartbeat, skews_ns, startup
         FROM instances LEFT JOIN startups USING (service, environment, instance)
         WHERE ?1 IS NULL OR service = ?1
         ORDER BY last_seen_ns DESC, service, environment, instance",
    )?;
    let rows = select.query_map([service], sighting)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets the instances that were last seen before this moment.
pub(super) fn prune(connection: &Connection, before_ns: u64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM instances WHERE last_seen_ns < ?1", [integer(before_ns)])?;
    connection.execute(
        "DELETE FROM startups WHERE NOT EXISTS (
             SELECT 1 FROM instances i WHERE i.service = startups.service
                AND i.environment = startups.environment AND i.instance = startups.instance)",
        [],
    )?;
    Ok(())
}

fn sighting(row: &Row<'_>) -> rusqlite::Result<(Instance, Sighting)> {
    let instance = Instance { service: row.get(0)?, environment: row.get(1)?, id: row.get(2)? };
    let heartbeat: Option<String> = row.get(7)?;
    let skews: String = row.get(8)?;
    let startup: Option<String> = row.get(9)?;
    // Of a text that cannot be read nothing is known: it is not worth failing the others for.
    let heartbeat = heartbeat.and_then(|text| serde_json::from_str::<Heartbeat>(&text).ok());
    let startup = startup.and_then(|text| serde_json::from_str::<Startup>(&text).ok());
    let seen = Sighting {
        version: row.get(3)?,
        sdk: row.get(4)?,
        first_seen_ns: row.get::<_, i64>(5)?.unsigned_abs(),
        last_seen_ns: row.get::<_, i64>(6)?.unsigned_abs(),
        heartbeat,
        startup,
        skews_ns: serde_json::from_str(&skews).unwrap_or_default(),
    };
    Ok((instance, seen))
}

/// These types have a JSON form always; an empty text stands for one that has not.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
