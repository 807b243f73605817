//! Cutting this process, and all that it starts from now on, off from the network.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};

/// Move this process into a new network namespace without interfaces to the outside. Open sockets stay usable.
///
/// If the system refuses, nothing changes. The process must have only one thread.
pub(super) fn leave_network() {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    // Root may do so without a user namespace, and thus keeps its rights over other users' files.
    if unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return;
    }
    if unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).is_err() {
        return;
    }
    // Map this user and group to themselves. If the system refuses, the program sees the ids for unknown ones instead.
    let maps = [
        ("setgroups", "deny".into()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ];
    for (file, content) in maps {
        let _ = fs::write(format!("/proc/self/{file}"), content);
    }
}
