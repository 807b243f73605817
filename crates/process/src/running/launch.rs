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
    /// The variables that it inherits; `None` for those of this process.
    pub inherited: Option<Inherited>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory; `None` for that of this process.
    pub directory: Option<PathBuf>,
    /// Its standard input.
    pub stdin: Stdin,
    /// The streams of its output.
    pub output: OutputMode,
    /// The file for all of its output; with `None` only the tail is kept.
    pub log: Option<LogFile>,
    /// Its output is also passed on to this process's standard error.
    pub pass_on: bool,
    /// Bytes of the end of its output that are kept in memory.
    pub keep_bytes: usize,
    /// The group that it and all its descendants belong to.
    pub group: ChildGroup,
}

/// All variables of another process, for a child that is started for that.
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
    /// A pipe that stays open while the child runs, and takes what [`RunningChild::feed`](crate::RunningChild::feed) is given. It
    /// ends with this process.
    Held,
    /// Nothing to read.
    Null,
    /// This process's own. If its session has a terminal, a child with a group of its own has that while it runs, as the
    /// job of a shell has.
    Terminal,
}

/// The streams of a child's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// Standard output and error are one pipe: every byte keeps its place among the others.
    Merged,
    /// Each is a pipe of its own, and both come together in whole lines: no line of one stream is cut by the other.
    Lines,
    /// As `Lines`; the lines also go on to this process's own standard output and error.
    LinesOn,
    /// This process's own: terminals stay terminals, and everything goes on byte for byte, with a look on the way.
    Own,
}

/// The group of processes that a child belongs to: a signal that ends the group ends the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildGroup {
    /// A group of the child's own, which ends with the child.
    Own,
    /// A group of the child's own. Nothing is ended at the child's own end, as it may have started a daemon; all below it
    /// ends if it is asked to stop, or if this process is killed.
    Lasting,
    /// A session of the child's own, which is the runner of a tree: what is left of the tree when the child was killed comes
    /// to this process, if it adopts, and is ended.
    Runner,
    /// The group of the process that starts it, so that both can be killed at once.
    Inherited,
    /// The same, for a program that may outlive it in part, as with `Lasting`: other programs of that group have the terminal,
    /// too.
    Shared,
}

impl ChildGroup {
    /// True for a group that the child leads.
    pub(crate) fn is_own(self) -> bool {
        matches!(self, Self::Own | Self::Lasting | Self::Runner)
    }

    /// True if nothing is ended at the child's own end.
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
