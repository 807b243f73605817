//! The streams of a child's output: the ends that the child writes to, and the readers of the other ends.

use std::io;
use std::process::Stdio;

use super::launch::OutputMode;
use crate::streams::capture::{Capture, OutputListener, Tail};
use crate::streams::relay::{Flow, Relay};

/// The child's standard output and error, and the variables that it needs to print properly to them.
pub(crate) struct ChildOutputEnds {
    pub(crate) output: Stdio,
    pub(crate) error: Stdio,
    pub(crate) variables: Vec<(&'static str, &'static str)>,
}

/// The readers of a child's output.
pub(crate) enum Wiring {
    /// Pipes.
    Captured(Capture),
    /// Relays to this process's streams.
    Relayed(Flow, OutputListener),
}

impl Wiring {
    /// Open the streams for this output mode, and begin to read them.
    pub(crate) fn lay(output: OutputMode, listener: OutputListener) -> io::Result<(Self, ChildOutputEnds)> {
        let (reader, writer) = match output {
            OutputMode::Own => return Self::relayed(listener),
            OutputMode::Merged | OutputMode::Lines | OutputMode::LinesOn => io::pipe()?,
        };
        let (streams, error) = if output == OutputMode::Merged {
            (vec![reader], writer.try_clone()?)
        } else {
            let (error, error_writer) = io::pipe()?;
            (vec![reader, error], error_writer)
        };
        let ends = ChildOutputEnds { output: writer.into(), error: error.into(), variables: Vec::new() };
        Ok((Self::Captured(Capture::start(streams, listener)?), ends))
    }

    fn relayed(listener: OutputListener) -> io::Result<(Self, ChildOutputEnds)> {
        let relay = Relay::open()?;
        let variables = relay.variables();
        let [output, error] = relay.programs_ends()?.ok_or(io::ErrorKind::NotFound)?;
        let mut number = 0..;
        let flow = relay.begin(|| listener.observer(number.next().unwrap_or_default()))?;
        Ok((Self::Relayed(flow, listener), ChildOutputEnds { output, error, variables }))
    }

    /// Report that the terminal was lent to the child's group, so that changes of its size go there.
    pub(crate) fn lent_to(&self, group: u32) {
        if let Self::Relayed(flow, _) = self {
            flow.sizes_for(group);
        }
    }

    /// Waits until all output was read, for a bounded time, and returns its tail.
    pub(crate) fn finish(self) -> Tail {
        match self {
            Self::Captured(capture) => capture.finish(),
            Self::Relayed(flow, listener) => {
                flow.drain();
                listener.tail()
            }
        }
    }
}
