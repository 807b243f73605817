//! The owner of a lock on a file system that has no locks: a link beside the lock's file, whose target names a process.
//!
//! A link is made in one step with its target, and only where there is none, on networked file systems, too. It outlives
//! its process, so each process that meets one judges by the target whether the owner still runs: by process id and time
//! of start, if both count in this process's own namespaces; and a machine that has started again since has none of its
//! earlier processes. All other owners hold the lock for as long as their link is there, since this machine can't see
//! them: those of another machine, or of another container.
//!
//! The link of a dead owner is removed only under a lock of its own, at the link's path and of the same kind. Its holder
//! looks once more whether it is still that owner's link, and no other process can replace it meanwhile. So a process that
//! was slow can't remove the link of the next owner. The owner of that second lock may be dead, too, and then a third one
//! decides: each level takes a process that was killed between two system calls.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::system::identity::{OUTERMOST_NAMESPACE, boot, host, machine, namespaces, started};

/// The most tries if the link keeps being removed while it is looked at.
const RACES: usize = 1000;
/// The words of a target, before the name of the host.
const WORDS: usize = 7;

/// The link of this process; removed when this is dropped.
#[derive(Debug)]
pub(super) struct OwnerLink {
    path: PathBuf,
    target: String,
}

/// A process that holds a lock, and that this machine can't see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenOwner {
    /// Its process id, where it runs.
    pub pid: u32,
    /// The name of its machine or container.
    pub host: String,
    /// The link that names it.
    pub link: PathBuf,
}

impl UnseenOwner {
    /// The next step for whoever waited for it in vain.
    pub fn hint(&self) -> String {
        let Self { pid, host, link } = self;
        format!(
            "it is process {pid} on `{host}`, which can't be looked at from here: if it has ended, remove `{}` and try again",
            link.display()
        )
    }
}

/// The file system has neither locks nor links, or the system doesn't tell one process from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this file system has no locks")]
pub(super) struct NoLocks;

impl OwnerLink {
    /// Own the lock at this path, or `None` while another process does.
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
                // A networked file system may make the link and lose its answer.
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
        // It may have been removed by hand, and another process have taken the lock since.
        if read_target(&self.path).is_ok_and(|found| found.as_ref() == Some(&self.target)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Remove the link if it is still the one of this dead owner. False if another process is about to.
fn remove_dead(link: &Path, target: &str) -> io::Result<bool> {
    let Some(_right) = OwnerLink::try_acquire(link)? else { return Ok(false) };
    if read_target(link)?.is_some_and(|found| found == target) {
        std::fs::remove_file(link)?;
    }
    Ok(true)
}

/// Remove the link of the lock at this path, if its owner is dead. One that can't be removed does no harm.
pub(super) fn remove_dead_owner(lock: &Path) {
    let link = link_of(lock);
    if let Ok(Some(target)) = read_target(&link)
        && is_dead(&target)
    {
        let _ = remove_dead(&link, &target);
    }
}

/// True if a process owns the lock at this path.
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

/// The ending of an owner's link.
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

/// True if the target names a process that has certainly ended. Anything that isn't such a name is no proof.
fn is_dead(target: &str) -> bool {
    let owner = Owner::parse(target).zip(Owner::of_this_process());
    owner.is_some_and(|(owner, here)| owner.standing(&here, started(owner.pid)) == OwnerKnowledge::Dead)
}

/// A process among all of all machines.
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

/// The knowledge that a process has of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnerKnowledge {
    Runs,
    Dead,
    Unseen,
}

impl Owner {
    /// This process, for one lock; `None` if the system doesn't show all that is needed.
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
        // Containers on two machines may have one name, and the identifier of one image.
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

/// True for the answers of file systems without links.
fn has_no_links(error: &io::Error) -> bool {
    // The directory was written to a moment ago, so a lack of permission can't be the reason.
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
