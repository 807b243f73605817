//! The bench's surroundings: the archives, the server, a directory, a place for file systems. All of it is removed at
//! the end.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::archives::Archives;
use super::disk::{self, Disk};
use super::server::{self, Server};

/// A file system in memory must leave this much for the rest of the machine.
const MEMORY_KB: u64 = 7 << 20;

/// Everything that a method needs to know.
pub(crate) struct Place {
    pub(crate) archives: Archives,
    pub(crate) server: Server,
    /// For settings, projects and scripts; on the machine's own disk.
    pub(crate) work: PathBuf,
    images: PathBuf,
    in_memory: bool,
    _lock: File,
}

impl Place {
    /// Make everything ready, after removing the leftovers of a killed run.
    pub(crate) fn prepare(rate: Option<&str>) -> io::Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(io::Error::other("mounting a fresh file system for each sample needs root"));
        }
        let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-install");
        fs::create_dir_all(&work)?;
        let lock = File::create(work.join("lock"))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| io::Error::other("this bench runs already"))?;
        let memory = Path::new("/dev/shm");
        let in_memory = memory.is_dir() && available_kb() >= MEMORY_KB;
        server::end_leftover(&work.join("server"));
        for images in [memory, &work] {
            disk::remove_leftover(images, &work.join("mount"));
        }
        let archives = Archives::prepare()?;
        let server = Server::start(&archives.directory, &work.join("server"), rate)?;
        let images = if in_memory { memory.to_owned() } else { work.clone() };
        Ok(Self { archives, server, work, images, in_memory, _lock: lock })
    }

    /// A file system with nothing on it.
    pub(crate) fn disk(&self) -> io::Result<Disk> {
        Disk::fresh(&self.images, &self.mount())
    }

    /// The mount point of file systems.
    pub(crate) fn mount(&self) -> PathBuf {
        self.work.join("mount")
    }

    /// A directory for one method, empty.
    pub(crate) fn directory(&self, name: &str) -> io::Result<PathBuf> {
        let directory = self.work.join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        Ok(directory)
    }

    /// The conditions that the figures depend on.
    pub(crate) fn conditions(&self) -> io::Result<String> {
        let packed: u64 = self.archives.tools.iter().map(|archive| archive.size_bytes).sum();
        let load = fs::read_to_string("/proc/loadavg")?;
        let load = load.split(' ').take(2).collect::<Vec<_>>().join(" and ");
        let backing = if self.in_memory { "memory" } else { "the disk of the target directory" };
        Ok(format!(
            "{} archives, {:.0} MB packed; {} cores; load average {load} at the start; file systems: ext4 in {backing}",
            self.archives.tools.len(),
            packed as f64 / 1e6,
            cores(),
        ))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.work).into_iter().flatten().flatten() {
            if entry.file_name() != "lock" && entry.file_name() != "mount" {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// The number of cores that share the work.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn available_kb() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
