//! The relay of one stream, from the program to this process's stream.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Stdio;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::fstat;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

pub(super) use super::size::{Sizes, follow_sizes};

/// One stream, before the program starts.
pub(super) struct RelayedStream {
    /// The end that the program writes to.
    programs: OwnedFd,
    /// The end that is read here; for a pseudoterminal, the controlling side.
    from: File,
    /// This process's stream.
    to: File,
    terminal: bool,
}

impl RelayedStream {
    /// Standard output and error: two relays, or one if both are the same file.
    pub(super) fn of_streams() -> io::Result<Vec<Self>> {
        let (output, error) = (io::stdout(), io::stderr());
        let mut ways = vec![Self::to(output.as_fd())?];
        if !same_file(output.as_fd(), error.as_fd()) {
            ways.push(Self::to(error.as_fd())?);
        }
        Ok(ways)
    }

    fn to(stream: BorrowedFd<'_>) -> io::Result<Self> {
        let to = File::from(stream.try_clone_to_owned()?);
        match tcgetattr(stream) {
            Ok(settings) => {
                let (from, programs) = terminal(stream, settings)?;
                Ok(Self { programs, from: from.into(), to, terminal: true })
            }
            Err(_) => {
                let (from, programs) = io::pipe()?;
                Ok(Self { programs: programs.into(), from: OwnedFd::from(from).into(), to, terminal: false })
            }
        }
    }

    /// The end for the program.
    pub(super) fn programs_end(&self) -> io::Result<Stdio> {
        Ok(self.programs.try_clone()?.into())
    }

    /// The end to read from, and the stream to write to. Drops the program's end: while that is open here, reading
    /// never reaches the end.
    pub(super) fn ends(self) -> (File, File) {
        (self.from, self.to)
    }

    /// Returns whether the program sees a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// This process's terminal and the program's, if the stream is a terminal.
    pub(super) fn terminals(&self) -> io::Result<Option<(File, File)>> {
        if !self.terminal {
            return Ok(None);
        }
        Ok(Some((self.to.try_clone()?, self.from.try_clone()?)))
    }
}

/// Opens a pseudoterminal with the settings and the size of this terminal. It does not process output (no `OPOST`),
/// since the real terminal does.
fn terminal(like: BorrowedFd<'_>, mut settings: Termios) -> io::Result<(OwnedFd, OwnedFd)> {
    let controller = open_controller()?;
    grantpt(&controller)?;
    unlockpt(&controller)?;
    let path = ptsname(&controller, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let programs = rustix::fs::open(path.as_c_str(), flags, rustix::fs::Mode::empty())?;
    settings.output_modes.remove(OutputModes::OPOST);
    tcsetattr(&programs, OptionalActions::Now, &settings)?;
    tcsetwinsize(&controller, tcgetwinsize(like)?)?;
    Ok((controller, programs))
}

/// The controlling end of a new pseudoterminal, which no program inherits.
#[cfg(target_os = "linux")]
fn open_controller() -> rustix::io::Result<OwnedFd> {
    openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
}

/// The controlling end of a new pseudoterminal. A program that another thread starts before the flag is set inherits it,
/// since this system cannot open it with the flag.
#[cfg(not(target_os = "linux"))]
fn open_controller() -> rustix::io::Result<OwnedFd> {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&controller, rustix::io::FdFlags::CLOEXEC)?;
    Ok(controller)
}

fn same_file(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    let place = |stream| fstat(stream).map(|facts| (facts.st_dev, facts.st_ino, facts.st_rdev));
    matches!((place(one), place(other)), (Ok(one), Ok(other)) if one == other)
}

/// Wait until this stream can be written to.
pub(super) fn await_room(stream: &File) -> io::Result<()> {
    match poll(&mut [PollFd::new(stream, PollFlags::OUT)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
