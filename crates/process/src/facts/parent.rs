//! The child's side: notice the death of the parent, and end together with every process of the group.

use std::thread;
use std::time::Duration;

/// Call `on_death` once when this process's parent has died. The thread that waits for it takes no time until then.
///
/// Nothing is called if the parent was already gone and an init process has adopted this one: an install may be started
/// detached. A caller that must notice a parent that died earlier looks at the creator of the board.
pub fn watch_parent(on_death: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let Some(parent) = parent_id() else { return Ok(()) };
    thread::Builder::new().name("parent watch".into()).spawn(move || {
        await_death(parent);
        on_death();
    })?;
    Ok(())
}

#[cfg(unix)]
fn parent_id() -> Option<rustix::process::Pid> {
    rustix::process::getppid().filter(|parent| *parent != rustix::process::Pid::INIT)
}

#[cfg(not(unix))]
fn parent_id() -> Option<()> {
    // The job object of the parent ends its children with it.
    None
}

#[cfg(target_os = "linux")]
fn await_death(parent: rustix::process::Pid) {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{PidfdFlags, pidfd_open};
    if let Ok(handle) = pidfd_open(parent, PidfdFlags::empty()) {
        // The parent's number may have been reused before the handle was opened: the handle is the parent's only while
        // the parent's number is still this one.
        while parent_id() == Some(parent) {
            let _ = poll(&mut [PollFd::new(&handle, PollFlags::IN)], None);
            thread::sleep(Duration::from_millis(1));
        }
        return;
    }
    await_other_parent(parent);
}

#[cfg(all(unix, not(target_os = "linux")))]
fn await_death(parent: rustix::process::Pid) {
    await_other_parent(parent);
}

#[cfg(not(unix))]
fn await_death((): ()) {
    loop {
        thread::park();
    }
}

#[cfg(unix)]
fn await_other_parent(parent: rustix::process::Pid) {
    while parent_id() == Some(parent) {
        thread::sleep(Duration::from_millis(250));
    }
}

/// End this process at once, and its whole group if it leads one.
pub fn end_own_group(code: i32) -> ! {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process_group};
        // A group of this number is one that this process leads. If there is none, nothing is killed.
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    std::process::exit(code)
}
