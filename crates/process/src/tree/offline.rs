//! Taking this process, and all that it starts from now on, off the network.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};

/// Move this process into a network of its own, which has no way out. It keeps the sockets that it has open.
///
/// If the system refuses that, everything stays as it is. Only a process with one thread may be moved.
pub(super) fn leave_network() {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    // Root may do so directly, and keeps its rights over the files of others.
    if unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return;
    }
    if unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).is_err() {
        return;
    }
    // A program sees its own user and group. Where a system refuses it, it sees those that stand for unknown ones.
    let maps = [
        ("setgroups", "deny".into()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ];
    for (file, content) in maps {
        let _ = fs::write(format!("/proc/self/{file}"), content);
    }
}
