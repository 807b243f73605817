//! Passes changes of a terminal's size on to the pseudoterminals of a program.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_current_process_group, kill_process_group};
use rustix::termios::{Winsize, tcgetwinsize, tcsetwinsize};
use signal_hook::consts::SIGWINCH;
use signal_hook::iterator::{Handle, Signals};

use super::way::RelayedStream;

/// As long as this value lives, the program's terminals follow the size of this process's.
pub(crate) struct Following(Handle);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// `None` if no stream is a terminal.
pub(crate) type Sizes = Option<Following>;

/// Follow the sizes of the terminals among these streams. `group` is the program's group if the terminal was lent to
/// it; then its runner passes the system's signal on to this process.
pub(crate) fn follow_sizes(ways: &[RelayedStream], group: &Arc<AtomicU32>) -> io::Result<Sizes> {
    let terminals = ways.iter().map(RelayedStream::terminals).collect::<io::Result<Vec<_>>>()?;
    let terminals: Vec<(File, File)> = terminals.into_iter().flatten().collect();
    if terminals.is_empty() {
        return Ok(None);
    }
    let mut signals = Signals::new([SIGWINCH])?;
    let (handle, group) = (signals.handle(), Arc::clone(group));
    thread::Builder::new().name("sizes".into()).spawn(move || {
        for _ in signals.forever() {
            let changed = terminals.iter().filter(|(own, programs)| pass_on(own, programs)).count();
            if changed > 0 {
                // The system signalled before we set the new size, so signal again. If this signal arrives here, too,
                // it finds nothing to change.
                let _ = match Pid::from_raw(group.load(Ordering::SeqCst).cast_signed()) {
                    Some(group) => kill_process_group(group, Signal::WINCH),
                    None => kill_current_process_group(Signal::WINCH),
                };
            }
        }
    })?;
    Ok(Some(Following(handle)))
}

/// Give the program's terminal the size of this process's. Returns whether it was changed.
fn pass_on(own: &File, programs: &File) -> bool {
    let same = |one: &Winsize, other: &Winsize| {
        (one.ws_row, one.ws_col, one.ws_xpixel, one.ws_ypixel)
            == (other.ws_row, other.ws_col, other.ws_xpixel, other.ws_ypixel)
    };
    let (Ok(wanted), Ok(present)) = (tcgetwinsize(own), tcgetwinsize(programs)) else { return false };
    !same(&wanted, &present) && tcsetwinsize(programs, wanted).is_ok()
}
