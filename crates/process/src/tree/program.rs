//! The difference between the `vx` program, which may change what concerns its whole process, and one that embeds vx.
//!
//! A program that embeds vx keeps its own signal handlers, and orphans do not come to it: for that, nothing here has an
//! effect before [`this_is_vx`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};
use signal_hook::consts::SIGCHLD;

use crate::tree::members::handle::{ProcessFacts, ProcessHandle};

/// The file of the running program, also after it was replaced by a newer one.
const OWN_FILE: &str = "/proc/self/exe";

/// Set once this process is known to be the program.
static PROGRAM: OnceLock<VxProgram> = OnceLock::new();

/// True once this process has started a program whose own children may be meant to outlive it.
static OTHERS: AtomicBool = AtomicBool::new(false);

struct VxProgram {
    /// Filled when the first tree is started.
    runner: OnceLock<Option<PathBuf>>,
    /// A shell that this program took the place of had started nothing that still runs: it would be this program's.
    childless: bool,
}

/// This process is the `vx` program: from now on it keeps the status of each of its children, trees get a runner, and
/// orphans of killed runners may come to it.
pub fn this_is_vx() {
    // A handler, whatever it does: the program may be started with the signal ignored, and then the system collects each
    // child and its status is lost.
    let _ = signal_hook::flag::register(SIGCHLD, Arc::default());
    PROGRAM.get_or_init(|| {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let childless = matches!(waitid(WaitId::All, options), Err(Errno::CHILD));
        VxProgram { runner: OnceLock::new(), childless }
    });
}

/// The program that is the runner of trees here; none in a program that embeds vx, and where the system has no handles
/// of processes.
pub(crate) fn runner() -> Option<&'static Path> {
    let supported = || {
        let own = rustix::process::getpid();
        ProcessFacts::from_pid(own).is_some() && matches!(ProcessHandle::open(own), Ok(Some(_)))
    };
    PROGRAM.get()?.runner.get_or_init(|| supported().then(|| PathBuf::from(OWN_FILE))).as_deref()
}

/// The runner of this program's trees, where it is the `vx` program itself.
pub fn own_runner() -> Option<PathBuf> {
    runner().map(Path::to_owned)
}

/// A program is started whose own children may be meant to outlive it: from now on an orphan of unknown origin may be
/// one of those.
pub(crate) fn starts_others() {
    OTHERS.store(true, Ordering::Relaxed);
}

/// True if each orphan that comes to this process has been started by a tree of its own.
pub(super) fn orphans_are_of_trees() -> bool {
    PROGRAM.get().is_some_and(|program| program.childless) && !OTHERS.load(Ordering::Relaxed)
}
