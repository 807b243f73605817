use std::os::unix::fs::symlink;
use std::sync::Barrier;
use std::sync::atomic::AtomicU32;
use std::thread;

use super::*;

fn here() -> Owner {
    let own = Owner::of_this_process().expect("a process");
    Owner { pid_namespace: OUTERMOST_NAMESPACE, machine: "4d61".into(), ..own }
}

/// An owner that has certainly ended: this process's id, at an earlier time.
fn dead() -> String {
    let own = Owner::of_this_process().expect("a process");
    Owner { start: own.start - 1, ..own }.target()
}

#[test]
fn an_owner_reads_back_from_its_target_and_nothing_else_is_one() {
    for machine in ["4d61", ""] {
        let own = Owner { machine: machine.into(), ..here() };
        assert_eq!(Owner::parse(&own.target()), Some(own));
    }
    for text in ["", "7", "7@host", "7.1.0.1.1.b.m", "x.1.0.1.1.b.m@host", "7.1.0.1.1.b.m.n@host"] {
        assert_eq!(Owner::parse(text), None, "{text}");
        assert!(!is_dead(text), "{text}");
    }
}

#[test]
fn an_owner_is_dead_only_where_that_can_be_seen() {
    let (own, other) = (here(), || here());
    let in_a_container = |owner: Owner| Owner { pid_namespace: 7, ..owner };
    let cases = [
        (other(), Some(own.start), OwnerKnowledge::Runs),
        (other(), Some(own.start + 1), OwnerKnowledge::Dead),
        (other(), None, OwnerKnowledge::Dead),
        (in_a_container(other()), None, OwnerKnowledge::Unseen),
        (Owner { time_namespace: 7, ..other() }, None, OwnerKnowledge::Unseen),
        (Owner { boot: "b".into(), ..other() }, Some(own.start), OwnerKnowledge::Dead),
        (Owner { boot: "b".into(), host: "n2".into(), ..other() }, None, OwnerKnowledge::Unseen),
        (Owner { boot: "b".into(), machine: "4d62".into(), ..other() }, None, OwnerKnowledge::Unseen),
        (Owner { boot: "b".into(), machine: String::new(), ..other() }, None, OwnerKnowledge::Unseen),
        (in_a_container(Owner { boot: "b".into(), ..other() }), None, OwnerKnowledge::Unseen),
    ];
    for (owner, started_now, expected) in cases {
        assert_eq!(owner.standing(&own, started_now), expected, "{owner:?}");
    }
    let (one, another) = (in_a_container(Owner { boot: "b".into(), ..other() }), in_a_container(other()));
    assert_eq!(one.standing(&another, None), OwnerKnowledge::Unseen, "two containers of one image, on two machines");
}

#[test]
fn a_lock_belongs_to_one_owner_until_it_is_dropped_and_leaves_nothing() {
    let top = tempfile::tempdir().expect("a directory");
    let lock = top.path().join("a.lock");
    let owned = OwnerLink::try_acquire(&lock).expect("links").expect("a free lock");
    assert!(OwnerLink::try_acquire(&lock).expect("links").is_none() && is_owned(&lock));
    assert_eq!(unseen_owner(&lock), None);
    assert_eq!(lock_of(&link_of(&lock)), Some(lock.clone()));
    drop(owned);
    assert!(!is_owned(&lock) && std::fs::read_dir(top.path()).expect("a directory").count() == 0);
}

#[test]
fn a_dead_owner_is_followed_also_if_the_one_that_was_about_to_do_that_died_too() {
    let top = tempfile::tempdir().expect("a directory");
    let lock = top.path().join("a.lock");
    symlink(dead(), link_of(&lock)).expect("a link");
    symlink(dead(), link_of(&link_of(&lock))).expect("a link");
    assert!(!is_owned(&lock));
    drop(OwnerLink::try_acquire(&lock).expect("links").expect("a free lock"));
    assert_eq!(std::fs::read_dir(top.path()).expect("a directory").count(), 0);
}

#[test]
fn an_owner_of_another_machine_keeps_its_lock_and_is_named() {
    let top = tempfile::tempdir().expect("a directory");
    let lock = top.path().join("a.lock");
    let far = Owner { boot: "b".into(), host: "n2".into(), pid: 7, ..here() };
    symlink(far.target(), link_of(&lock)).expect("a link");
    assert!(OwnerLink::try_acquire(&lock).expect("links").is_none() && is_owned(&lock));
    assert_eq!(unseen_owner(&lock), Some(UnseenOwner { pid: 7, host: "n2".into(), link: link_of(&lock) }));
}

#[test]
fn a_link_that_another_process_made_since_is_left_to_it() {
    let top = tempfile::tempdir().expect("a directory");
    let lock = top.path().join("a.lock");
    let owned = OwnerLink::try_acquire(&lock).expect("links").expect("a free lock");
    std::fs::remove_file(link_of(&lock)).expect("a link");
    let next = OwnerLink::try_acquire(&lock).expect("links").expect("a free lock");
    drop(owned);
    assert!(is_owned(&lock), "it is the next owner's");
    drop(next);
}

/// Each round begins with the link of a dead owner, so that all takers want to remove it at the same time.
#[test]
fn takers_of_a_dead_owners_lock_never_hold_it_together() {
    const TAKERS: usize = 4;
    let top = tempfile::tempdir().expect("a directory");
    let lock = top.path().join("a.lock");
    let (inside, taken, ready) = (AtomicU32::new(0), AtomicU32::new(0), Barrier::new(TAKERS));
    thread::scope(|scope| {
        for taker in 0..TAKERS {
            let (lock, inside, taken, ready) = (&lock, &inside, &taken, &ready);
            scope.spawn(move || {
                for _ in 0..300 {
                    if taker == 0 {
                        symlink(dead(), link_of(lock)).expect("a link");
                    }
                    ready.wait();
                    if let Some(_held) = OwnerLink::try_acquire(lock).expect("links") {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                    ready.wait();
                }
            });
        }
    });
    assert!(taken.into_inner() >= 300, "some taker gets it in each round");
}
