//! Passes signals that are sent to this process on to the command that it runs.
//!
//! A key of the terminal sends its signal to the whole group, so the command gets it anyway: only signals from other
//! processes are passed on. So a signal that another process sends to the whole group reaches the command twice. An
//! ignored signal stays ignored, here and in the command, as `nohup` and a shell's background jobs expect.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::process::Signal;
use signal_hook::consts::{
    SIGALRM, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU,
};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::{Handle as Listening, SignalsInfo};
use signal_hook::low_level::siginfo::{Cause, Origin};

use crate::tree::members::handle::ProcessHandle;

/// The signals that are passed on. SIGTERM and SIGHUP are not: they end the command and all below it. Nor are signals
/// that suspend, since a suspended process passes nothing on.
const PASSED_ON: [i32; 11] =
    [SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGURG, SIGWINCH, SIGXCPU];

/// Listens to the signals, which no longer end this process.
pub(in crate::tree) struct SignalForwarder(SignalsInfo<WithOrigin>);

impl SignalForwarder {
    /// Listen from now on. Call this before the command starts, so that no signal is lost in between.
    pub(in crate::tree) fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let heeded = PASSED_ON.into_iter().filter(|signal| !is_among(*signal, ignored));
        SignalsInfo::new(heeded).map(Self)
    }

    /// Pass the signals on to this child, including those that have arrived already.
    pub(in crate::tree) fn to(mut self, child: Arc<ProcessHandle>) -> io::Result<Forwarded> {
        let listening = self.0.handle();
        let thread = thread::Builder::new().name("signals".into()).spawn(move || {
            for origin in self.0.forever().filter(is_meant_for_command) {
                Signal::from_named_raw(origin.signal).map(|signal| child.signal(signal));
            }
        })?;
        Ok(Forwarded { listening, thread: Some(thread) })
    }
}

/// As long as this value lives, signals are passed on.
pub(in crate::tree) struct Forwarded {
    listening: Listening,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        self.listening.close();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Returns whether another process has sent the signal. This process sends signals only to its whole group, so those
/// reach the command anyway.
fn is_meant_for_command(origin: &Origin) -> bool {
    let own = rustix::process::getpid().as_raw_pid();
    matches!(origin.cause, Cause::Sent(_)) && origin.process.as_ref().is_none_or(|process| process.pid != own)
}

/// The signals that this process ignores, as a mask.
pub(in crate::tree) fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Returns whether the mask contains this signal.
pub(in crate::tree) fn is_among(signal: i32, mask: u64) -> bool {
    mask >> (signal - 1) & 1 == 1
}
