//! The owner of a lock on a file system that has no locks: a link beside the lock's file, whose target names a process.
//!
//! A link is created together with its target in one step, and only where none exists; that holds on networked file
//! systems, too. The link outlives its process, so a process that finds one judges by the target whether the owner
//! still runs: by process id and time of start, if both count in its own namespaces; or by the machine's boot id, since
//! no process survives a restart. An owner on another machine or in another container can't be seen from here, and
//! holds the lock for as long as its link exists.
//!
//! The link of a dead owner is removed only under a second lock of the same kind, at the link's path. The holder of
//! that lock checks again that the link is still the dead owner's, and no other process can replace it meanwhile. So a
//! slow process can't remove the link of the next owner. The owner of the second lock may be dead, too; then a third
//! lock decides. Each level requires one more process that was killed between two system calls.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::system::identity::{OUTERMOST_NAMESPACE, boot, host, machine, namespaces, started};

/// The most tries if the link keeps being removed between creating and reading it.
const RACES: usize = 1000;
/// The number of words in a target before the name of the host.
const WORDS: usize = 7;

/// A link of this process; removed on drop.
#[derive(Debug)]
pub(super) struct OwnerLink {
    path: PathBuf,
    target: String,
}

/// A process that holds a lock, and can't be seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenOwner {
    /// Its process id, as counted where it runs.
    pub pid: u32,
    /// The name of its machine or container.
    pub host: String,
    /// The link that names it.
    pub link: PathBuf,
}

impl UnseenOwner {
    /// The next step after waiting for it in vain.
    pub fn hint(&self) -> String {
        let Self { pid, host, link } = self;
        format!(
            "process {pid} on `{host}` holds the lock, and can't be seen from here: if it has ended, remove `{}` and try \
             again",
            link.display()
        )
    }
}

/// The file system has neither locks nor links, or the system lacks the facts that identify a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this file system has no locks")]
pub(super) struct NoLocks;

impl OwnerLink {
    /// Own the lock at this path; `None` while another process does.
    pub(super) fn try_acquire(lock: &Path) -> io::Result<Option<Self>> {
        let path = link_of(lock);
        let target = Owner::of_this_process().ok_or_else(no_locks)?.target();
        for _ in 0..RACES {
            match make_link(&target, &path) {
                Ok(()) => return Ok(Some(Self { path, target })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if has_no_links(&error) => return Err(no_locks()),
                Err(error) => return Err(error),
            }
            match read_target(&path)? {
                None => {}
                // A networked file system may make the link and lose the reply, so a retry finds our own link.
                Some(found) if found == target => return Ok(Some(Self { path, target })),
                Some(found) if is_dead(&found) && remove_dead(&path, &found)? => {}
                Some(_) => return Ok(None),
            }
        }
        Err(io::Error::other("the link of the lock's owner keeps being replaced"))
    }
}

impl Drop for OwnerLink {
    fn drop(&mut self) {
        // A user may have removed the link by hand, and another process may have taken the lock since.
        if read_target(&self.path).is_ok_and(|found| found.as_ref() == Some(&self.target)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Remove the link if it is still this dead owner's. False if another process is about to do so.
fn remove_dead(link: &Path, target: &str) -> io::Result<bool> {
    let Some(_right) = OwnerLink::try_acquire(link)? else { return Ok(false) };
    if read_target(link)?.is_some_and(|found| found == target) {
        std::fs::remove_file(link)?;
    }
    Ok(true)
}

/// Remove the link of the lock at this path, if its owner is dead. A link that can't be removed does no harm.
pub(super) fn remove_dead_owner(lock: &Path) {
    let link = link_of(lock);
    if let Ok(Some(target)) = read_target(&link)
        && is_dead(&target)
    {
        let _ = remove_dead(&link, &target);
    }
}

/// Returns whether a process owns the lock at this path.
pub(super) fn is_owned(lock: &Path) -> bool {
    match read_target(&link_of(lock)) {
        Ok(target) => target.is_some_and(|target| !is_dead(&target)),
        Err(_) => true,
    }
}

/// The owner of the lock at this path, if it runs where this process can't see it.
pub(super) fn unseen_owner(lock: &Path) -> Option<UnseenOwner> {
    let link = link_of(lock);
    let owner = Owner::parse(&read_target(&link).ok()??)?;
    let here = Owner::of_this_process()?;
    (owner.standing(&here, started(owner.pid)) == OwnerKnowledge::Unseen).then_some(UnseenOwner {
        pid: owner.pid,
        host: owner.host,
        link,
    })
}

/// The suffix of an owner's link.
const ENDING: &str = ".owner";

fn link_of(lock: &Path) -> PathBuf {
    let mut name = lock.as_os_str().to_owned();
    name.push(ENDING);
    name.into()
}

/// The lock whose owner has its link at this path; `None` for any other path.
pub(super) fn lock_of(link: &Path) -> Option<PathBuf> {
    Some(link.to_str()?.strip_suffix(ENDING)?.into())
}

/// The target of a link; `None` if it isn't there.
fn read_target(link: &Path) -> io::Result<Option<String>> {
    match std::fs::read_link(link) {
        Ok(target) => Ok(Some(target.to_string_lossy().into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns whether the target names a process that has certainly ended. A target that can't be read proves nothing.
fn is_dead(target: &str) -> bool {
    let owner = Owner::parse(target).zip(Owner::of_this_process());
    owner.is_some_and(|(owner, here)| owner.standing(&here, started(owner.pid)) == OwnerKnowledge::Dead)
}

/// Identifies a process among those of all machines.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    pid: u32,
    start: u64,
    /// Distinguishes the locks of one process.
    serial: u64,
    pid_namespace: u64,
    time_namespace: u64,
    boot: String,
    /// Empty if the machine has none.
    machine: String,
    host: String,
}

/// What this process knows about an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnerKnowledge {
    Runs,
    Dead,
    Unseen,
}

impl Owner {
    /// This process, for one lock; `None` if the system doesn't provide all the facts.
    fn of_this_process() -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        let (pid_namespace, time_namespace) = namespaces()?;
        Some(Self {
            pid,
            start: started(pid)?,
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            pid_namespace,
            time_namespace,
            boot: boot()?.to_owned(),
            machine: machine().unwrap_or_default(),
            host: host()?,
        })
    }

    fn target(&self) -> String {
        let Self { pid, start, serial, pid_namespace, time_namespace, boot, machine, host } = self;
        format!("{pid}.{start}.{serial}.{pid_namespace}.{time_namespace}.{boot}.{machine}@{host}")
    }

    fn parse(target: &str) -> Option<Self> {
        let (words, host) = target.split_once('@')?;
        let words: Vec<&str> = words.split('.').collect();
        let [pid, start, serial, pid_namespace, time_namespace, boot, machine] =
            <[&str; WORDS]>::try_from(words).ok()?;
        Some(Self {
            pid: pid.parse().ok()?,
            start: start.parse().ok()?,
            serial: serial.parse().ok()?,
            pid_namespace: pid_namespace.parse().ok()?,
            time_namespace: time_namespace.parse().ok()?,
            boot: boot.to_owned(),
            machine: machine.to_owned(),
            host: host.to_owned(),
        })
    }

    /// Judge this owner from `here`, where a process with its id started at `started_now`, if there is one.
    fn standing(&self, here: &Self, started_now: Option<u64>) -> OwnerKnowledge {
        let same_machine = !self.machine.is_empty() && (&self.machine, &self.host) == (&here.machine, &here.host);
        // Containers on two machines may share a host name, and the machine id of their image.
        let outermost = [self, here].iter().all(|process| process.pid_namespace == OUTERMOST_NAMESPACE);
        let same_namespaces = (self.pid_namespace, self.time_namespace) == (here.pid_namespace, here.time_namespace);
        match self.boot == here.boot {
            true if same_namespaces && started_now == Some(self.start) => OwnerKnowledge::Runs,
            true if same_namespaces => OwnerKnowledge::Dead,
            false if same_machine && outermost => OwnerKnowledge::Dead,
            _ => OwnerKnowledge::Unseen,
        }
    }
}

fn no_locks() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, NoLocks)
}

#[cfg(unix)]
fn make_link(target: &str, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn make_link(_: &str, _: &Path) -> io::Result<()> {
    Err(no_locks())
}

/// Recognizes the errors of file systems without links.
fn has_no_links(error: &io::Error) -> bool {
    // This process wrote to the directory a moment ago, so `EPERM` can't mean a lack of permission.
    matches!(error.kind(), io::ErrorKind::Unsupported) || is_not_permitted(error)
}

#[cfg(unix)]
fn is_not_permitted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS))
}

#[cfg(not(unix))]
fn is_not_permitted(_: &io::Error) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
