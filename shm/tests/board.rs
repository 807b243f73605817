//! The promises of a board to its users, tested on both forms: a file, and a named segment of the system.

mod support;

use std::path::Path;
use std::time::Duration;

use support::{Form, both_forms};
use vx_shm::{
    AttachErrorKind, Board, BoardState, BoardSubject, ClaimError, CreateError, EndError, Ending, Health, Kind,
    Liveness, Reader, Reservation, ReserveError, Slot, SlotState, SlotWork, Snapshot, Step, Unit, WaitsFor,
};

fn view(reader: &mut Reader) -> Snapshot {
    reader.snapshot().expect("a board that reads")
}

#[test]
fn views_that_their_holder_put_into_another_order_are_brought_up_to_date_where_they_are() {
    let form = Form::file();
    let board = form.board("order", 4);
    let mut slots = ["a", "b", "c", "d"].map(|key| Slot::join(board.path(), key, "1", Kind::Task).unwrap());
    let mut reader = board.reader().unwrap();
    let mut snapshot = view(&mut reader);
    snapshot.slots.reverse();
    snapshot.slots.remove(1); // "c".
    for (done, slot) in (1..).zip(&mut slots) {
        slot.publish(done);
    }
    assert!(reader.refresh(&mut snapshot).unwrap());
    let mut seen: Vec<(&str, u64)> = snapshot.slots.iter().map(|slot| (slot.key.as_str(), slot.done)).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("a", 1), ("b", 2), ("c", 3), ("d", 4)], "each is there once, and whole");
}

#[test]
fn a_slot_shows_each_step_of_its_life() {
    both_forms(|form| {
        let board = form.board("project", 4);
        let mut reader = Reader::open(board.path()).unwrap();
        let reserved = board.reserve("node", "22.3.0", Kind::Install).unwrap();
        let seen = &view(&mut reader).slots[0];
        assert_eq!((seen.state, seen.key.as_str(), seen.version.as_str()), (SlotState::Reserved, "node", "22.3.0"));
        assert_eq!((seen.pid, seen.step), (None, Step::FIRST));

        let mut slot = Slot::claim(board.path(), reserved.slot, reserved.generation).unwrap();
        slot.enter(Step::new(3), Some(1000));
        slot.message("fetching");
        slot.publish(400);
        let seen = &view(&mut reader).slots[0];
        assert_eq!((seen.state, seen.step, seen.done, seen.total), (SlotState::Live, Step::new(3), 400, Some(1000)));
        assert_eq!((seen.message.as_str(), seen.pid), ("fetching", Some(std::process::id())));
        assert_eq!(seen.liveness, Liveness::Alive);

        slot.publish(1000);
        slot.enter(Step::new(5), None);
        slot.publish(7);
        slot.end(Ending::done_at("/store/node")).unwrap();
        let seen = &view(&mut reader).slots[0];
        assert_eq!((seen.state, seen.result.as_deref()), (SlotState::Done, Some("/store/node")));
        let phases: Vec<_> = seen.transitions.iter().map(|entry| (entry.step, entry.done)).collect();
        assert_eq!(phases, [(Step::FIRST, 0), (Step::new(3), 1000), (Step::new(5), 7)]);
        assert!(seen.transitions.is_sorted_by_key(|entry| entry.entered_at_ns) && seen.ended_at_ns.is_some());
    });
}

#[test]
fn the_parents_judgement_does_not_overrule_a_writer_that_ended_its_own_slot() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let own = board.reserve("own", "", Kind::Task).unwrap();
        let killed = board.reserve("killed", "", Kind::Task).unwrap();
        Slot::claim(board.path(), own.slot, own.generation).unwrap().end(Ending::failed("its own words")).unwrap();
        drop(Slot::claim(board.path(), killed.slot, killed.generation).unwrap());

        let mut reader = board.reader().unwrap();
        let mut snapshot = view(&mut reader);
        board.end(own, &Ending { exit_code: Some(1), ..Ending::failed("the parent's words") }).unwrap();
        board
            .end(killed, &Ending { signal: Some(9), error: Some("killed".into()), ..Ending::new(SlotState::Died) })
            .unwrap();

        assert!(reader.refresh(&mut snapshot).unwrap());
        let [own, killed] = &snapshot.slots[..] else { panic!("two slots") };
        assert_eq!((own.error.as_deref(), own.exit_code, own.signal), (Some("its own words"), Some(1), None));
        assert_eq!((killed.state, killed.signal, killed.error.as_deref()), (SlotState::Died, Some(9), Some("killed")));
    });
}

#[test]
fn a_reservation_is_claimed_once_and_only_while_it_stands() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let path = board.path();
        let one = board.reserve("one", "", Kind::Install).unwrap();
        let claim = |slot, generation| Slot::claim(path, slot, generation);
        let held = claim(one.slot, one.generation).unwrap();
        assert!(matches!(claim(one.slot, one.generation), Err(ClaimError::AlreadyClaimed { slot: 0 })));
        drop(held); // Leaves the slot as a crash would: its creator has not recorded an end yet.
        assert!(matches!(claim(one.slot, one.generation), Err(ClaimError::AlreadyClaimed { slot: 0 })));
        assert!(matches!(claim(one.slot, 7), Err(ClaimError::Superseded { found: 1, wanted: 7, .. })));
        assert!(matches!(claim(1, 0), Err(ClaimError::NotReserved { slot: 1 })));
        assert!(matches!(claim(9, 1), Err(ClaimError::NoSuchSlot { slot: 9, capacity: 2 })));
        board.end(one, &Ending::new(SlotState::Cancelled)).unwrap();
        assert!(matches!(claim(0, 1), Err(ClaimError::Ended { state: SlotState::Cancelled, .. })));
        assert!(matches!(board.end(one, &Ending::new(SlotState::Live)), Err(EndError::NotAnEnd { .. })));
    });
}

#[test]
fn a_key_is_on_the_board_once_and_a_full_board_reports_its_size() {
    both_forms(|form| {
        let board = form.board("p", 2);
        board.reserve("node", "1", Kind::Install).unwrap();
        assert!(matches!(board.reserve("node", "2", Kind::Install), Err(ReserveError::KeyInUse { slot: 0, .. })));
        assert!(matches!(board.reserve("", "", Kind::Install), Err(ReserveError::NoKey)));
        let joined = Slot::join(board.path(), "script", "", Kind::Task).unwrap();
        assert_eq!((joined.index(), joined.generation()), (1, 1));
        let full = board.reserve("uv", "", Kind::Install).unwrap_err();
        assert_eq!(full.to_string(), "the board is full: all 2 slots are in use");
        assert!(matches!(
            Slot::join(board.path(), "uv", "", Kind::Task),
            Err(ClaimError::Place(ReserveError::Full { capacity: 2 }))
        ));
    });
}

#[test]
fn a_slot_that_ended_is_left_alone_while_others_are_free_and_then_the_longest_ended_is_taken() {
    both_forms(|form| {
        let board = form.board("p", 3);
        let join = |key| Slot::join(board.path(), key, "", Kind::Task);
        let (first, second) = (join("first").unwrap(), join("second").unwrap());
        second.end(Ending::new(SlotState::Done)).unwrap();
        first.end(Ending::new(SlotState::Done)).unwrap();
        let _free = join("on the free one").unwrap();
        let mut reader = board.reader().unwrap();
        let mut snapshot = view(&mut reader);
        assert_eq!(snapshot.slots.iter().filter(|slot| slot.state == SlotState::Done).count(), 2);
        let third = join("third").unwrap();
        assert_eq!((third.index(), third.generation()), (1, 2));
        reader.refresh(&mut snapshot).unwrap();
        let seen = &snapshot.slots[1];
        assert_eq!((seen.key.as_str(), seen.generation, seen.state), ("third", 2, SlotState::Live));
        assert_eq!((seen.ended_at_ns, seen.done, seen.transitions.len()), (None, 0, 1));
    });
}

#[test]
fn a_joined_slot_whose_writer_vanished_reads_as_lost_and_is_taken_over() {
    both_forms(|form| {
        let board = form.board("p", 1);
        drop(Slot::join(board.path(), "gone", "", Kind::Task).unwrap());
        let mut reader = board.reader().unwrap();
        assert_eq!(view(&mut reader).slots[0].liveness, Liveness::Lost);
        let next = Slot::join(board.path(), "gone", "", Kind::Task).unwrap();
        assert_eq!(next.generation(), 2);
    });
}

#[test]
fn a_refresh_reports_if_anything_changed() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let mut slot = Slot::join(board.path(), "a", "", Kind::Task).unwrap();
        let mut reader = board.reader().unwrap();
        let mut snapshot = Snapshot::default();
        assert!(reader.refresh(&mut snapshot).unwrap());
        assert!(!reader.refresh(&mut snapshot).unwrap());
        slot.publish(1);
        assert!(reader.refresh(&mut snapshot).unwrap());
        assert_eq!(snapshot.slots[0].done, 1);
        let mut other = Snapshot::default();
        assert!(reader.refresh(&mut other).unwrap(), "another snapshot is filled from the start");
        assert_eq!(other.slots, snapshot.slots);
        board.set_title("new title");
        assert!(reader.refresh(&mut other).unwrap());
        assert_eq!(other.board.title, "new title");
        board.close(BoardState::Failed);
        assert!(reader.refresh(&mut other).unwrap() && reader.closed());
        assert_eq!(other.board.state, BoardState::Failed);
        assert!(matches!(Slot::join(board.path(), "late", "", Kind::Task), Err(ClaimError::Closed)));
    });
}

#[test]
fn the_poll_sees_numbers_and_counts_what_moved() {
    both_forms(|form| {
        let board = form.board("p", 64);
        let mut slots: Vec<Slot> =
            (0..64).map(|n| Slot::join(board.path(), &format!("k{n}"), "", Kind::Task).unwrap()).collect();
        let mut reader = board.reader().unwrap();
        assert_eq!(reader.poll(), 64);
        assert_eq!(reader.poll(), 0);
        slots[63].set_total(Some(9));
        slots[5].publish(77);
        assert_eq!(reader.poll(), 2);
        assert_eq!((reader.numbers()[5].done(), reader.numbers()[63].total()), (77, Some(9)));
        assert_eq!((reader.numbers()[5].total(), reader.numbers()[5].generation()), (None, 1));
    });
}

#[test]
fn the_newest_whole_lines_of_output_are_there_for_each_slot() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let mut slot = Slot::join(board.path(), "a", "", Kind::Task).unwrap();
        let reader = board.reader().unwrap();
        assert!(reader.log_tail(0, 5).is_empty());
        for number in 0..1000 {
            slot.log_line(format!("line {number}").as_bytes());
        }
        assert_eq!(reader.log_tail(0, 2), ["line 998", "line 999"]);
        let all = reader.log_tail(0, usize::MAX);
        assert!(all.len() > 300 && all[0].starts_with("line "), "{} lines, first {:?}", all.len(), all[0]);
        slot.log_line(&[b'x'; 5000]);
        assert_eq!(reader.log_tail(0, 1)[0].len(), vx_shm::LOG_LINE_BYTES);
        assert!(reader.log_tail(1, 5).is_empty() && reader.log_tail(99, 5).is_empty());
    });
}

#[test]
fn a_change_of_state_wakes_a_waiting_reader_and_numbers_do_not() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let mut slot = Slot::join(board.path(), "a", "", Kind::Task).unwrap();
        let mut reader = board.reader().unwrap();
        view(&mut reader);
        slot.publish(5);
        assert!(!reader.wait_change(Duration::from_millis(20)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let began = std::time::Instant::now();
                (reader.wait_change(Duration::from_secs(20)), began.elapsed())
            });
            std::thread::sleep(Duration::from_millis(30));
            slot.end(Ending::new(SlotState::Done)).unwrap();
            let (changed, waited) = waiting.join().unwrap();
            assert!(changed && waited < Duration::from_secs(10), "{waited:?}");
        });
    });
}

#[test]
fn two_long_keys_that_begin_alike_are_two_slots() {
    both_forms(|form| {
        let board = form.board("keys", 3);
        let keys = ["a", "b"].map(|end| format!("{}{end}", "k".repeat(100)));
        let slots = keys.each_ref().map(|key| Slot::join(board.path(), key, "", Kind::Task).expect("another slot"));
        assert_eq!(slots.each_ref().map(Slot::index), [0, 1]);
        let again = Slot::join(board.path(), &keys[1], "", Kind::Task);
        assert!(matches!(again, Err(ClaimError::Place(ReserveError::KeyInUse { slot: 1, .. }))), "{again:?}");
        let seen = view(&mut board.reader().unwrap());
        assert_eq!(seen.slots[0].key, seen.slots[1].key, "both are cut");
        let found = keys.each_ref().map(|key| seen.slots.iter().position(|slot| slot.has_key(key)));
        assert_eq!(found, [Some(0), Some(1)]);
    });
}

#[test]
fn a_step_entered_twice_is_seen_twice_and_the_last_eight_are_kept() {
    let form = Form::file();
    let board = form.board("steps", 1);
    let mut slot = Slot::join(board.path(), "service", "", Kind::Service).unwrap();
    let mut reader = board.reader().unwrap();
    for number in 1..=12_u8 {
        slot.enter(Step::new(number % 2 + 4), None);
        slot.publish(number.into());
    }
    slot.name_step("warming up");
    slot.set_health(Health::Ready);
    let seen = view(&mut reader).slots.remove(0);
    let steps: Vec<(u8, u64)> = seen.transitions.iter().map(|entry| (entry.step.number(), entry.done)).collect();
    assert_eq!(steps, [(5, 5), (4, 6), (5, 7), (4, 8), (5, 9), (4, 10), (5, 11), (4, 12)]);
    assert!(seen.transitions.is_sorted_by_key(|entry| entry.entered_at_ns));
    assert_eq!((seen.step_name.as_deref(), seen.health), (Some("warming up"), Health::Ready));
    slot.enter(Step::new(6), None);
    let seen = view(&mut reader).slots.remove(0);
    assert_eq!((seen.step_name, seen.step.number(), seen.transitions.len()), (None, 6, 8));
}

#[test]
fn a_slot_shows_what_it_belongs_to_and_what_it_waits_for() {
    both_forms(|form| {
        let board = form.board("parts", 4);
        let whole = board.reserve("whole", "", Kind::Service).unwrap();
        let build = SlotWork { parent: Some(whole.slot), runner: Some(7), process_group: Some(8), ..work("build") };
        let part = board.reserve_as(&build).unwrap();
        let mut slot = Slot::claim(board.path(), part.slot, part.generation).unwrap();
        slot.set_address("127.0.0.1", Some(3_000));
        slot.set_unit(Unit::Files);
        let waits = WaitsFor { board_id: board.id().to_owned(), slot: whole.slot, generation: whole.generation };
        slot.wait_for(Some(&waits));
        let mut reader = board.reader().unwrap();
        let seen = view(&mut reader).slots.remove(1);
        assert_eq!((seen.parent, seen.runner, seen.process_group), (Some(0), Some(7), Some(8)));
        assert_eq!((seen.address.as_deref(), seen.port, seen.unit), (Some("127.0.0.1"), Some(3_000), Unit::Files));
        assert_eq!(seen.waits_for, Some(waits));
        slot.wait_for(None);
        assert_eq!(view(&mut reader).slots[1].waits_for, None);
    });
}

#[test]
fn a_cause_is_changed_while_a_slot_waits_kept_by_its_end_and_of_its_own_life_alone() {
    both_forms(|form| {
        let board = form.board("project", 2);
        let mut reader = board.reader().unwrap();
        let cause = |reader: &mut Reader| view(reader).slots[0].cause.clone();
        let first = board.reserve("node", "", Kind::Install).unwrap();
        let mut slot = Slot::claim(board.path(), first.slot, first.generation).unwrap();
        assert_eq!(cause(&mut reader), None);
        slot.set_cause("vx 4711 installs it");
        assert_eq!(cause(&mut reader).as_deref(), Some("vx 4711 installs it"));
        slot.set_cause(&"ü".repeat(80));
        assert_eq!(cause(&mut reader), Some(format!("{}…", "ü".repeat(79))));
        slot.set_cause("");
        assert_eq!(cause(&mut reader), None);
        slot.set_cause("the mirror");
        slot.end(Ending::failed("the digest differs")).unwrap();
        assert_eq!(cause(&mut reader).as_deref(), Some("the mirror"));
        let second = board.reserve_again(first, 2, None).unwrap();
        assert_eq!(cause(&mut reader), None, "the cause of the last attempt");
        board.end(second, &Ending::skipped("python is missing", "python")).unwrap();
        let seen = view(&mut reader);
        assert_eq!((seen.slots[0].cause.as_deref(), &*seen.slots[0].message), (Some("python"), "python is missing"));
    });
}

#[test]
fn two_projects_with_long_keys_that_begin_alike_are_two() {
    let form = Form::file();
    let [one, two] = ["one", "two"].map(|end| format!("/{}/{end}", "long/".repeat(300)));
    let board = |name: &str, project| {
        let subject = BoardSubject { kind: Some(Kind::Service), project, ..BoardSubject::titled("title") };
        Board::create(&form.directory().join(name), subject, 1).unwrap().reader().unwrap().snapshot().unwrap().board
    };
    let (first, second) = (board("1.board", Some(&one)), board("2.board", Some(&two)));
    assert!(first.is_of_project(&one) && !first.is_of_project(&two) && second.is_of_project(&two));
    assert_eq!((first.title.as_str(), first.kind), ("title", Some(Kind::Service)));
    assert_eq!(first.project.map(|project| project.text), second.project.map(|project| project.text), "the beginning");
    assert_eq!(board("3.board", None).project, None);
}

#[test]
fn a_log_of_its_own_writer_begins_with_the_reservation_and_is_left_alone_by_the_slot() {
    both_forms(|form| {
        let board = form.board("logs", 2);
        let named = SlotWork { log_writer: Some(std::process::id()), ..work("captured") };
        let captured = board.reserve_as(&named).unwrap();
        let mut log = board.log_writer(captured).expect("this process is named");
        log.line(b"before the claim");
        let mut slot = Slot::claim(board.path(), captured.slot, captured.generation).unwrap();
        log.line(b"behind it\n");
        slot.publish(1);
        let reader = board.reader().unwrap();
        assert_eq!(reader.log_tail(0, 9), ["before the claim", "behind it"]);
        let other = board.reserve_as(&SlotWork { log_writer: Some(1), ..work("elsewhere") }).unwrap();
        assert!(board.log_writer(other).is_none(), "another process is named");
        let mut slot = Slot::claim(board.path(), other.slot, other.generation).unwrap();
        slot.log_line(b"not here");
        assert!(reader.log_tail(1, 9).is_empty());
        assert!(board.log_writer(Reservation { generation: 9, ..captured }).is_none(), "another life");
    });
}

fn work(key: &str) -> SlotWork<'_> {
    SlotWork::new(key, "", Kind::Build)
}

#[test]
fn long_texts_are_cut_and_marked_as_cut() {
    both_forms(|form| {
        let board = form.board(&"t".repeat(500), 1);
        let mut slot = Slot::join(board.path(), &"k".repeat(100), &"v".repeat(100), Kind::Task).unwrap();
        slot.message(&"é".repeat(100));
        slot.details("two\nlines");
        slot.end(Ending::failed("e".repeat(1999))).unwrap();
        let seen = view(&mut board.reader().unwrap());
        let slot = &seen.slots[0];
        assert_eq!(
            (slot.key.as_str(), slot.version.as_str()),
            (&*format!("{}…", "k".repeat(94)), &*format!("{}…", "v".repeat(46)))
        );
        assert_eq!((slot.message.as_str(), slot.details.as_str()), (&*format!("{}…", "é".repeat(39)), "two\nlines"));
        assert_eq!(slot.error.as_deref(), Some(&*format!("{}…", "e".repeat(870))));
        assert_eq!(seen.board.title, format!("{}…", "t".repeat(126)));
    });
}

#[test]
fn a_reader_that_holds_a_snapshot_of_another_board_does_not_mix_the_two() {
    both_forms(|form| {
        let (one, two) = (form.board("one", 2), form.board("two", 2));
        let _a = Slot::join(one.path(), "a", "", Kind::Task).unwrap();
        let _b = Slot::join(one.path(), "b", "", Kind::Task).unwrap();
        let _c = Slot::join(two.path(), "c", "", Kind::Task).unwrap();
        let mut snapshot = view(&mut one.reader().unwrap());
        two.reader().unwrap().refresh(&mut snapshot).unwrap();
        assert_eq!((snapshot.board.title.as_str(), snapshot.slots.len()), ("two", 1));
        assert_eq!(snapshot.slots[0].key, "c");
    });
}

#[test]
fn names_and_sizes_that_cannot_be_are_refused() {
    both_forms(|form| {
        let board = form.board("p", 1);
        let again = form.create(board.path(), "p", 1);
        assert!(matches!(again, Err(CreateError::Exists { .. })), "{again:?}");
        for capacity in [0, vx_shm::layout::MAX_SLOTS + 1, u32::MAX] {
            let path = form.fresh();
            assert!(matches!(form.create(&path, "p", capacity), Err(CreateError::Capacity { .. })));
            assert!(matches!(Reader::open(&path).map_err(|error| error.kind), Err(AttachErrorKind::Missing)));
        }
    });
}

#[test]
fn a_board_in_a_missing_directory_leaves_nothing_and_hints_at_the_directory() {
    let error = Board::create(Path::new("no/such/place/x.board"), "p", 1).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("no/such/place")), "{error}");
}

#[test]
#[cfg(unix)]
fn a_board_file_is_its_users_alone_and_nothing_lies_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let form = Form::file();
    let board = form.board("p", 8);
    let data = std::fs::metadata(board.path()).unwrap();
    assert_eq!(data.permissions().mode() & 0o777, 0o600);
    let directory = board.path().parent().unwrap();
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 1);
}

#[test]
fn a_board_may_be_shared_between_threads_and_a_slot_and_a_reader_moved() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Board>();
    moved::<Slot>();
    moved::<Reader>();
    let form = Form::file();
    let board = form.board("threads", 64);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let board = &board;
            scope.spawn(move || {
                for number in 0..8 {
                    board.reserve(&format!("{thread}-{number}"), "", Kind::Install).unwrap();
                }
            });
        }
    });
    let mut keys: Vec<String> = view(&mut board.reader().unwrap()).slots.into_iter().map(|slot| slot.key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 64);
}

#[test]
fn hints_name_the_next_step_and_errors_name_the_board() {
    let form = Form::file();
    let board = form.board("p", 1);
    let taken = form.create(board.path(), "p", 1).unwrap_err();
    assert!(taken.to_string().contains(&board.path().display().to_string()) && taken.hint().is_some());
    board.reserve("a", "", Kind::Task).unwrap();
    assert!(board.reserve("b", "", Kind::Task).unwrap_err().hint().is_some_and(|hint| hint.contains("larger board")));
    assert!(Slot::claim(board.path(), 0, 9).unwrap_err().hint().is_some());
}

#[test]
#[cfg(all(target_os = "linux", feature = "named"))]
fn a_named_segment_met_while_it_is_made_is_not_ready_and_not_something_else() {
    let form = Form::named();
    let path = form.fresh();
    let name = path.to_str().unwrap().strip_prefix("shm:").unwrap();
    let segment = std::fs::File::create_new(std::path::Path::new("/dev/shm").join(name)).unwrap();
    let reader = || Reader::open(&path).map(|_| ()).map_err(|error| error.kind);
    let writer = || Slot::join(&path, "key", "", Kind::Task).map(|_| ());
    for length in [0, 1 << 20] {
        segment.set_len(length).unwrap();
        assert!(
            matches!(reader(), Err(AttachErrorKind::Layout(vx_shm::layout::LayoutFault::NotReady))),
            "{length}: {:?}",
            reader()
        );
        let refused = writer();
        assert!(matches!(refused, Err(ClaimError::Attach(_))), "{length}: {refused:?}");
    }
    std::fs::remove_file(std::path::Path::new("/dev/shm").join(name)).unwrap();
}

#[test]
fn a_slot_that_has_ended_is_named_again_in_its_place_with_nothing_of_its_last_life() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let mut reader = Reader::open(board.path()).unwrap();
        let first = board.reserve("node", "22.3.0", Kind::Install).unwrap();
        let again = board.reserve_again(first, 2, None);
        assert!(matches!(again, Err(ReserveError::NotEnded { slot: 0, .. })), "it has not ended: {again:?}");

        let mut slot = Slot::claim(board.path(), first.slot, first.generation).unwrap();
        slot.enter(Step::new(3), Some(1000));
        slot.publish_of(400, Some(1000));
        slot.message("fetching");
        slot.end(Ending::failed("the digest differs")).unwrap();
        board.end(first, &Ending { exit_code: Some(1), ..Ending::new(SlotState::Failed) }).unwrap();

        let second = board.reserve_again(first, 2, Some(1000)).unwrap();
        assert_eq!((second.slot, second.generation), (first.slot, first.generation + 1));
        assert!(matches!(board.reserve_again(first, 3, None), Err(ReserveError::NotEnded { .. })), "that life is over");
        let seen = view(&mut reader).slots;
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].key.as_str(), seen[0].version.as_str(), seen[0].kind), ("node", "22.3.0", Kind::Install));
        assert_eq!((seen[0].state, seen[0].attempt), (SlotState::Reserved, 2));
        assert_eq!((seen[0].done, seen[0].total), (0, Some(1000)), "the amount of the work is known as before");
        assert_eq!((seen[0].error.as_deref(), seen[0].exit_code, seen[0].message.as_str()), (None, None, ""));
        assert_eq!((seen[0].transitions.len(), seen[0].ended_at_ns, seen[0].pid), (1, None, None));

        let slot = Slot::claim(board.path(), second.slot, second.generation).unwrap();
        assert_eq!(view(&mut reader).slots[0].attempt, 2, "the claim keeps it");
        slot.end(Ending::done_at("/store/node")).unwrap();
        assert_eq!(view(&mut reader).slots[0].state, SlotState::Done);
    });
}
