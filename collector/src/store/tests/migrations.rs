//! Stores of every earlier version are brought up to date and answer as before.
//! They never use today's writer to make them: each is made of the steps that its version had.

use rusqlite::Connection;

use super::{RETENTION, content, group, open};
use crate::model::{Position, SECOND_NS};
use crate::queue::Durability;
use crate::store::data_dir::meta_path;
use crate::store::schema::META;
use crate::store::{Group, History, Packed, Reader, Store, SummaryFilter};

/// The checksum of each step: a step that was released does not change any more. A new step gets a
/// new line here, and [`fill`] what the version had.
const STEPS: [u32; 4] = [1_505_261_023, 1_071_367_511, 2_789_801_135, 1_410_069_725];

const FIRST_MINUTE: u64 = 29_830_000;

/// A sparse histogram: no zeros, 3,000 ns in all, bucket 349 three times.
const DURATION: [u8; 6] = [0, 184, 23, 221, 2, 3];

/// What a collector of that version left: two series with a roll-up in each of 200 minutes.
fn fill(connection: &mut Connection, version: usize) {
    let connection = connection.transaction().unwrap();
    connection
        .execute_batch(
            "INSERT INTO series (series_id, service, environment, kind, target, method, host,
                                 template, status, error_type, consumer)
             VALUES (1, 'shop', '', 'client', '', 'GET', 'a.com', '/', 200, '', ''),
                    (2, 'shop', '', 'client', '', 'GET', 'a.com', '/', 503, '', '');
             INSERT INTO drops VALUES (29830001, 'shop', 'queue_full', 5);
             INSERT INTO batches VALUES (x'000102030405060708090a0b0c0d0e0f', 1, 'shop', 3);",
        )
        .unwrap();
    let mut insert =
        connection.prepare("INSERT INTO minutes VALUES (?1, ?2, 3, 1, 2, ?3, ?3)").unwrap();
    for n in 0..400 {
        insert.execute((FIRST_MINUTE as i64 + n / 2, n % 2 + 1, DURATION)).unwrap();
    }
    if version >= 2 {
        connection.execute("INSERT INTO queue VALUES (0, 77)", []).unwrap();
    }
    drop(insert);
    connection.commit().unwrap();
}

#[track_caller]
fn check_answers(dir: &std::path::Path, n_counted: u64) {
    let reader = Reader::new(dir.to_owned());
    let at = |minute: u64| minute * 60 * SECOND_NS;
    let filter = SummaryFilter::touching(at(FIRST_MINUTE), at(FIRST_MINUTE + 200));
    let totals = reader.totals(&filter).unwrap();
    let sums: Vec<(u64, u64, u64)> = totals
        .iter()
        .map(|total| (total.cell.count, total.errors, total.cell.duration.count()))
        .collect();
    assert_eq!(sums, [(n_counted, 0, n_counted), (n_counted, n_counted, n_counted)]);
    assert_eq!(reader.drops(&filter).unwrap()["queue_full"], 5);
}

#[test]
fn every_earlier_version_is_brought_up_to_date_and_answers_as_before() {
    for version in 1..=META.steps.len() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(meta_path(dir.path())).unwrap();
        for step in &META.steps[..version] {
            connection.execute_batch(step).unwrap();
        }
        connection.pragma_update(None, "user_version", version as i64).unwrap();
        fill(&mut connection, version);
        drop(connection);
        let mut writer = open(&dir);
        check_answers(dir.path(), 600);
        let position = if version >= 2 { Position(77) } else { Position(0) };
        assert_eq!(writer.position().unwrap(), position);
        assert!(writer.has(uuid::Uuid::from_bytes(std::array::from_fn(|n| n as u8))).unwrap());
        let now_ns = (FIRST_MINUTE + 300) * 60 * SECOND_NS;
        while writer.pack_minutes(&RETENTION, now_ns).unwrap() == Packed::More {}
        check_answers(dir.path(), 600);
        // And it goes on as a new one does.
        let more = Group { position: Position(99), ..group(vec![super::block(9, now_ns)]) };
        writer.write(&more).unwrap();
        assert_eq!(content(dir.path()), (vec![9], 1_201));
        drop(writer);
        let connection = META.open_writable(&meta_path(dir.path()), Durability::Normal).unwrap();
        let found: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(found, META.steps.len() as i64);
    }
    println!("{} versions", META.steps.len());
}

#[test]
fn steps_do_not_change_any_more() {
    let checksums: Vec<u32> =
        META.steps.iter().map(|step| crc32fast::hash(step.as_bytes())).collect();
    assert_eq!(checksums, STEPS);
}
