//! What the views need from outside, as traits: snapshots to show, logs to read, and a hand on the work.
//!
//! The views know boards and these traits; not files, not configuration, not the network.

mod expectations;
mod playback;

use vx_shm::Snapshot;

pub use expectations::{Expectations, PAST_INSTALLS, PastInstall};
pub use playback::{Playback, Position, Turn};

/// Where snapshots come from: a live board, a finished one, a dump, or a recording.
pub trait Snapshots: Send {
    /// Bring `into` up to date. Returns whether anything in it changed since the last call with the same `into`.
    ///
    /// Never blocks on a writer and fails only when the board itself can no longer be read (say, truncated); `into`
    /// then keeps the last good reading.
    fn refresh(&mut self, into: &mut Snapshot) -> std::io::Result<bool>;

    /// The hand on its time, where this is a recording.
    fn playback(&mut self) -> Option<&mut dyn Playback> {
        None
    }

    /// What earlier runs say about how long this one takes; asked once, before the first reading.
    fn expectations(&self) -> Expectations {
        Expectations::default()
    }
}

/// A place in a log, to read from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// What comes last.
    End,
    /// What lies before this byte.
    Before(u64),
    /// What begins at this byte.
    From(u64),
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it begins, in bytes.
    pub at: u64,
    /// What it says, without its end; not cleaned.
    pub text: String,
}

/// A piece of a log: some of its lines, whole ones wherever a line is not longer than a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPart {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Where the first line begins.
    pub from: u64,
    /// Where the next line begins, once there is one; a line that is still being written is among the lines, but not behind
    /// this place.
    pub to: u64,
    /// How long the log is by now.
    pub size: u64,
    /// There is nothing behind these lines yet.
    pub last: bool,
}

/// Where the whole output of a slot's process is kept.
pub trait Logs: Send {
    /// The newest complete lines of the slot's log, at most `lines` of them, oldest first; empty where there is none.
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String>;

    /// Where the whole log is, for a person to open.
    fn location(&self, key: &str) -> Option<String>;

    /// A piece of the slot's log, bounded in length whatever the log holds; empty where there is none. Who keeps only the
    /// end of a log gives that.
    fn read(&mut self, key: &str, place: LogPlace) -> LogPart {
        const LINES: usize = 1000;
        let lines = if matches!(place, LogPlace::Before(_)) { Vec::new() } else { self.tail(key, LINES) };
        let mut size = 0;
        let placed = lines.into_iter().map(|text| {
            let at = size;
            size += text.len() as u64 + 1;
            LogLine { at, text }
        });
        let lines: Vec<LogLine> = placed.collect();
        match place {
            LogPlace::From(from) => {
                let lines = lines.into_iter().filter(|line| line.at >= from).collect();
                LogPart { lines, from, to: size, size, last: true }
            }
            _ => LogPart { lines, from: 0, to: size, size, last: place == LogPlace::End },
        }
    }

    /// Show the whole log to the person at this terminal, which is theirs meanwhile, and come back when they are done.
    ///
    /// # Errors
    /// In words: what could not be started, or that there is no log.
    fn page(&mut self, _key: &str) -> Result<(), String> {
        Err("there is no log to open here".to_owned())
    }

    /// Keep the whole log in a new file where the person works, and say which.
    ///
    /// # Errors
    /// In words: what could not be written, or that there is no log.
    fn save(&mut self, _key: &str) -> Result<String, String> {
        Err("there is no log to save here".to_owned())
    }
}

/// What the work has to say about what it was asked, where that is not seen on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The slot's work is not tried again.
    Refused {
        /// The slot's key.
        key: String,
        /// Why not.
        why: String,
    },
    /// The slot's work is not stopped.
    NotStopped {
        /// The slot's key.
        key: String,
        /// Why not.
        why: String,
    },
    /// The slot's work was asked to stop, and somebody does not.
    Blocked {
        /// The slot's key.
        key: String,
        /// Who, and why.
        by: String,
    },
}

/// A hand on the work behind the board. A viewer that only watches has none.
pub trait Control: Send {
    /// Ask one slot's process to stop; a second call on the same key kills it. Returns at once.
    fn cancel(&mut self, key: &str);

    /// Ask all of them to stop; a second call kills them. Returns at once.
    fn cancel_all(&mut self);

    /// The process is to end by a signal, or its terminal is gone: ask all of them to stop, once. Returns at once.
    fn end(&mut self) {
        self.cancel_all();
    }

    /// Ask for another try at what came to nothing. Returns at once; the board shows it, or there is an answer.
    fn retry(&mut self, key: &str);

    /// The next answer, if there is one that was not given yet.
    fn answer(&mut self) -> Option<Answer> {
        None
    }
}

#[cfg(test)]
pub(crate) mod fixture;
