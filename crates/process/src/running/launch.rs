//! The description of a child to start.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::streams::log::LogFile;

/// A child to start.
#[derive(Debug)]
pub struct Launch {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables that it inherits; `None` for those of this process.
    pub inherited: Option<Inherited>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory; `None` for that of this process.
    pub directory: Option<PathBuf>,
    /// Its standard input.
    pub stdin: Stdin,
    /// The streams that its output goes to.
    pub output: OutputMode,
    /// The file for all of its output; with `None`, only the tail is kept.
    pub log: Option<LogFile>,
    /// Its output is also passed on to this process's standard error.
    pub pass_on: bool,
    /// Number of bytes kept in memory of the end of its output.
    pub keep_bytes: usize,
    /// The group that it and its descendants belong to.
    pub group: ChildGroup,
}

/// All variables of another process, for a child that is started on its behalf.
#[derive(Clone, PartialEq, Eq)]
pub struct Inherited(pub Arc<Vec<(OsString, OsString)>>);

impl fmt::Debug for Inherited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Variables may hold credentials.
        write!(f, "Inherited({} variables)", self.0.len())
    }
}

/// The standard input of a child.
pub enum Stdin {
    /// These bytes, and then its end.
    Document(Vec<u8>),
    /// A pipe that stays open while the child runs, and that [`RunningChild::feed`](crate::RunningChild::feed) writes
    /// to. It is closed when this process ends.
    Held,
    /// Nothing to read.
    Null,
    /// This process's standard input. If its session has a terminal, a child that leads a group is the foreground job
    /// of that terminal while it runs, like a job of a shell.
    Terminal,
}

/// The streams of a child's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// Standard output and error are one pipe, so all bytes stay in order.
    Merged,
    /// Standard output and error are two pipes, merged by whole lines: no line of one stream is cut by the other.
    Lines,
    /// As `Lines`; the lines are also passed on to this process's standard output and error.
    LinesOn,
    /// This process's streams: terminals stay terminals, every byte is passed on, and observers see it, too.
    Own,
}

/// The group of processes that a child belongs to: a signal that ends the group ends the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildGroup {
    /// A new group, which is ended when the child ends.
    Own,
    /// A new group, which is not ended when the child ends by itself, as it may have started a daemon. All processes
    /// below it end if it is asked to stop, or if this process is killed.
    Lasting,
    /// A new session, led by the child, which is the runner of a tree. If the child is killed, this process adopts the
    /// rest of the tree, provided that adoption is on, and ends it.
    Runner,
    /// The group of the process that starts it, so that both can be killed at once.
    Inherited,
    /// The group of the process that starts it, for a program that may leave processes running, as with `Lasting`. Used
    /// where other programs of that group use the terminal, too.
    Shared,
}

impl ChildGroup {
    /// Returns whether the child leads the group.
    pub(crate) fn is_own(self) -> bool {
        matches!(self, Self::Own | Self::Lasting | Self::Runner)
    }

    /// Returns whether other processes may go on when the child ends by itself.
    pub(crate) fn may_last(self) -> bool {
        matches!(self, Self::Lasting | Self::Shared)
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A document may hold credentials.
            Self::Document(document) => write!(f, "Document({} bytes)", document.len()),
            Self::Held => f.write_str("Held"),
            Self::Null => f.write_str("Null"),
            Self::Terminal => f.write_str("Terminal"),
        }
    }
}
