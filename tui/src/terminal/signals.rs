//! Signals while the view has the terminal: recorded by the handler, acted on by the drawing loop.
//!
//! Handlers stay installed. After the view is gone, SIGINT, SIGTERM and SIGHUP no longer end the process by themselves:
//! the code that continues has to handle them. SIGTSTP stops the process as usual.

/// A received signal, by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// The process is to end; the signal's number.
    End(i32),
    /// The process is to stop until it is continued.
    Stop,
    /// The process was stopped by SIGSTOP and is continued: another process may have used the terminal.
    Continued,
}

#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(not(unix))]
pub(crate) use elsewhere::Signals;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGSTOP, SIGTERM, SIGTSTP};

    use super::Arrived;

    /// A continued process waits this long for a signal to end that may follow.
    const SIGNAL_WAIT: Duration = Duration::from_millis(20);
    /// A continued process in the background waits this long for such a signal.
    const SIGNAL_WAIT_IN_BACKGROUND: Duration = Duration::from_millis(200);
    /// Interval between two checks for a signal to end.
    const BETWEEN_CHECKS: Duration = Duration::from_millis(5);

    /// True while SIGTSTP has its default effect. False while a screen is up.
    static DEFAULT_STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// A receiver of signals, as long as it lives.
    pub(crate) struct Signals {
        arrived: signal_hook::iterator::Signals,
        default_stop: Arc<AtomicBool>,
    }

    impl Signals {
        /// Listen to all signals that concern the screen.
        pub(crate) fn listen() -> io::Result<Self> {
            Self::to(&[SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])
        }

        /// Listen only to the signals that stop and continue this process; the caller handles those that end it.
        pub(crate) fn listen_to_stops() -> io::Result<Self> {
            Self::to(&[SIGTSTP, SIGCONT])
        }

        fn to(signals: &[i32]) -> io::Result<Self> {
            let default_stop = match DEFAULT_STOP.get() {
                Some(flag) => Arc::clone(flag),
                None => {
                    let flag = Arc::new(AtomicBool::new(false));
                    signal_hook::flag::register_conditional_default(SIGTSTP, Arc::clone(&flag))?;
                    Arc::clone(DEFAULT_STOP.get_or_init(|| flag))
                }
            };
            default_stop.store(false, Ordering::SeqCst);
            Ok(Self { arrived: signal_hook::iterator::Signals::new(signals)?, default_stop })
        }

        /// Run `act`, which uses the terminal by itself. Keys typed meanwhile aren't meant for this process: an
        /// interrupt is ignored, and a stop has its default effect.
        pub(crate) fn aside<T>(&mut self, act: impl FnOnce() -> T) -> (T, Vec<Arrived>) {
            self.default_stop.store(true, Ordering::SeqCst);
            let came = act();
            self.default_stop.store(false, Ordering::SeqCst);
            let arrived = self.arrived();
            (
                came,
                arrived
                    .into_iter()
                    .filter(|arrived| matches!(arrived, Arrived::End(number) if *number != SIGINT))
                    .collect(),
            )
        }

        /// Stop until continued; with `group`, stop all of this process group. Returns the signal to end by, if one is
        /// pending after the continuation: a shell that kills a stopped job sends that signal first, and so does a
        /// closing terminal.
        pub(crate) fn pause(&mut self, group: bool) -> Option<i32> {
            suspend(group);
            // Another thread may still have to record the signal. A process that uses the terminal from the background
            // is stopped for it, and could no longer act on the signal.
            let deadline = Instant::now() + if owns_terminal() { SIGNAL_WAIT } else { SIGNAL_WAIT_IN_BACKGROUND };
            loop {
                // The continuation that ended the pause needs no further handling.
                let end = self.end();
                if end.is_some() || Instant::now() >= deadline {
                    return end;
                }
                std::thread::sleep(BETWEEN_CHECKS);
            }
        }

        /// The signal to end by that arrived since the last call; all others are dropped.
        pub(crate) fn end(&mut self) -> Option<i32> {
            self.arrived().into_iter().find_map(|arrived| match arrived {
                Arrived::End(number) => Some(number),
                Arrived::Stop | Arrived::Continued => None,
            })
        }

        /// The signals that arrived since the last call.
        pub(crate) fn arrived(&mut self) -> Vec<Arrived> {
            let named = |signal| match signal {
                SIGTSTP => Arrived::Stop,
                SIGCONT => Arrived::Continued,
                other => Arrived::End(other),
            };
            self.arrived.pending().map(named).collect()
        }
    }

    impl Drop for Signals {
        fn drop(&mut self) {
            self.default_stop.store(true, Ordering::SeqCst);
        }
    }

    /// Stop this process until continued; with `group`, stop all of its process group, as the terminal driver does.
    ///
    /// The stop is raised on the calling thread. Sent to the process, it could reach another thread first, and this
    /// thread would take the terminal over again before the process stops.
    fn suspend(group: bool) {
        use rustix::process::{Signal, kill_current_process_group};
        if group {
            // Our own handler only records this signal. A failure means at worst that the group is not stopped.
            let _ = kill_current_process_group(Signal::TSTP);
        }
        let _ = signal_hook::low_level::raise(SIGSTOP);
    }

    /// Returns whether this process may change the terminal without being stopped for it. A process without a
    /// controlling terminal may.
    fn owns_terminal() -> bool {
        use nix::unistd::{getpgrp, tcgetpgrp};
        // Inside a container both may be 0: outside groups have no number there.
        tcgetpgrp(io::stdin()).map_or(true, |owner| owner == getpgrp())
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use super::Arrived;

    /// This platform has no such signals; Ctrl-C arrives as a key.
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn listen_to_stops() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn aside<T>(&mut self, act: impl FnOnce() -> T) -> (T, Vec<Arrived>) {
            (act(), Vec::new())
        }

        pub(crate) fn pause(&mut self, _group: bool) -> Option<i32> {
            None
        }

        pub(crate) fn end(&mut self) -> Option<i32> {
            None
        }

        pub(crate) fn arrived(&mut self) -> Vec<Arrived> {
            Vec::new()
        }
    }
}
