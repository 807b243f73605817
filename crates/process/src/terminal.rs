//! The terminal in the hands of a child's group: it is given away, taken back, and follows the job control of the shell.
//!
//! The child has a group of its own, as each job of a shell has. While its group has the terminal, keys and their signals
//! are the child's. When the child is stopped by Ctrl-Z, this process takes the terminal back and stops, with its whole
//! group, so that the shell sees its job stopped; when the shell continues it, the child gets the terminal again and
//! continues, too. The settings of the terminal are kept per side, as shells do.
//!
//! A child may use the terminal before its group has it. The system stops it then, and it is continued as soon as its group
//! has the terminal: so nothing has to be done between fork and exec.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::thread;

use nix::sys::signal::{SigSet, Signal as Blocked};
use nix::unistd::{self, getpgid, getpgrp, getsid};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_current_process_group, kill_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp};
use signal_hook::consts::SIGCONT;
use signal_hook::iterator::{Handle, Signals};

use crate::facts::callers::callers;

/// True if other programs of this process's group may use the terminal, such as the pager that its output is piped to: they
/// would lose it with this group. So they may where the group is one from outside of a container.
pub fn shares_terminal() -> bool {
    (!io::stdout().is_terminal() || own_group().is_none()) && File::open("/dev/tty").is_ok()
}

/// The terminal of this process's session, lent to the group of a child.
pub(super) struct TerminalLoan {
    shared: Arc<SharedTerminal>,
    continued: Handle,
}

struct SharedTerminal {
    terminal: File,
    own: Pid,
    child: Pid,
    own_modes: Termios,
    state: Mutex<SharedTerminalState>,
}

#[derive(Default)]
struct SharedTerminalState {
    /// True while this process is stopped, or about to be, because the child is.
    stopped: bool,
    /// The settings that the child had made when it was stopped.
    modes: Option<Termios>,
    /// True once the child has ended.
    over: bool,
}

impl TerminalLoan {
    /// Lend the terminal to the group that this child leads, now if this process's group has it, else as soon as that gets
    /// it. `None` without a terminal.
    pub(super) fn to(child: u32) -> Option<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let (own_modes, child) = (tcgetattr(&terminal).ok()?, Pid::from_raw(child.cast_signed())?);
        tcgetpgrp(&terminal).ok()?;
        let state = Mutex::new(SharedTerminalState::default());
        let shared = Arc::new(SharedTerminal { terminal, own: own_group()?, child, own_modes, state });
        let mut signals = Signals::new([SIGCONT]).ok()?;
        let (continued, listener) = (signals.handle(), Arc::clone(&shared));
        let listen = move || signals.forever().for_each(|_| listener.go_on());
        thread::Builder::new().name("job control".into()).spawn(listen).ok()?;
        shared.give();
        Some(Self { shared, continued })
    }

    /// The child was stopped by this signal.
    pub(super) fn child_stopped(&self, by: Signal) {
        self.shared.stop_with_child(by);
    }

    /// The child has ended, and is not collected yet. Its settings stay, as those of a program that a shell ran, unless it
    /// was ended by a signal.
    pub(super) fn end(self, by_signal: bool) {
        self.continued.close();
        let mut state = self.shared.state.lock();
        state.over = true;
        if self.shared.holder() == Some(self.shared.child) {
            let _ = from_behind(|| {
                if by_signal {
                    let _ = tcsetattr(&self.shared.terminal, OptionalActions::Drain, &self.shared.own_modes);
                }
                tcsetpgrp(&self.shared.terminal, self.shared.own)
            });
        }
    }
}

impl SharedTerminal {
    /// The group that has the terminal.
    fn holder(&self) -> Option<Pid> {
        tcgetpgrp(&self.terminal).ok()
    }

    /// Give the terminal to the child if this process's group has it. Returns whether it had.
    fn give(&self) -> bool {
        let ours = self.holder() == Some(self.own);
        // Another process of the group may have lost it meanwhile: a request of a group without the terminal would stop it.
        ours && from_behind(|| tcsetpgrp(&self.terminal, self.child)).is_ok()
    }

    fn stop_with_child(&self, by: Signal) {
        let mut state = self.state.lock();
        let used_terminal = matches!(by, Signal::TTIN | Signal::TTOU);
        let holder = self.holder();
        // It was faster than the terminal; or there is no shell that could continue it, and without vx the system would not
        // have stopped it.
        let goes_on = used_terminal && (holder == Some(self.child) || self.give());
        if goes_on || (!used_terminal && !has_shell()) {
            let _ = kill_process_group(self.child, Signal::CONT);
            return;
        }
        state.stopped = true;
        if holder == Some(self.child) {
            state.modes = tcgetattr(&self.terminal).ok();
            let _ = from_behind(|| {
                let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.own_modes);
                tcsetpgrp(&self.terminal, self.own)
            });
        }
        drop(state);
        // Every process of this group stops, as by the key, and this one with all its threads, somewhere behind this line. The
        // rest is done when it is continued. A second signal for this thread alone could come after that.
        let _ = kill_current_process_group(if used_terminal { by } else { Signal::TSTP });
    }

    /// This process was continued: so is the child, with the terminal if this process has it.
    fn go_on(&self) {
        let mut state = self.state.lock();
        if state.over {
            return;
        }
        let given = self.holder() == Some(self.own) && {
            if let Some(modes) = state.modes.take() {
                let _ = from_behind(|| tcsetattr(&self.terminal, OptionalActions::Drain, &modes));
            }
            self.give()
        };
        if std::mem::take(&mut state.stopped) || given {
            let _ = kill_process_group(self.child, Signal::CONT);
        }
    }
}

/// True if a process above, in this session and in another group, could continue this group. Else the system stops it by no
/// key.
fn has_shell() -> bool {
    let (group, session) = (getpgrp(), getsid(None));
    callers()
        .into_iter()
        .map(|pid| unistd::Pid::from_raw(pid.cast_signed()))
        .any(|caller| getpgid(Some(caller)).is_ok_and(|other| other != group) && getsid(Some(caller)) == session)
}

/// This process's group; `None` for one outside of its container, which has no number inside.
fn own_group() -> Option<Pid> {
    Pid::from_raw(getpgrp().as_raw())
}

/// Change the terminal from a group that may not have it: without this, the system would stop the group for that.
fn from_behind<T>(change: impl FnOnce() -> rustix::io::Result<T>) -> io::Result<T> {
    let mut blocked = SigSet::empty();
    blocked.add(Blocked::SIGTTOU);
    let before = blocked.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    let changed = change();
    before.thread_set_mask()?;
    Ok(changed?)
}
