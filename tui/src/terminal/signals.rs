//! Signals while the screen is taken over: remembered by the handler, acted on by the loop that draws.
//!
//! A handler once installed stays: after the view is gone, SIGINT, SIGTERM and SIGHUP no longer end the process by
//! themselves (whoever goes on working handles them), and SIGTSTP stops it as always.

/// What arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// The process is to end; the signal's number.
    End(i32),
    /// The process is to stop until it is continued.
    Stop,
    /// The process was stopped by force and is continued: the terminal may have been used by others.
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

    /// How long a continued process waits for the signal that it was continued for.
    const IN_FRONT: Duration = Duration::from_millis(20);
    /// The same, where the terminal is not its own.
    const BEHIND: Duration = Duration::from_millis(200);
    /// Between two looks for it.
    const GLANCE: Duration = Duration::from_millis(5);

    /// Whether SIGTSTP does what it does without us. False while a screen is up.
    static STOPS_BY_ITSELF: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// Remembers signals as long as it lives.
    pub(crate) struct Signals {
        arrived: signal_hook::iterator::Signals,
        stops_by_itself: Arc<AtomicBool>,
    }

    impl Signals {
        /// To all that concern the screen.
        pub(crate) fn listen() -> io::Result<Self> {
            Self::to(&[SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])
        }

        /// To those that stop this process for a while; who else is asked to end it sees to that.
        pub(crate) fn listen_to_stops() -> io::Result<Self> {
            Self::to(&[SIGTSTP, SIGCONT])
        }

        fn to(signals: &[i32]) -> io::Result<Self> {
            let stops_by_itself = match STOPS_BY_ITSELF.get() {
                Some(flag) => Arc::clone(flag),
                None => {
                    let flag = Arc::new(AtomicBool::new(false));
                    signal_hook::flag::register_conditional_default(SIGTSTP, Arc::clone(&flag))?;
                    Arc::clone(STOPS_BY_ITSELF.get_or_init(|| flag))
                }
            };
            stops_by_itself.store(false, Ordering::SeqCst);
            Ok(Self { arrived: signal_hook::iterator::Signals::new(signals)?, stops_by_itself })
        }

        /// Do something that has the terminal to itself: what is typed there is not for this process, so that an
        /// interrupt means nothing to it, and a stop stops it like any other.
        pub(crate) fn aside<T>(&mut self, act: impl FnOnce() -> T) -> (T, Vec<Arrived>) {
            self.stops_by_itself.store(true, Ordering::SeqCst);
            let came = act();
            self.stops_by_itself.store(false, Ordering::SeqCst);
            let arrived = self.arrived();
            (
                came,
                arrived
                    .into_iter()
                    .filter(|arrived| matches!(arrived, Arrived::End(number) if *number != SIGINT))
                    .collect(),
            )
        }

        /// Stop until continued, with `group` all of this process group. Returns the signal that it was continued for to
        /// end by, if there is one: a shell that kills a stopped job sends that first, a closing terminal likewise.
        pub(crate) fn pause(&mut self, group: bool) -> Option<i32> {
            suspend(group);
            // Another thread may still be about to note it; and who asks for a terminal behind a shell's back is stopped
            // by that, and ends no more.
            let patience = Instant::now() + if owns_terminal() { IN_FRONT } else { BEHIND };
            loop {
                // The continuation that ended the pause is no news.
                let end = self.end();
                if end.is_some() || Instant::now() >= patience {
                    return end;
                }
                std::thread::sleep(GLANCE);
            }
        }

        /// The signal to end by that arrived since this was last asked; all others are dropped.
        pub(crate) fn end(&mut self) -> Option<i32> {
            self.arrived().into_iter().find_map(|arrived| match arrived {
                Arrived::End(number) => Some(number),
                Arrived::Stop | Arrived::Continued => None,
            })
        }

        /// What arrived since this was last asked.
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
            self.stops_by_itself.store(true, Ordering::SeqCst);
        }
    }

    /// Stop this process, with `group` all of its process group as the terminal's driver would, until continued.
    ///
    /// The stop is raised on the calling thread: sent to the process, it could reach another thread first, and this
    /// one would take the terminal over again before it stops.
    fn suspend(group: bool) {
        use rustix::process::{Signal, kill_current_process_group};
        if group {
            // Our own handler only notes this one. Not stopping is the worst that can come of a failure.
            let _ = kill_current_process_group(Signal::TSTP);
        }
        let _ = signal_hook::low_level::raise(SIGSTOP);
    }

    /// Whether this process may change the terminal without being stopped for it. Who has no shell to share one with may.
    fn owns_terminal() -> bool {
        use rustix::process::getpgrp;
        rustix::termios::tcgetpgrp(io::stdin()).map_or(true, |owner| owner == getpgrp())
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use super::Arrived;

    /// There are no such signals here; Ctrl-C arrives as a key.
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
