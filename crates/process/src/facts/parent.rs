//! What a child does when its parent dies: it notices, and ends together with every process of its group.

use std::thread;
use std::time::Duration;

/// Call `on_death` once when this process's parent has died. Until then, the waiting thread sleeps.
///
/// `on_death` is not called if the parent was already gone and an init process has adopted this process, since an
/// install may be started detached. To notice a parent that died earlier, look at the creator of the board.
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
    // The parent's job object ends its children together with the parent.
    None
}

#[cfg(target_os = "linux")]
fn await_death(parent: rustix::process::Pid) {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{PidfdFlags, pidfd_open};
    if let Ok(handle) = pidfd_open(parent, PidfdFlags::empty()) {
        // The parent's id may have been reused before the handle was opened. The handle is the parent's as long as the
        // id of our parent is unchanged.
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
        // A group with this process's id is led by it. If there is no such group, nothing is killed.
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    std::process::exit(code)
}
