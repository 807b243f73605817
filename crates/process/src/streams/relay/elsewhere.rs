//! The relay of one stream on systems without such pseudoterminals: always a pipe.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsHandle, OwnedHandle};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use io::{PipeReader, PipeWriter};

/// A stream, before the program starts.
pub(super) struct RelayedStream {
    programs: PipeWriter,
    from: PipeReader,
    to: File,
}

impl RelayedStream {
    /// Standard output and error.
    pub(super) fn of_streams() -> io::Result<Vec<Self>> {
        let streams = [io::stdout().as_handle().try_clone_to_owned()?, io::stderr().as_handle().try_clone_to_owned()?];
        let way = |to: OwnedHandle| {
            let (from, programs) = io::pipe()?;
            Ok(Self { programs, from, to: to.into() })
        };
        streams.into_iter().map(way).collect()
    }

    /// The end for the program.
    pub(super) fn programs_end(&self) -> io::Result<Stdio> {
        Ok(self.programs.try_clone()?.into())
    }

    /// Always false: the program sees a pipe.
    pub(super) fn is_terminal(&self) -> bool {
        false
    }

    /// The end to read from, and the stream to write to.
    pub(super) fn ends(self) -> (File, File) {
        (OwnedHandle::from(self.from).into(), self.to)
    }
}

/// Nothing: this system's streams have no size to follow.
pub(super) type Sizes = ();

/// Does nothing.
pub(super) fn follow_sizes(_: &[RelayedStream], _: &Arc<AtomicU32>) -> io::Result<Sizes> {
    Ok(())
}

/// Always fails: streams of this system are never non-blocking.
pub(super) fn await_room(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}
