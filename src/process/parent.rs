//! The child's side: noticing the death of the parent, and ending with everything it started.

use std::thread;
use std::time::Duration;

/// Call `on_death` once when this process's parent has died; from a thread that costs nothing while it lives.
///
/// Nothing is called when the parent was already gone and an init process has taken this one over: whoever starts an
/// install detached wants that. Who has to know of a parent that died before this call asks the board for its creator.
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
        // The number may have been given away before the handle was taken: it is our parent's only if we still have it.
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

/// End this process and, where it leads a group, everything in it, at once.
pub fn end_own_group(code: i32) -> ! {
    #[cfg(unix)]
    {
        let own = rustix::process::getpid();
        if rustix::process::getpgrp() == own {
            let _ = rustix::process::kill_process_group(own, rustix::process::Signal::KILL);
        }
    }
    std::process::exit(code)
}
