//! Scans of shells and their children.

use super::*;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;

fn shell(script: &str) -> (Child, Pid) {
    let child = Command::new("/bin/sh").args(["-c", script]).stdout(Stdio::null()).spawn().expect("a shell");
    let pid = Pid::from_child(&child);
    (child, pid)
}

/// Scan until there are this many members.
fn find(descendants: &mut Descendants, count: usize) -> TreeScan {
    for _ in 0..2_000 {
        let look = descendants.scan();
        if look.complete && descendants.members().len() == count {
            return look;
        }
        sleep(Duration::from_millis(5));
    }
    panic!("{count} members were expected, and there are {:?}", descendants.members());
}

#[test]
fn members_are_found_behind_their_parents_and_forgotten_when_they_end() {
    let (mut child, pid) = shell("( sleep 30 & wait ) & wait");
    let mut descendants = Descendants::by_rule(move |found, _| found == pid);
    find(&mut descendants, 3);
    let parents: Vec<Option<Pid>> = descendants
        .members()
        .iter()
        .map(|member| ProcessFacts::from_pid(member.handle.pid).expect("it is there").parent)
        .collect();
    let pids: Vec<Option<Pid>> = descendants.members().iter().map(|member| Some(member.handle.pid)).collect();
    assert_eq!(parents, [Some(rustix::process::getpid()), pids[0], pids[1]]);
    for member in descendants.members().iter().rev() {
        member.handle.signal(rustix::process::Signal::KILL);
    }
    find(&mut descendants, 0);
    assert!(child.wait().is_err(), "the look has collected it");
}

#[test]
fn a_child_that_ended_before_it_was_seen_is_collected_and_counted() {
    let (child, pid) = shell("exit 0");
    let mut descendants = Descendants::by_rule(move |found, _| found == pid);
    while ProcessHandle::open(pid).ok().flatten().is_none_or(|handle| handle.status().is_none()) {
        sleep(Duration::from_millis(1));
    }
    assert_eq!(descendants.scan(), TreeScan { collected: 1, complete: true, uncollected: 0 });
    assert_eq!(descendants.scan(), TreeScan { collected: 0, complete: true, uncollected: 0 });
    drop(child);
}

#[test]
fn a_child_that_the_rule_leaves_out_keeps_its_status() {
    let (mut child, _) = shell("exit 3");
    let mut descendants = Descendants::by_rule(|_, _| false);
    sleep(Duration::from_millis(20));
    assert_eq!(descendants.scan(), TreeScan { collected: 0, complete: true, uncollected: 0 });
    assert_eq!(child.wait().expect("its status").code(), Some(3));
}

#[test]
fn a_number_that_was_a_strangers_is_asked_again_once_another_process_has_it() {
    let (mut child, pid) = shell("exec sleep 30");
    let inode = Listing::read().expect("a list").inode_of(pid).expect("it is there");
    let mut descendants = Descendants::by_rule(move |found, _| found == pid);
    descendants.outside.insert(pid, inode);
    assert!(descendants.scan().complete && descendants.members().is_empty(), "it is a stranger");
    descendants.outside.insert(pid, inode - 1);
    find(&mut descendants, 1);
    child.kill().expect("it is there");
    find(&mut descendants, 0);
}

#[test]
fn a_leader_keeps_its_number_until_it_is_asked_to_go() {
    let (child, pid) = shell("exit 4");
    let mut descendants = Descendants::by_rule(move |found, _| found == pid);
    descendants.lead_by(pid).expect("it is there, if only as a zombie");
    find(&mut descendants, 0);
    assert_eq!(descendants.leader_status().and_then(|status| status.exit_status()), Some(4));
    descendants.collect_leader();
    assert_eq!((descendants.leader(), ProcessFacts::from_pid(pid)), (None, None));
    drop(child);
}

#[test]
fn a_process_that_cannot_be_judged_yet_is_no_stranger_and_is_asked_again() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let (mut child, pid) = shell("exec sleep 30");
    let is_known = Arc::new(AtomicBool::new(false));
    let known = Arc::clone(&is_known);
    let mut descendants =
        Descendants::anywhere(
            move |found, _| if found == pid { known.load(Ordering::SeqCst).then_some(true) } else { Some(false) },
        );
    for _ in 0..3 {
        let look = descendants.scan();
        assert!(!look.complete && descendants.members().is_empty(), "{look:?}");
    }
    is_known.store(true, Ordering::SeqCst);
    find(&mut descendants, 1);
    child.kill().expect("it is there");
    find(&mut descendants, 0);
}
