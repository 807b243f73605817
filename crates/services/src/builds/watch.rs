//! Watching a service's source files: one message for each burst of changes, once it is over.
//!
//! Only directories that may hold a chosen file are watched. Outputs, `.git`, `node_modules` and files that git ignores
//! are left out. If the kernel reports no changes, or its limit of watched directories is reached, the tree is scanned
//! every second.

#[cfg(target_os = "linux")]
mod inotify;
mod scan;
mod settle;
mod watched_files;

use std::io;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use scan::Scan;
use settle::Settle;
pub use settle::{QUIET, STEADY};
pub use watched_files::{WatchPatternError, WatchedFiles};

/// Pause between two scans of a tree.
const SCAN_PAUSE: Duration = Duration::from_secs(1);

/// A watch; dropping it ends it.
#[derive(Debug)]
pub struct SourceWatcher {
    changes: Receiver<Vec<PathBuf>>,
    /// Dropped first, which tells the thread to end.
    stop: Option<Sender<()>>,
    #[cfg(target_os = "linux")]
    wake: Option<io::PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl SourceWatcher {
    /// Watch the chosen files from now on: a change after this call is reported.
    ///
    /// # Errors
    /// The system has no thread, or no pipe.
    pub fn start(choice: WatchedFiles) -> io::Result<Self> {
        let (sender, changes) = unbounded();
        let (stop, stopped) = bounded(0);
        #[cfg(target_os = "linux")]
        {
            let (woken, wake) = io::pipe()?;
            let named = thread::Builder::new().name("watch".into());
            let thread = match inotify::WatchedTree::watch(choice.clone()) {
                Ok(tree) => named.spawn(move || follow(tree, &woken, &stopped, &sender))?,
                Err(_) => {
                    let scan = Scan::new(choice);
                    named.spawn(move || look_again(scan, &stopped, &sender))?
                }
            };
            Ok(Self { changes, stop: Some(stop), wake: Some(wake), thread: Some(thread) })
        }
        #[cfg(not(target_os = "linux"))]
        {
            let scan = Scan::new(choice);
            let thread =
                thread::Builder::new().name("watch".into()).spawn(move || look_again(scan, &stopped, &sender))?;
            Ok(Self { changes, stop: Some(stop), thread: Some(thread) })
        }
    }

    /// Receives the bursts, each with its changed files, sorted, at most a thousand.
    pub fn changes(&self) -> &Receiver<Vec<PathBuf>> {
        &self.changes
    }
}

impl Drop for SourceWatcher {
    fn drop(&mut self) {
        self.stop = None;
        #[cfg(target_os = "linux")]
        {
            self.wake = None;
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Forward the kernel's reports until the watch is dropped.
#[cfg(target_os = "linux")]
fn follow(
    mut tree: inotify::WatchedTree,
    woken: &io::PipeReader,
    stopped: &Receiver<()>,
    sender: &Sender<Vec<PathBuf>>,
) {
    let mut settle = Settle::default();
    loop {
        let rest = settle.due().map(|due| due.saturating_duration_since(Instant::now()));
        let changed = match tree.wait(woken, rest) {
            Ok(changed) => changed,
            // The kernel allows no further directory, or has stopped reporting.
            Err(_) => return look_again(Scan::new(tree.into_choice()), stopped, sender),
        };
        // One time for all reports: only what was read decides whether a burst is over, not how long this thread was
        // held up.
        let now = Instant::now();
        changed.into_iter().for_each(|path| settle.record(now, path));
        if !report(&mut settle, now, sender) || over(stopped, Duration::ZERO) {
            return;
        }
    }
}

/// Scan the tree again and again, until the watch is dropped.
fn look_again(mut scan: Scan, stopped: &Receiver<()>, sender: &Sender<Vec<PathBuf>>) {
    let mut settle = Settle::default();
    let mut next = Instant::now() + SCAN_PAUSE;
    loop {
        let until = settle.due().map_or(next, |due| due.min(next));
        if over(stopped, until.saturating_duration_since(Instant::now())) {
            return;
        }
        let now = Instant::now();
        if now >= next {
            scan.changes().into_iter().for_each(|path| settle.record(now, path));
            next = Instant::now() + SCAN_PAUSE;
        }
        if !report(&mut settle, now, sender) {
            return;
        }
    }
}

/// Send a burst that is over; false if the receiver is gone.
fn report(settle: &mut Settle, now: Instant, sender: &Sender<Vec<PathBuf>>) -> bool {
    match settle.take_burst(now) {
        Some(burst) => sender.send(burst).is_ok(),
        None => true,
    }
}

/// Wait at most this long; returns whether the watch was dropped.
fn over(stopped: &Receiver<()>, within: Duration) -> bool {
    stopped.recv_timeout(within) != Err(RecvTimeoutError::Timeout)
}

#[cfg(test)]
mod tests;
