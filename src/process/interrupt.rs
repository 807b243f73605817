//! Requests from outside to stop: Ctrl-C, a terminal that went away, a supervisor.

use std::io;

use crossbeam_channel::Receiver;

/// Somebody wants this process to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt;

/// From now on, requests to stop arrive here and no longer end the process by themselves.
#[cfg(unix)]
pub fn interrupts() -> io::Result<Receiver<Interrupt>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let (sender, receiver) = crossbeam_channel::unbounded();
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for _ in signals.forever() {
            if sender.send(Interrupt).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// From now on, requests to stop arrive here and no longer end the process by themselves.
#[cfg(not(unix))]
pub fn interrupts() -> io::Result<Receiver<Interrupt>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let (sender, receiver) = crossbeam_channel::unbounded();
    let raised = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&raised))?;
    }
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        loop {
            if raised.swap(false, Ordering::Relaxed) && sender.send(Interrupt).is_err() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    })?;
    Ok(receiver)
}
