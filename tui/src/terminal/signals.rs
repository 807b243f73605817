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
pub(crate) use unix::{Signals, suspend};

#[cfg(not(unix))]
pub(crate) use elsewhere::{Signals, suspend};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};

    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGSTOP, SIGTERM, SIGTSTP};

    use super::Arrived;

    /// Whether SIGTSTP does what it does without us. False while a screen is up.
    static STOPS_BY_ITSELF: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// Remembers signals as long as it lives.
    pub(crate) struct Signals {
        arrived: signal_hook::iterator::Signals,
        stops_by_itself: Arc<AtomicBool>,
    }

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            let stops_by_itself = match STOPS_BY_ITSELF.get() {
                Some(flag) => Arc::clone(flag),
                None => {
                    let flag = Arc::new(AtomicBool::new(false));
                    signal_hook::flag::register_conditional_default(SIGTSTP, Arc::clone(&flag))?;
                    Arc::clone(STOPS_BY_ITSELF.get_or_init(|| flag))
                }
            };
            stops_by_itself.store(false, Ordering::SeqCst);
            let arrived = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
            Ok(Self { arrived, stops_by_itself })
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
    pub(crate) fn suspend(group: bool) {
        use rustix::process::{Signal, kill_current_process_group};
        if group {
            // Our own handler only notes this one. Not stopping is the worst that can come of a failure.
            let _ = kill_current_process_group(Signal::TSTP);
        }
        let _ = signal_hook::low_level::raise(SIGSTOP);
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

        pub(crate) fn aside<T>(&mut self, act: impl FnOnce() -> T) -> (T, Vec<Arrived>) {
            (act(), Vec::new())
        }

        pub(crate) fn arrived(&mut self) -> Vec<Arrived> {
            Vec::new()
        }
    }

    pub(crate) fn suspend(_group: bool) {}
}
