//! The traits through which every output reaches the outside: snapshots to show, logs to read, control over the work,
//! and a page to write.
//!
//! The outputs know boards and these traits, but no files, no configuration, and no network.

mod expectations;
mod opener;
mod playback;

use vx_shm::{Reader, Snapshot};

pub use expectations::{Expectations, PAST_INSTALLS, PastInstall};
pub use opener::{Opener, is_web_address};
pub use playback::{PlaybackCommand, PlaybackControl, PlaybackPosition};

/// Use of the machine by all processes of a slot together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotProcessUsage {
    /// The first process.
    pub pid: u32,
    /// Number of processes.
    pub processes: u32,
    /// Thousandths of one processor since the last look; `None` at the first.
    pub processor_permille: Option<u32>,
    /// Their resident memory.
    pub memory_bytes: u64,
}

/// A source of snapshots: a live board, a finished one, a dump, or a recording.
pub trait Snapshots: Send {
    /// Bring `into` up to date. Returns whether anything in it changed since the last call with the same `into`.
    ///
    /// Never blocks on a writer and fails only when the board itself can no longer be read (for example, truncated);
    /// `into` then keeps the last good reading.
    fn refresh(&mut self, into: &mut Snapshot) -> std::io::Result<bool>;

    /// The playback of a recording; `None` for anything else.
    fn playback(&mut self) -> Option<&mut dyn PlaybackControl> {
        None
    }

    /// Returns the usage of each slot's processes, in the order of the slots. This call measures it, and only for slots
    /// where it is worth showing. Empty where processes can't be seen.
    fn usage(&mut self, _of: &Snapshot) -> Vec<Option<SlotProcessUsage>> {
        Vec::new()
    }

    /// Durations of earlier runs, for the estimate of the time left; called once, before the first reading.
    fn expectations(&self) -> Expectations {
        Expectations::default()
    }
}

impl Snapshots for Reader {
    fn refresh(&mut self, into: &mut Snapshot) -> std::io::Result<bool> {
        Self::refresh(self, into).map_err(std::io::Error::other)
    }
}

/// A place in a log, to read from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// The end of the log.
    End,
    /// Lines before this byte.
    Before(u64),
    /// Lines from this byte on.
    From(u64),
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Byte offset of its start.
    pub at: u64,
    /// Text without the line end; not cleaned.
    pub text: String,
}

/// A piece of a log: some of its lines, complete unless a line is longer than a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPart {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Byte offset of the first line.
    pub from: u64,
    /// Byte offset of the next line, once there is one. An unfinished last line is among the lines, but `to` is
    /// still its start.
    pub to: u64,
    /// Present length of the log, in bytes.
    pub size: u64,
    /// The log ends with these lines.
    pub last: bool,
}

/// A line that some work has printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedLine {
    /// Key of its slot.
    pub key: String,
    /// Text without the line end; not cleaned.
    pub text: String,
}

/// The logs that hold the whole output of each slot's process.
pub trait Logs: Send {
    /// The newest complete lines of the slot's log, at most `lines` of them, oldest first; empty if there is no log.
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String>;

    /// The path of the whole log, for a person to open.
    fn location(&self, key: &str) -> Option<String>;

    /// A piece of the slot's log, bounded in length whatever the log holds; empty if there is no log. The default
    /// serves implementations that keep only the end of a log.
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

    /// A piece of the logs of these slots as one, in the order of their times: each line begins with its time and its
    /// slot's key. Offsets count in that combined log, which begins anew with other keys. Empty where lines have no
    /// times.
    fn read_together(&mut self, _keys: &[String], _place: LogPlace) -> LogPart {
        LogPart::default()
    }

    /// The lines that all work has printed since the last call, in the order of their times, for an output that prints
    /// them as they come; with `last`, also lines held back because an earlier one might still arrive. Empty where
    /// lines stay in their logs.
    fn printed(&mut self, _last: bool) -> Vec<PrintedLine> {
        Vec::new()
    }

    /// Show the whole log in a program that takes over the terminal; returns when that program ends.
    ///
    /// # Errors
    /// In words: the program could not be started, or there is no log.
    fn page(&mut self, _key: &str) -> Result<(), String> {
        Err("there is no log to open here".to_owned())
    }

    /// Save the whole log as a new file in the working directory. Returns the file's name.
    ///
    /// # Errors
    /// In words: the file could not be written, or there is no log.
    fn save(&mut self, _key: &str) -> Result<String, String> {
        Err("there is no log to save here".to_owned())
    }
}

/// The logs of a board that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLogs;

impl Logs for NoLogs {
    fn tail(&mut self, _key: &str, _lines: usize) -> Vec<String> {
        Vec::new()
    }

    fn location(&self, _key: &str) -> Option<String> {
        None
    }
}

/// A request for a stop, a restart, a build or a retry that was not carried out, which the board does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestFailure {
    /// The slot's work is not tried again.
    NotRetried {
        /// The slot's key.
        key: String,
        /// The reason.
        why: String,
    },
    /// The slot's work is not restarted.
    NotRestarted {
        /// The slot's key.
        key: String,
        /// The reason.
        why: String,
    },
    /// The slot's work is not built again.
    NotRebuilt {
        /// The slot's key.
        key: String,
        /// The reason.
        why: String,
    },
    /// The slot's work is not stopped.
    NotStopped {
        /// The slot's key.
        key: String,
        /// The reason.
        why: String,
    },
    /// The slot's work was asked to stop, but another process keeps it from stopping.
    Blocked {
        /// The slot's key.
        key: String,
        /// Process that keeps it from stopping, with the reason: `pid 7 (sh) ignores SIGTERM`.
        by: String,
    },
}

/// The end of all work on a board that stays open so that some of it can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// All that was needed ended well.
    Well,
    /// Something that was needed did not.
    Badly,
}

/// Control over the work behind the board. A viewer that only watches has none.
pub trait WorkControl: Send {
    /// Ask one slot's process to stop; a second call with the same key kills it. Returns at once.
    fn cancel(&mut self, key: &str);

    /// Ask all of them to stop; a second call kills them. Returns at once.
    fn cancel_all(&mut self);

    /// A signal asked this process to end, or its terminal is gone: ask all of them to stop, once. Returns at once.
    fn end(&mut self) {
        self.cancel_all();
    }

    /// Returns whether the work belongs to another process: leaving the view leaves it running, and nothing here stops
    /// all of it.
    fn is_guest(&self) -> bool {
        false
    }

    /// The end of the work, once nothing runs and the board stays open only for this view, which may retry some of it.
    fn settled(&self) -> Option<Settled> {
        None
    }

    /// Keep the board open: the user needs the view, even if it is busy with something else.
    fn stay(&mut self) {}

    /// Open the place where this work is declared in the user's editor, which takes over the terminal.
    ///
    /// # Errors
    /// In words: the place is not known, or the editor failed.
    fn edit(&mut self, _key: &str) -> Result<(), String> {
        Err("the place where it is declared is not known here".to_owned())
    }

    /// Try failed work again. Returns at once; the board shows the new try, or a [`RequestFailure`] says why there is
    /// none.
    fn retry(&mut self, key: &str);

    /// Stop work that runs until it is stopped, and start it again. Returns at once; a [`RequestFailure`] says why it
    /// was not restarted. The default, for work that ends by itself, is a retry.
    fn restart(&mut self, key: &str) {
        self.retry(key);
    }

    /// Build this work again, and nothing else. Returns at once; a [`RequestFailure`] says why it was not built.
    fn rebuild(&mut self, _key: &str) {}

    /// Returns whether this runner, a process that starts and stops work, takes requests now.
    fn reaches(&self, _runner: u32) -> bool {
        true
    }

    /// The next failure that was not returned yet.
    fn request_failure(&mut self) -> Option<RequestFailure> {
        None
    }
}

/// The page that a build server shows for a step; other programs may write to it, too.
pub trait StepPage: std::fmt::Debug {
    /// Number of bytes on the page.
    ///
    /// # Errors
    /// The page cannot be read.
    fn size_bytes(&self) -> std::io::Result<u64>;

    /// Add text at the end of the page.
    ///
    /// # Errors
    /// The page cannot be written.
    fn append(&self, text: &str) -> std::io::Result<()>;
}

/// The sources of an output, and its means to act.
pub struct Inputs {
    /// The board.
    pub snapshots: Box<dyn Snapshots>,
    /// Output of the slots' processes.
    pub logs: Box<dyn Logs>,
    /// Control over the work; `None` for a viewer that only watches.
    pub control: Option<Box<dyn WorkControl>>,
    /// Opens addresses and places in files; `None` for an output that takes no keys.
    pub opener: Option<Box<dyn Opener>>,
}

impl Inputs {
    /// The inputs of a viewer that only watches these readings.
    pub fn watching(snapshots: impl Snapshots + 'static) -> Self {
        Self { snapshots: Box::new(snapshots), logs: Box::new(NoLogs), control: None, opener: None }
    }
}
