//! All processes of the system in one list, without a file for each.
//!
//! A number alone is no identity: once its process has been collected, the next one may have it. The list has a second
//! number beside it, that of the inode of the process's folder in `/proc`. An inode belongs to one process, and the system
//! removes it before it gives the number away. So the same pair in two lists is the same process in both, and one that was
//! there from the first list to the second. The opposite proves nothing: the system may drop an inode that nobody uses,
//! and make another for the same process, which then only has to be asked once more.

use std::collections::HashMap;
use std::fs::read_dir;
use std::io;
use std::os::unix::fs::DirEntryExt;

use rustix::process::Pid;

/// The folder number that the system gives when it has no memory for an inode: of nobody.
const NO_INODE: u64 = 1;

/// The processes that this user may see, by number, each with the inode of its folder. A process that is there from before
/// the list to after it is on it.
#[derive(Debug, Default)]
pub(in crate::tree) struct Listing(HashMap<Pid, u64>);

impl Listing {
    /// The list now.
    ///
    /// # Errors
    /// The system has no `/proc`, or gives no file to read it with.
    pub(in crate::tree) fn read() -> io::Result<Self> {
        let mut listed = HashMap::new();
        for entry in read_dir("/proc")? {
            let entry = entry?;
            let pid = entry.file_name().to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
            listed.extend(pid.map(|pid| (pid, entry.ino())));
        }
        Ok(Self(listed))
    }

    /// The processes on it.
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
