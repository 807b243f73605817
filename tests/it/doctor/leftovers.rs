//! Leftovers of killed processes: staging directories, locks, parts of archives, boards and logs.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::mem::offset_of;
use std::time::{Duration, SystemTime};

use vx_shm::layout::HeaderPage;

use super::{advises_and_mends, finds_and_mends, well, wrongs};
use crate::support::sandbox::Sandbox;

#[test]
fn an_orphan_in_tmp_is_found_and_one_of_the_living_is_not() {
    let sandbox = well();
    let orphan = sandbox.home().join("tmp/biome-2.3.4.4194000-0");
    fs::create_dir_all(orphan.join("release/lib")).expect("a directory");
    let alive = sandbox.home().join("tmp/esbuild-1.7-0");
    fs::create_dir_all(&alive).expect("a directory");
    let lock = File::create(sandbox.home().join("tmp/esbuild-1.7-0.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    finds_and_mends(&sandbox, &["leftover: ", "biome-2.3.4.4194000-0: no living process works in"]);
    assert!(!orphan.exists() && alive.exists());
}

#[test]
fn a_lock_without_a_holder_is_found() {
    let sandbox = well();
    let lock = sandbox.home().join("locks/biome-2.3.4.lock");
    fs::write(&lock, "{}").expect("a lock file");
    finds_and_mends(&sandbox, &["leftover: ", "locks/biome-2.3.4.lock: no process holds"]);
    assert!(!lock.exists());
}

#[test]
fn a_part_is_left_over_once_no_project_locks_its_archive() {
    let sandbox = well();
    let lock: toml::Table = sandbox.read("vx.lock").parse().expect("a lock");
    let platforms = lock["tools"]["biome"]["platforms"].as_table().expect("platforms");
    let part = &platforms.values().next().expect("a platform").as_array().expect("archives")[0];
    let wanted = part["digest"].as_str().expect("a digest").replace(':', "-");
    let downloads = sandbox.home().join("cache/downloads");
    fs::write(downloads.join(format!("{wanted}.part")), "half").expect("a part");
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);

    let gone = format!("sha256-{}.part", "0".repeat(64));
    fs::write(downloads.join(&gone), "half").expect("a part");
    fs::write(downloads.join(format!("{gone}.etag")), "\"1\"").expect("an etag");
    finds_and_mends(&sandbox, &["leftover: ", &gone, "these 4 bytes"]);
    assert!(!downloads.join(&gone).exists() && downloads.join(format!("{wanted}.part")).exists());
}

#[test]
fn a_board_of_a_run_that_is_long_over_is_found() {
    let sandbox = well();
    let boards = || -> Vec<_> {
        let entries = fs::read_dir(sandbox.runtime()).expect("the runtime directory").flatten();
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "board")).collect()
    };
    let [board] = boards().try_into().expect("one board");
    let two_hours_ago = SystemTime::now() - Duration::from_secs(7200);
    let closed_ns = two_hours_ago.duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_nanos() as u64;
    let mut file = File::options().write(true).open(&board).expect("the board");
    file.seek(SeekFrom::Start(offset_of!(HeaderPage, closed_unix_ns) as u64)).expect("a place");
    file.write_all(&closed_ns.to_ne_bytes()).expect("it is written");
    drop(file);
    advises_and_mends(&sandbox, &["advice: ", "long over"]);
    assert!(!board.exists());
}

#[test]
fn logs_whose_board_is_gone_are_found() {
    let sandbox = well();
    let logs = sandbox.runtime().join("vx-4194000.logs");
    fs::create_dir(&logs).expect("a directory");
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0], "a run may just be starting");
    File::open(&logs).expect("it is there").set_modified(SystemTime::now() - Duration::from_secs(60)).expect("a time");
    advises_and_mends(&sandbox, &["advice: ", "vx-4194000.logs"]);
}

#[test]
fn a_run_at_work_is_nothing_wrong() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n");
    let _offer = sandbox.publish_slowly("biome", "2.3.4", 400_000, 200_000);
    let running = sandbox.start("sync");
    sandbox.await_slot("biome", "downloads", |slot| slot["done"].as_u64().unwrap_or_default() > 0);
    let found = wrongs(sandbox.vx("doctor --json").exits_with(1));
    assert!(
        found.len() == 1 && found[0].contains("biome 2.3.4: vx.lock names it, but it is not installed"),
        "{found:#?}"
    );
    running.finish().succeeds();
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);
}
