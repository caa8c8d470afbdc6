//! Any mixture of hot, packed and half-hourly roll-ups answers as if it were added up by hand.
//! They never trust one form with the other: everything is held against what was written.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::RETENTION;
use super::mixture::{Numbers, Written, question};
use crate::model::SECOND_NS;
use crate::queue::Durability;
use crate::store::data_dir::{DataDir, meta_path};
use crate::store::packing::{Packing, Step};
use crate::store::schema::META;
use crate::store::{
    Group, History, Packed, Reader, Retention, Store, SummaryFilter, Total, Writer,
};

const DAY: u64 = 1_440;

/// Moments around which cases lie, in minutes: clocks change in Berlin (March and October), on Lord
/// Howe Island (by half an hour), and nowhere; and the beginning of a year.
const MOMENTS: [u64; 5] = [29_579_100, 29_881_500, 29_590_380, 29_830_000, 29_713_020];

const STEPS: [Option<u64>; 8] =
    [None, Some(1), Some(5), Some(15), Some(30), Some(60), Some(120), Some(1_440)];

/// Half a day of minutes, and four days of half-hours.
const SHORT: Retention = Retention { minutes_days: 1, history_days: 4, ..RETENTION };

/// Nothing here falls with the machine: no waiting for the disk.
fn open(dir: &TempDir) -> Writer {
    Writer::open(DataDir::open(dir.path()).unwrap(), Durability::Normal).unwrap()
}

fn at(minute: u64) -> u64 {
    minute * 60 * SECOND_NS
}

fn pack_all(writer: &mut Writer, retention: &Retention, now: u64) {
    while writer.pack_minutes(retention, at(now)).unwrap() == Packed::More {}
}

/// Asks, and holds the answer against what was written. Returns what was answered.
#[track_caller]
fn check(
    dir: &Path,
    written: &Written,
    range: (u64, u64),
    step: Option<u64>,
    only: Option<u64>,
) -> (u64, u64) {
    let reader = Reader::new(dir.to_owned());
    let found = reader.fold(&question(range, step, only), &mut |_| Some(0)).unwrap();
    let answered = (found.from_minute, found.to_minute);
    assert!(answered.0 <= range.0 && range.0 < answered.0 + 30, "{answered:?} for {range:?}");
    assert!(answered.1 >= range.1 && range.1 + 30 > answered.1, "{answered:?} for {range:?}");
    let mut expected = written.expected(answered, found.step_minutes, only);
    assert!(found.damaged.is_empty());
    for (step, mut total) in (0..).zip(found.groups.into_iter().flatten()) {
        let mut expected = expected.remove(&step).unwrap_or_default();
        // The times to the first byte are written, packed and not asked for.
        total.cell.ttfb = Default::default();
        expected.cell.ttfb = Default::default();
        assert_eq!(total, expected, "step {step} of {range:?}, answered {answered:?}");
    }
    assert_eq!(expected, Default::default(), "nothing was found of it");
    answered
}

#[track_caller]
fn check_random(dir: &Path, written: &Written, numbers: &mut Numbers, (from, to): (u64, u64)) {
    let begin = from + numbers.below(to - from);
    let end = begin + 1 + numbers.below(to - begin);
    let only = Some(numbers.below(5)).filter(|series| *series < 3);
    let step = STEPS[numbers.below(STEPS.len() as u64) as usize];
    check(dir, written, (begin, end), step, only);
}

/// Everything that is stored, byte for byte.
fn dump(connection: &Connection) -> Vec<(String, Vec<u8>)> {
    let mut rows = Vec::new();
    for (table, columns) in [
        ("minutes", "minute || ' ' || series_id || ' ' || count, duration"),
        ("packs", "'pack ' || key, minutes"),
        ("sums", "'sums ' || key, sums"),
        ("damaged", "'damaged ' || key, bytes"),
    ] {
        let mut select =
            connection.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1")).unwrap();
        let found = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.extend(found.map(Result::unwrap));
    }
    rows
}

fn dump_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    dump(&META.open_readable(&meta_path(dir)).unwrap().unwrap())
}

/// Roll-ups come in any order, late ones too, while others are packed and minutes become half-hours.
fn check_mixture(seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    let (mut numbers, mut written) = (Numbers(seed), Written::default());
    let begin = MOMENTS[seed as usize % MOMENTS.len()] - DAY + numbers.below(DAY);
    let mut now = begin + 60;
    for _ in 0..8 {
        now += numbers.below(DAY / 3);
        // Most are new, some are late, some are ahead of our clock.
        let n_cells = numbers.below(60);
        writer.write(&written.more(&mut numbers, n_cells, now - 50..now + 10)).unwrap();
        let n_late = numbers.below(20);
        writer.write(&written.more(&mut numbers, n_late, begin..now)).unwrap();
        for _ in 0..numbers.below(9) {
            writer.pack_minutes(&SHORT, at(now)).unwrap();
            check_random(dir.path(), &written, &mut numbers, (begin - 100, now + 100));
        }
        if numbers.below(2) == 0 {
            pack_all(&mut writer, &SHORT, now);
            check(dir.path(), &written, (begin / 30 * 30, now + 99), None, None);
        }
    }
}

#[test]
fn any_mixture_of_hot_packed_and_half_hourly_answers_as_by_hand() {
    let n_cases = 60;
    (0..n_cases).for_each(check_mixture);
    println!("{n_cases} cases of 8 rounds");
}

#[test]
fn half_hours_add_up_to_what_their_minutes_did() {
    let n_cases = 20;
    for seed in 0..n_cases {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(&dir);
        let (mut numbers, mut written) = (Numbers(seed), Written::default());
        let begin = MOMENTS[seed as usize % MOMENTS.len()] / 30 * 30;
        writer.write(&written.more(&mut numbers, 400, begin..begin + DAY)).unwrap();
        // While minutes are kept, and when they are not.
        for now in [begin + DAY + 40, begin + 3 * DAY] {
            pack_all(&mut writer, &SHORT, now);
            for half in 0..48 {
                let range = (begin + half * 30, begin + half * 30 + 30);
                let answered = check(dir.path(), &written, range, None, None);
                assert_eq!(answered, range);
            }
        }
        let packs = dump_of(dir.path()).iter().filter(|(name, _)| name.starts_with("pack")).count();
        assert_eq!(packs, 0, "minutes are gone");
    }
    println!("{n_cases} cases of 96 half-hours");
}

#[test]
fn packing_again_or_in_another_order_changes_no_byte() {
    let n_cases = 20;
    for seed in 0..n_cases {
        let (mut numbers, mut written) = (Numbers(seed), Written::default());
        let begin = MOMENTS[seed as usize % MOMENTS.len()];
        let groups: Vec<Group> =
            (0..6).map(|_| written.more(&mut numbers, 50, begin..begin + 300)).collect();
        let now = begin + 400;
        let (one_dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut one, mut other) = (open(&one_dir), open(&other_dir));
        // The series get the same numbers in both.
        groups.iter().for_each(|group| one.write(group).unwrap());
        for group in &groups {
            other.write(group).unwrap();
            other.pack_minutes(&RETENTION, at(begin + numbers.below(400))).unwrap();
        }
        pack_all(&mut one, &RETENTION, now);
        pack_all(&mut other, &RETENTION, now);
        let packed = dump_of(one_dir.path());
        assert_eq!(packed, dump_of(other_dir.path()));
        pack_all(&mut one, &RETENTION, now);
        drop(one);
        pack_all(&mut open(&one_dir), &RETENTION, now + 1);
        assert_eq!(packed, dump_of(one_dir.path()));
    }
    println!("{n_cases} cases");
}

fn connect(dir: &Path) -> Connection {
    META.open_writable(&meta_path(dir), Durability::Normal).unwrap()
}

/// SQLite counts its own instructions: each attempt gets a few more than the one before, until one
/// comes to its end. Every one that does not leaves the answers as they were.
#[test]
fn a_crash_anywhere_in_a_step_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (mut numbers, mut written) = (Numbers(7), Written::default());
    let begin = MOMENTS[0];
    let mut writer = open(&dir);
    writer.write(&written.more(&mut numbers, 60, begin..begin + 70)).unwrap();
    // Packs that are there already, and late minutes for them.
    pack_all(&mut writer, &SHORT, begin + 50);
    writer.write(&written.more(&mut numbers, 20, begin..begin + 70)).unwrap();
    drop(writer);
    let (mut n_crashes, mut n_steps) = (0, 0);
    // The second time minutes become half-hours.
    for now in [begin + 110, begin + 3 * DAY] {
        let mut packing = Packing::default();
        let mut n_instructions = 1u64;
        loop {
            let mut connection = connect(dir.path());
            let mut left = n_instructions;
            let interrupt = move || {
                left = left.saturating_sub(1);
                left == 0
            };
            connection.progress_handler(1, Some(interrupt)).unwrap();
            let step = packing.step(&mut connection, &SHORT, at(now));
            drop(connection);
            check(dir.path(), &written, (begin, begin + 71), None, None);
            match step {
                Ok(Step::Nothing) => break,
                Ok(_) => (n_steps, n_instructions) = (n_steps + 1, 1),
                Err(_) => (n_crashes, n_instructions) = (n_crashes + 1, n_instructions + 23),
            }
        }
    }
    println!("{n_crashes} crashes within steps, {n_steps} steps");
    assert!(n_crashes > 200, "{n_crashes}");
}

/// What a kill leaves: the files as they are, with what is in their log.
#[test]
fn a_kill_between_two_steps_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (mut numbers, mut written) = (Numbers(8), Written::default());
    let begin = MOMENTS[1];
    open(&dir).write(&written.more(&mut numbers, 300, begin..begin + 2 * DAY)).unwrap();
    let mut connection = connect(dir.path());
    let mut packing = Packing::default();
    let now = begin + 3 * DAY;
    let mut n_steps = 0u32;
    loop {
        let step = packing.step(&mut connection, &SHORT, at(now)).unwrap();
        if n_steps.is_multiple_of(10) || step == Step::Nothing {
            let killed = tempfile::tempdir().unwrap();
            for file in ["meta.db", "meta.db-wal"] {
                let _ = std::fs::copy(dir.path().join(file), killed.path().join(file));
            }
            check(killed.path(), &written, (begin, begin + 2 * DAY), Some(60), None);
            pack_all(&mut open(&killed), &SHORT, now);
            check(killed.path(), &written, (begin, begin + 2 * DAY), Some(60), None);
        }
        n_steps += 1;
        if step == Step::Nothing {
            break;
        }
    }
    println!("{} kills between {n_steps} steps", n_steps.div_ceil(10));
}

/// The store's own directory of a case, by what the environment says of time zones: nothing of it.
#[test]
fn no_time_zone_and_no_change_of_clocks_matters() {
    const CHILD: &str = "EGRET_TEST_PRINT_DUMP";
    const NAME: &str = "store::tests::packing::no_time_zone_and_no_change_of_clocks_matters";
    if std::env::var_os(CHILD).is_some() {
        for (seed, moment) in (0..).zip(MOMENTS) {
            let dir = tempfile::tempdir().unwrap();
            let (mut numbers, mut written) = (Numbers(seed), Written::default());
            let mut writer = open(&dir);
            let range = (moment - 200, moment + 200);
            writer.write(&written.more(&mut numbers, 300, range.0..range.1)).unwrap();
            pack_all(&mut writer, &SHORT, moment + DAY);
            check(dir.path(), &written, range, Some(60), None);
            println!("dump {:?}", dump_of(dir.path()));
        }
        return;
    }
    let zones =
        ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "XYZ-14ABC,1,2"];
    let outputs = zones.map(|zone| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", NAME, "--nocapture"]).env("TZ", zone).env(CHILD, "1");
        let output = child.output().unwrap();
        assert!(output.status.success(), "{zone}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| line.starts_with("dump ")).map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(outputs[0].len(), MOMENTS.len());
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    println!("{} cases", zones.len() * MOMENTS.len());
}

/// One roll-up in each of these minutes.
fn write_at(writer: &mut Writer, written: &mut Written, minutes: &[u64]) {
    for minute in minutes {
        writer.write(&written.more(&mut Numbers(*minute), 1, *minute..minute + 1)).unwrap();
    }
}

#[test]
fn minutes_and_half_hours_go_at_their_borders_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    let mut written = Written::default();
    // Now is five hours and seven minutes into a day.
    let today = MOMENTS[3] / DAY * DAY;
    let now = today + 307;
    // 32 days ago, the beginning of the window; 396 days ago, the beginning of the day.
    let (minutes_from, history_from) = (today - 32 * DAY + 240, today - 396 * DAY);
    let borders = [minutes_from - 1, minutes_from, history_from - 1, history_from, now - 1];
    write_at(&mut writer, &mut written, &borders);
    pack_all(&mut writer, &RETENTION, now);
    written.forget_before(history_from);
    let all = (history_from - DAY, now);
    assert_eq!(check(dir.path(), &written, all, None, None), (all.0, all.1));
    // From the border on, minutes are exact; before it, the answer says what it rounded to.
    let fine = (minutes_from, minutes_from + 1);
    assert_eq!(check(dir.path(), &written, fine, None, None), fine);
    let coarse = (minutes_from - 1, minutes_from + 1);
    let rounded = (minutes_from - 30, minutes_from + 1);
    assert_eq!(check(dir.path(), &written, coarse, Some(1), None), rounded);
    // Late ones on both sides of both borders; later settings do not bring minutes back.
    write_at(&mut writer, &mut written, &borders);
    written.forget_before(history_from);
    let longer = Retention { minutes_days: 64, ..RETENTION };
    pack_all(&mut writer, &longer, now + 1);
    check(dir.path(), &written, all, None, None);
    assert_eq!(check(dir.path(), &written, coarse, None, None), rounded);
    // Series of which nothing is left go, others stay.
    writer.prune(&RETENTION, at(now)).unwrap();
    check(dir.path(), &written, all, Some(DAY), None);
    let later = now + 400 * DAY;
    pack_all(&mut writer, &RETENTION, later);
    writer.prune(&RETENTION, at(later)).unwrap();
    let n_series: i64 =
        connect(dir.path()).query_row("SELECT count(*) FROM series", [], |row| row.get(0)).unwrap();
    assert_eq!(n_series, 0);
}

#[test]
fn a_damaged_row_is_named_and_the_rest_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    let mut written = Written::default();
    let begin = MOMENTS[0] / DAY * DAY;
    write_at(&mut writer, &mut written, &[begin, begin + DAY]);
    pack_all(&mut writer, &RETENTION, begin + 2 * DAY);
    let connection = connect(dir.path());
    let damage = "UPDATE sums SET sums = CAST(replace(hex(sums), '0', '1') AS BLOB)
                  WHERE key = (SELECT min(key) FROM sums)";
    assert_eq!(connection.execute(damage, []).unwrap(), 1);
    let ask = |range| {
        let question = question(range, None, None);
        Reader::new(dir.path().to_owned()).fold(&question, &mut |_| Some(0)).unwrap()
    };
    let first = (begin, begin + DAY);
    assert_eq!((ask(first).damaged.len(), ask(first).groups.len()), (1, 0));
    let second = (begin + DAY, begin + 2 * DAY);
    check(dir.path(), &written, second, None, None);
    // What comes late begins a new row; the damage stays known.
    let mut late = Written::default();
    write_at(&mut writer, &mut late, &[begin]);
    pack_all(&mut writer, &RETENTION, begin + 2 * DAY);
    let found = ask(first);
    assert_eq!(found.damaged.len(), 1);
    let found: Vec<&Total> = found.groups.iter().flatten().collect();
    let expected = late.expected(first, None, None);
    assert_eq!(found[0].cell.count, expected[&0].cell.count);
}

#[test]
fn a_store_of_an_earlier_version_is_not_answered_from() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let connection = connect(dir.path());
    connection.execute_batch("DROP TABLE packs; PRAGMA user_version = 2;").unwrap();
    let error = Reader::new(dir.path().to_owned())
        .totals(&SummaryFilter::touching(0, u64::MAX))
        .unwrap_err();
    assert!(error.to_string().contains("start this one once"), "{error}");
}

#[test]
fn a_group_without_calls_in_packed_half_hours_has_no_steps() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    let begin = MOMENTS[0] / DAY * DAY;
    write_at(&mut writer, &mut Written::default(), &[begin + 3]);
    pack_all(&mut writer, &RETENTION, begin + 2 * DAY);
    let reader = Reader::new(dir.path().to_owned());
    for step in STEPS {
        let n_steps = |from, to| {
            let asked = question((begin + from, begin + to), step, None);
            reader.fold(&asked, &mut |_| Some(0)).unwrap().groups.concat().len()
        };
        assert_ne!(n_steps(0, 30), 0, "{step:?}");
        let found = [n_steps(30, 60), n_steps(120, 240), n_steps(31, DAY), n_steps(4, DAY)];
        assert_eq!(found, [0; 4], "{step:?}");
    }
}
