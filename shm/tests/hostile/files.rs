//! Files of all kinds under a board's name: anything but a plain file is refused without waiting, and a plain file that
//! other users own, write to, grow or replace is read safely.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use vx_shm::layout::{LONGEST_BYTES, LayoutFault};
use vx_shm::{AttachErrorKind, Board, ClaimError, Ending, Kind, ReadError, Reader, Slot, SlotState, dump};

use crate::support::{Form, with_facts, write_private};

/// Assert that every way of attaching to this path is refused, and soon.
fn refused(path: &Path, expected: impl Fn(&AttachErrorKind) -> bool) {
    let began = Instant::now();
    let reading = Reader::open(path).unwrap_err();
    assert!(expected(&reading.kind), "{reading:?}");
    assert!(reading.to_string().contains(path.to_str().unwrap()), "{reading}");
    match Slot::join(path, "key", "", Kind::Task).unwrap_err() {
        ClaimError::Attach(writing) => assert!(expected(&writing.kind), "{writing:?}"),
        other => panic!("{other:?}"),
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

fn no_file(kind: &AttachErrorKind) -> bool {
    matches!(kind, AttachErrorKind::NotAFile)
}

#[test]
fn what_is_not_a_plain_file_is_refused_without_waiting() {
    let form = Form::file();
    let (path, _) = crate::filled(&form);
    let at = |name: &str| form.directory().join(name);

    fs::create_dir(at("directory.board")).unwrap();
    symlink(&path, at("link.board")).unwrap();
    symlink(form.directory(), at("directory-link.board")).unwrap();
    symlink(at("nowhere"), at("dangling.board")).unwrap();
    symlink(at("loop.board"), at("loop.board")).unwrap();
    let mode = 0o600.into();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe.board"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.board")).unwrap();

    let made = ["directory", "link", "directory-link", "dangling", "loop", "pipe", "socket"];
    for odd in made.map(|name| at(&format!("{name}.board"))) {
        refused(&odd, no_file);
    }
    for device in ["/dev/zero", "/dev/null", "/dev/tty", "/dev/ptmx"].map(Path::new) {
        if device.exists() {
            assert!(Reader::open(device).is_err(), "{}", device.display());
        }
    }
    refused(Path::new("/dev/zero"), no_file);
    let listed = vx_shm::list(form.directory()).unwrap();
    assert_eq!(listed.iter().map(|listed| &listed.path).collect::<Vec<_>>(), [&path], "only the board is listed");
    let removed = vx_shm::gc(form.directory(), Duration::ZERO, 0).unwrap();
    assert_eq!(removed, [path], "only the board is removed");
    assert!(made.iter().all(|name| at(&format!("{name}.board")).symlink_metadata().is_ok()));
}

#[test]
fn names_of_nothing_are_missing_and_in_the_error() {
    let segments: &[&str] = match cfg!(feature = "named") {
        true => &["shm:no-such-segment-here", "shm:../escape", "shm:"],
        false => &[],
    };
    for missing in segments.iter().chain(&["no/such/file"]) {
        let error = Reader::open(Path::new(missing)).unwrap_err();
        assert!(matches!(error.kind, AttachErrorKind::Missing), "{missing}: {error}");
        assert!(error.hint().is_some() && error.to_string().contains(missing));
    }
}

#[test]
#[cfg(not(feature = "named"))]
fn a_named_segment_is_refused_by_name_where_the_crate_is_built_without_them() {
    let path = Path::new("shm:vx-test");
    let errors = [
        Reader::open(path).map(|_| ()).unwrap_err().to_string(),
        Slot::join(path, "key", "", Kind::Task).map(|_| ()).unwrap_err().to_string(),
        Board::create_named("vx-test", "title", 1).map(|_| ()).unwrap_err().to_string(),
        vx_shm::remove_named("vx-test").unwrap_err().to_string(),
    ];
    for error in errors {
        assert!(error.contains("shm:vx-test") && error.contains("built without"), "{error}");
    }
    assert!(matches!(Reader::open(path).unwrap_err().kind, AttachErrorKind::NamedSegment));
    assert!(Reader::open(path).unwrap_err().hint().is_some_and(|hint| hint.contains("feature `named`")));
    assert_eq!(vx_shm::remove_named("vx-test").unwrap_err().kind(), std::io::ErrorKind::Unsupported);
}

#[test]
fn a_board_longer_than_any_is_refused_for_its_length_also_where_it_is_not_mapped() {
    let form = Form::file();
    let path = form.board("p", 1).path().to_path_buf();
    let long = LONGEST_BYTES + 4096;
    let mut bytes = fs::read(&path).unwrap();
    with_facts(&mut bytes, |facts| facts.length = long);
    fs::write(&path, &bytes).unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(long).unwrap(); // Sparse.
    for mode in [0o600, 0o666] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = Reader::open(&path).unwrap_err();
        assert!(
            matches!(error.kind, AttachErrorKind::Layout(LayoutFault::TooLong { found }) if found == long),
            "{error}"
        );
        assert!(error.to_string().contains("a board has at most 67108864"), "{error}");
    }
    fs::write(&path, vec![7; 4096]).unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(long).unwrap();
    assert!(matches!(Reader::open(&path).unwrap_err().kind, AttachErrorKind::Layout(LayoutFault::NotABoard)));
}

#[test]
fn files_that_the_system_makes_up_are_refused() {
    // Files that the system shows as plain, but with a length of zero, with a wrong length, or impossible to map.
    for odd in ["/proc/self/mem", "/proc/self/maps", "/proc/kcore", "/sys/kernel/mm/transparent_hugepage/enabled"] {
        if Path::new(odd).exists() {
            assert!(Reader::open(Path::new(odd)).is_err(), "{odd}");
        }
    }
}

#[test]
fn an_empty_file_and_one_cut_at_any_length_are_refused_by_name() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let victim = path.with_extension("victim");
    for length in [0, 1, 7, 8, 191, 192, 4095, 4096, 8191, 8192, 16_384, good.len() - 4096, good.len() - 1] {
        write_private(&victim, &good[..length]);
        refused(&victim, |kind| {
            matches!(kind, AttachErrorKind::Layout(LayoutFault::NotABoard | LayoutFault::Length { .. }))
        });
    }
}

#[test]
fn a_board_that_was_made_longer_reads_the_same_and_an_endless_one_is_refused() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let mut reader = Reader::open(&path).unwrap();
    let before = reader.snapshot().unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for length in [good.len() as u64 + 1, 1 << 32] {
        file.set_len(length).unwrap(); // Sparse.
        assert_eq!(reader.snapshot().unwrap().slots, before.slots);
        assert_eq!(Reader::open(&path).unwrap().snapshot().unwrap().slots, before.slots);
    }
    let mut bytes = good;
    crate::support::with_facts(&mut bytes, |facts| facts.length = 1 << 32);
    let victim = path.with_extension("victim");
    write_private(&victim, &bytes);
    OpenOptions::new().write(true).open(&victim).unwrap().set_len(1 << 32).unwrap();
    refused(&victim, |kind| matches!(kind, AttachErrorKind::Layout(LayoutFault::TooLong { .. })));
}

#[test]
fn a_board_that_another_was_renamed_over_does_not_change_for_its_readers() {
    let form = Form::file();
    let old = form.board("old", 4);
    let mut slot = Slot::join(old.path(), "tool", "1", Kind::Task).unwrap();
    let mut reader = old.reader().unwrap();
    let mut snapshot = reader.snapshot().unwrap();

    let new = form.board("new", 4);
    fs::rename(new.path(), old.path()).unwrap();
    slot.publish(7);
    assert!(reader.refresh(&mut snapshot).unwrap());
    assert_eq!((&*snapshot.board.title, snapshot.slots[0].done), ("old", 7));
    let late = Reader::open(old.path()).unwrap().snapshot().unwrap();
    assert_eq!((&*late.board.title, late.slots.len()), ("new", 0));
    assert_ne!(late.board.id, snapshot.board.id, "two boards have different ids");

    // Another kind of file under the name is refused; a process that has the board open is not affected.
    fs::remove_file(old.path()).unwrap();
    fs::create_dir(old.path()).unwrap();
    refused(old.path(), no_file);
    slot.publish(8);
    assert!(reader.refresh(&mut snapshot).unwrap());
}

#[test]
fn a_file_that_others_may_write_to_is_copied_and_reads_the_same() {
    let form = Form::file();
    let (path, _) = crate::filled(&form);
    let mapped = Reader::open(&path).unwrap().snapshot().unwrap();
    for mode in [0o666, 0o620, 0o602] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(reader.snapshot().unwrap().slots, mapped.slots, "{mode:o}");
        assert_eq!(reader.log_tail(0, 9), ["a line"]);
    }
    let mut reader = Reader::open(&path).unwrap();
    let mut copied = reader.snapshot().unwrap();
    let mut slot = Slot::join(&path, "later", "", Kind::Task).unwrap();
    slot.publish(7);
    assert!(reader.refresh(&mut copied).unwrap());
    assert!(copied.slots.iter().any(|view| view.key == "later" && view.done == 7), "{copied:?}");
    slot.end(Ending::new(SlotState::Done)).unwrap();

    OpenOptions::new().write(true).open(&path).unwrap().set_len(8192).unwrap();
    let error = reader.refresh(&mut copied).unwrap_err();
    assert!(matches!(error, ReadError::Truncated { found: 8192, .. }), "{error}");
}

#[test]
fn another_users_board_is_copied_and_its_owner_cannot_hurt_its_readers() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let own = Reader::open(&path).unwrap().snapshot().unwrap();
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give a file away");
        return;
    }
    std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    assert_eq!(snapshot.slots, own.slots);
    dump::write(&mut reader, &path.with_extension("vxb")).unwrap();
    for length in [good.len() as u64 - 1, 8192 + 8, 100, 0] {
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let error = reader.refresh(&mut snapshot).unwrap_err();
        assert!(matches!(error, ReadError::Truncated { found, .. } if found == length), "{error}");
        assert_eq!(snapshot.slots, own.slots, "the last good reading is kept");
        reader.poll();
    }
}

#[test]
fn a_forged_board_without_logs_is_copied_without_looking_for_them() {
    let form = Form::file();
    let (path, mut bytes) = crate::filled(&form);
    crate::support::with_facts(&mut bytes, |facts| (facts.log.offset, facts.log.stride) = (u32::MAX - 7, 0));
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let refused = Reader::open(&path).unwrap_err();
    assert!(matches!(refused.kind, AttachErrorKind::Layout(LayoutFault::Damaged { .. })), "{refused}");
}

#[test]
fn a_board_is_made_beside_nothing_that_has_its_name() {
    let form = Form::file();
    let at = |name: &str| form.directory().join(name);
    fs::write(at("file"), b"mine").unwrap();
    fs::create_dir(at("directory")).unwrap();
    symlink(at("elsewhere"), at("dangling")).unwrap();
    for name in ["file", "directory", "dangling"] {
        let error = Board::create(&at(name), "", 4).unwrap_err();
        assert!(matches!(error, vx_shm::CreateError::Exists { .. }), "{name}: {error}");
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"mine");
    assert!(!at("elsewhere").exists(), "no link is followed");
}
