//! Requests to stop from outside: Ctrl-C, a closed terminal, a supervisor.

use std::io;

use crossbeam_channel::Receiver;

/// A request to this process to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// Set for SIGINT, which a terminal sends for Ctrl-C.
    pub typed: bool,
}

/// Pause between two requests by the same signal, because pending signals of one kind are merged.
#[cfg(unix)]
const BETWEEN_REQUESTS: std::time::Duration = std::time::Duration::from_millis(20);

/// Ask this process to end, by the signal that another process would send; `twice` to ask it not to wait.
///
/// # Errors
/// This system has no such signals, or refuses to send one.
pub fn ask_own_end(twice: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        kill_process(getpid(), Signal::TERM)?;
        if twice {
            std::thread::sleep(BETWEEN_REQUESTS);
            kill_process(getpid(), Signal::TERM)?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    {
        let _ = twice;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Receive requests to stop, which from now on no longer end the process by themselves.
#[cfg(unix)]
pub fn interrupts() -> io::Result<Receiver<Interrupt>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let (sender, receiver) = crossbeam_channel::unbounded();
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if sender.send(Interrupt { typed: signal == SIGINT }).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// Receive requests to stop, which from now on no longer end the process by themselves.
#[cfg(not(unix))]
pub fn interrupts() -> io::Result<Receiver<Interrupt>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let (sender, receiver) = crossbeam_channel::unbounded();
    let raised = [SIGINT, SIGTERM].map(|signal| (signal, Arc::new(AtomicBool::new(false))));
    for (signal, raised) in &raised {
        signal_hook::flag::register(*signal, Arc::clone(raised))?;
    }
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        loop {
            for (signal, raised) in &raised {
                let interrupt = Interrupt { typed: *signal == SIGINT };
                if raised.swap(false, Ordering::Relaxed) && sender.send(interrupt).is_err() {
                    return;
                }
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    })?;
    Ok(receiver)
}
