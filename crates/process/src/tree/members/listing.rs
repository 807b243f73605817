//! Lists all processes of the system, without opening a file for each.
//!
//! A process id alone does not identify a process: once the process has been collected, another may get the id. So the
//! list also holds the number of the inode of the process's folder in `/proc`. An inode belongs to one process, and the
//! system removes it before it reuses the id. So the same pair in two lists means the same process, which existed all
//! the time from the first list to the second. Different inodes prove nothing: the system may drop an unused inode and
//! make another for the same process, whose facts then only have to be read once more.

use std::collections::HashMap;
use std::fs::read_dir;
use std::io;
use std::os::unix::fs::DirEntryExt;

use rustix::process::Pid;

/// The number that the system reports when it has no memory for an inode; it identifies no process.
const NO_INODE: u64 = 1;

/// The processes that this user may see, by id, each with the inode of its folder. A process that exists from before
/// the listing begins until after it ends is on the list.
#[derive(Debug, Default)]
pub(in crate::tree) struct Listing(HashMap<Pid, u64>);

impl Listing {
    /// List the processes that exist now.
    ///
    /// # Errors
    /// The system has no `/proc`, or this process can't open another file.
    pub(in crate::tree) fn read() -> io::Result<Self> {
        let mut listed = HashMap::new();
        for entry in read_dir("/proc")? {
            let entry = entry?;
            let pid = entry.file_name().to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
            listed.extend(pid.map(|pid| (pid, entry.ino())));
        }
        Ok(Self(listed))
    }

    /// The ids of the listed processes.
    pub(in crate::tree) fn pids(&self) -> impl Iterator<Item = Pid> + '_ {
        self.0.keys().copied()
    }

    /// The inode of this process's folder, if it is on the list and has one.
    pub(in crate::tree) fn inode_of(&self, pid: Pid) -> Option<u64> {
        self.0.get(&pid).copied().filter(|inode| *inode > NO_INODE)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn inode_of(pid: Pid) -> Option<u64> {
        Listing::read().expect("a list").inode_of(pid)
    }

    #[test]
    fn a_process_keeps_its_inode_and_shares_it_with_nobody() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("a process");
        let (own, other) = (rustix::process::getpid(), Pid::from_child(&child));
        let inodes = [inode_of(own), inode_of(other)];
        assert!(inodes[0].is_some() && inodes[0] != inodes[1] && inodes[1].is_some(), "{inodes:?}");
        assert_eq!([inode_of(own), inode_of(other)], inodes);
        child.kill().and_then(|()| child.wait()).expect("it ends");
        assert_ne!(inode_of(other), inodes[1], "its number may be another process's, its inode may not");
    }
}
