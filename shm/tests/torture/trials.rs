//! Runs the trials one after the other and prints the counts of each.
//!
//! Trials run on the main thread, because a stepped process can be stepped only by the thread that started it, and dies
//! with that thread.

mod attach;
#[cfg(target_arch = "x86_64")]
mod creation;
#[cfg(target_arch = "x86_64")]
mod expected;
mod forks;
#[cfg(target_arch = "x86_64")]
mod instants;
mod kills;
mod ledger;
mod pools;
mod races;
mod reads;
mod reports;
mod stops;
mod strangers;
mod written;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

use crate::support::children::{self, Role, torture_factor};

/// The longest time that one trial may take in its usual form: a trial that hangs ends the run and all its children.
const LONGEST_SECONDS: u32 = 300;

/// A trial, named by the behaviour it protects. Returns its counts.
type Run = fn() -> String;

const TRIALS: &[(&str, Run)] = &[
    ("numbers_read_under_writers_without_pause_are_whole_and_never_go_back", reads::numbers),
    ("texts_read_under_writers_without_pause_are_whole_and_never_go_back", reads::texts),
    ("log_lines_read_under_writers_without_pause_are_whole_and_in_order", reads::lines),
    ("a_writer_killed_at_a_random_instant_leaves_its_last_complete_publication", kills::at_random),
    #[cfg(target_arch = "x86_64")]
    ("a_writer_killed_at_a_chosen_instruction_leaves_a_slot_that_can_be_taken_over", instants::kills),
    #[cfg(target_arch = "x86_64")]
    ("a_reader_at_each_instruction_of_a_life_sees_one_life_or_the_other", instants::reads),
    ("a_report_killed_at_a_random_instant_leaves_nothing_unannounced_and_no_torn_line", reports::killed),
    ("a_pool_killed_at_a_random_instant_leaves_lanes_that_the_next_one_takes_over", pools::killed),
    ("lanes_left_without_an_end_are_ended_by_the_creator_while_their_pool_begins_lives_in_them", pools::ended),
    ("of_32_processes_that_race_for_8_slots_each_slot_has_one", races::rounds_of_32),
    ("who_attaches_while_boards_come_and_go_gets_a_complete_one_or_none", attach::files),
    #[cfg(feature = "named")]
    ("who_attaches_while_named_segments_come_and_go_gets_a_complete_one_or_a_typed_error", attach::named),
    #[cfg(target_arch = "x86_64")]
    ("a_creator_killed_between_two_system_calls_leaves_a_complete_board_or_none", creation::files),
    #[cfg(all(target_arch = "x86_64", feature = "named"))]
    ("a_creator_of_a_named_segment_killed_between_two_system_calls_leaves_a_name_that_can_be_cleared", creation::named),
    ("a_writer_stopped_while_publishing_holds_up_nobody_and_goes_on", stops::publishing),
    #[cfg(target_arch = "x86_64")]
    ("a_process_stopped_with_the_table_locked_is_given_up_on_by_name", stops::table_holder),
    ("a_stranger_with_the_writers_process_id_does_not_pass_for_it", strangers::process_ids),
    ("a_board_of_another_boot_lives_by_its_locks_alone", strangers::boot),
    ("a_lock_that_only_a_forked_child_holds_reads_as_silent", forks::outlived),
    ("a_forked_child_that_lets_go_does_not_free_its_parents_slot", forks::dropped_in_the_child),
    ("a_child_that_runs_another_program_has_neither_map_nor_lock", forks::another_program),
];

/// Play a child's role, or run the trials that the arguments name.
pub(crate) fn run() -> ExitCode {
    if let Some(role) = children::role() {
        play(&role);
        return ExitCode::SUCCESS;
    }
    let counted: Arc<Mutex<Vec<(&str, String)>>> = Arc::default();
    let trials = TRIALS.iter().map(|(name, run)| {
        let counted = counted.clone();
        Trial::test(*name, move || {
            let longest = u64::from(LONGEST_SECONDS).saturating_mul(torture_factor());
            nix::unistd::alarm::set(u32::try_from(longest).unwrap_or(u32::MAX));
            let began = Instant::now();
            let count = run();
            no_process_is_left();
            counted.lock().unwrap().push((name, format!("{count} ({:.1} s)", began.elapsed().as_secs_f64())));
            Ok(())
        })
    });
    // Children whose parent was killed become children of this process, which sees them end.
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if !arguments.list {
        println!("counts of each trial, VX_TORTURE={}:", torture_factor());
        for (name, count) in counted.lock().unwrap().iter() {
            println!("  {name}\n      {count}");
        }
    }
    conclusion.exit_code()
}

/// Assert, after a trial, that every process started for it has ended, even if its parent was killed.
fn no_process_is_left() {
    let began = Instant::now();
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return,
            Ok(WaitStatus::StillAlive) => {
                assert!(began.elapsed() < Duration::from_secs(10), "a process is left behind");
                std::thread::sleep(Duration::from_millis(1));
            }
            reaped => assert!(reaped.is_ok(), "{reaped:?}"),
        }
    }
}

fn play(role: &Role) {
    let known =
        [reads::play, kills::play, races::play, attach::play, stops::play, forks::play, reports::play, pools::play];
    let played = known.iter().any(|play| play(role));
    #[cfg(target_arch = "x86_64")]
    let played = played || instants::play(role) || creation::play(role);
    assert!(played, "no such role: {}", role.name);
}

/// A count as people read it: `10,000,000`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}
