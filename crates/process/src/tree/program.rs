//! Distinguishes the `vx` program, which may change state of its whole process, from programs that embed vx.
//!
//! A program that embeds vx keeps its signal handlers, and adopts no orphans. Therefore nothing here has an effect
//! before [`this_is_vx`] is called.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};
use signal_hook::consts::SIGCHLD;

use crate::tree::members::handle::{ProcessFacts, ProcessHandle};

/// The file of the running program, even after a newer one has replaced it on disk.
const OWN_FILE: &str = "/proc/self/exe";

/// Set once this process is known to be the `vx` program.
static PROGRAM: OnceLock<VxProgram> = OnceLock::new();

/// Set once this process has started a program whose children may be meant to outlive it.
static OTHERS: AtomicBool = AtomicBool::new(false);

struct VxProgram {
    /// Determined when the first tree is started.
    runner: OnceLock<Option<PathBuf>>,
    /// This process had no children at its beginning. A shell that has replaced itself by this program (`exec`) may
    /// leave it children.
    childless: bool,
}

/// Declare that this process is the `vx` program: from now on the status of each child is kept, trees get a runner, and
/// orphans of killed runners may be adopted.
pub fn this_is_vx() {
    // Any handler will do: if SIGCHLD was ignored when this program was started, the system would collect each child,
    // and its status would be lost.
    let _ = signal_hook::flag::register(SIGCHLD, Arc::default());
    PROGRAM.get_or_init(|| {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let childless = matches!(waitid(WaitId::All, options), Err(Errno::CHILD));
        VxProgram { runner: OnceLock::new(), childless }
    });
}

/// The program to start as the runner of a tree; `None` in a program that embeds vx, and if the system lacks `/proc` or
/// pidfds.
pub(crate) fn runner() -> Option<&'static Path> {
    let supported = || {
        let own = rustix::process::getpid();
        ProcessFacts::from_pid(own).is_some() && matches!(ProcessHandle::open(own), Ok(Some(_)))
    };
    PROGRAM.get()?.runner.get_or_init(|| supported().then(|| PathBuf::from(OWN_FILE))).as_deref()
}

/// The program to start as the runner of a tree, if this is the `vx` program.
pub fn own_runner() -> Option<PathBuf> {
    runner().map(Path::to_owned)
}

/// Note that a program is started whose children may be meant to outlive it: from now on, an orphan of unknown origin
/// may be one of them.
pub(crate) fn starts_others() {
    OTHERS.store(true, Ordering::Relaxed);
}

/// Returns whether each orphan that this process adopts must come from one of its trees.
pub(super) fn orphans_are_of_trees() -> bool {
    PROGRAM.get().is_some_and(|program| program.childless) && !OTHERS.load(Ordering::Relaxed)
}
