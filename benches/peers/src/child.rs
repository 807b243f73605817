//! The other process of a measurement: this program again, in its role.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::shared::Shared;

/// Variable that holds a child's role and the path of the shared memory.
const ROLE: &str = "VX_PEERS_ROLE";

/// A child's work on the state that its parent writes, by [`Shared::order`].
pub(crate) const REST: u64 = 1;
/// Read 60 times a second.
pub(crate) const FRAMES: u64 = 2;
/// Read without pause.
pub(crate) const HAMMER: u64 = 3;
/// Read without pause, and record the age of each new state.
pub(crate) const WATCH: u64 = 4;
/// End.
pub(crate) const STOP: u64 = 5;

/// A child that is killed when this is dropped, and the memory it shares with this process.
pub(crate) struct Child {
    pub(crate) process: std::process::Child,
    pub(crate) shared: Shared,
    _directory: tempfile::TempDir,
}

impl Child {
    /// Start a child and wait until it is ready.
    pub(crate) fn start(role: &str) -> Self {
        roam(); // The child would inherit the binding to this processor.
        let directory = tempfile::tempdir_in(memory()).expect("a directory");
        let path = directory.path().join("shared");
        let shared = Shared::create(&path);
        let process = Command::new(std::env::current_exe().expect("this bench"))
            .env(ROLE, format!("{} {role}", path.display()))
            .stdin(Stdio::piped())
            .spawn()
            .expect("a child");
        let child = Self { process, shared, _directory: directory };
        child.shared.await_doing(REST);
        stay_on(0);
        child
    }

    /// Ask it to stop and wait until it has released everything; a child that doesn't is killed.
    pub(crate) fn stop(&mut self) {
        self.shared.order.store(STOP, Ordering::Release);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// End it as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The work of this process, if it is a child: the words of its role, and the memory it shares with its parent.
pub(crate) fn role() -> Option<(Vec<String>, Shared)> {
    let role = std::env::var(ROLE).ok()?;
    let mut words = role.split(' ').map(str::to_owned);
    let shared = Shared::open(Path::new(&words.next()?));
    stay_on(1);
    Some((words.collect(), shared))
}

/// End this process when its parent does. Not for children whose standard input carries the measured messages.
pub(crate) fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
}

/// The processors that this run may use, recorded at its start.
fn allowed() -> &'static CpuSet {
    static ALLOWED: OnceLock<CpuSet> = OnceLock::new();
    ALLOWED.get_or_init(|| sched_getaffinity(None).unwrap_or_default())
}

/// Keep this thread, and the threads and children it starts, on one processor: the writer on the first and the reader
/// on the second, if there are two. If that is refused, the figures are noisier but still right.
pub(crate) fn stay_on(number: usize) {
    let ours: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|at| allowed().is_set(*at)).collect();
    if let Some(processor) = ours.get(number % ours.len().max(1)) {
        let mut one = CpuSet::new();
        one.set(*processor);
        let _ = sched_setaffinity(None, &one);
    }
}

/// Let this thread, and the threads and children it starts, be on any processor again.
pub(crate) fn roam() {
    let _ = sched_setaffinity(None, allowed());
}

/// The place for boards: a memory file system, if there is one.
pub(crate) fn memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}

/// Variable that names the directory for hornet's values. It is the run's own directory, for all files of a peer.
pub(crate) const HOME: &str = "PCP_TMP_DIR";

/// The run's own directory.
pub(crate) fn home() -> PathBuf {
    PathBuf::from(std::env::var_os(HOME).expect("the run's directory"))
}

/// The clock that all processes share.
pub(crate) fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// 60 times a second.
pub(crate) const FRAME: Duration = Duration::from_micros(16_667);

/// The processor time that this thread has used so far.
pub(crate) fn used_ns() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    used.tv_sec as u64 * 1_000_000_000 + used.tv_nsec as u64
}
