//! Lending the terminal to a child's group, and taking it back, in step with the job control of the shell.
//!
//! The child leads a group, like each job of a shell. While its group has the terminal, keys and their signals go to
//! the child. When Ctrl-Z stops the child, this process takes the terminal back and stops with its whole group, so that
//! the shell sees its job stopped; when the shell continues the job, the child gets the terminal again and continues,
//! too. The terminal's settings of parent and child are saved and restored separately, as shells do.
//!
//! If the child uses the terminal before its group has it, the system stops the child, and it is continued as soon as
//! its group has the terminal. So nothing has to be done between fork and exec.

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

/// Returns whether other programs of this process's group may be using the terminal, such as a pager that reads its
/// output: they would lose the terminal together with this group. Also true if the group is from outside of this
/// process's container, where its id is unknown.
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
    /// This process is stopped, or about to be, because the child is.
    stopped: bool,
    /// The terminal settings that the child was using when it was stopped.
    modes: Option<Termios>,
    /// The child has ended.
    over: bool,
}

impl TerminalLoan {
    /// Lend the terminal to the group that this child leads: now if this process's group has it, else as soon as this
    /// process's group gets it. `None` without a terminal.
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

    /// Handle that the child was stopped by this signal.
    pub(super) fn child_stopped(&self, by: Signal) {
        self.shared.stop_with_child(by);
    }

    /// Take the terminal back after the child has ended, before it is collected. As in a shell, the child's settings
    /// stay unless a signal ended it.
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

    /// Give the terminal to the child if this process's group has it. Returns whether that was done.
    fn give(&self) -> bool {
        let ours = self.holder() == Some(self.own);
        // The group may lose the terminal meanwhile. Then the request comes from a background group, and would stop it.
        ours && from_behind(|| tcsetpgrp(&self.terminal, self.child)).is_ok()
    }

    fn stop_with_child(&self, by: Signal) {
        let mut state = self.state.lock();
        let used_terminal = matches!(by, Signal::TTIN | Signal::TTOU);
        let holder = self.holder();
        // The child used the terminal before it was lent, so continue it. Also continue it if no shell could do so
        // later: without vx, the system would not have stopped it.
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
        // Stop every process of this group, as the key would. This process stops with all its threads, at some
        // instruction after this line; `go_on` does the rest when it is continued. Don't send another signal to this
        // thread alone: it could take effect after that.
        let _ = kill_current_process_group(if used_terminal { by } else { Signal::TSTP });
    }

    /// This process was continued: continue the child, too, and lend it the terminal if this process's group has it.
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

/// Returns whether a caller in this session and in another group could continue this group. Without one the group is
/// orphaned, and the system doesn't let keys stop it.
fn has_shell() -> bool {
    let (group, session) = (getpgrp(), getsid(None));
    callers()
        .into_iter()
        .map(|pid| unistd::Pid::from_raw(pid.cast_signed()))
        .any(|caller| getpgid(Some(caller)).is_ok_and(|other| other != group) && getsid(Some(caller)) == session)
}

/// This process's group; `None` if the group is outside of this process's container, where its id is unknown.
fn own_group() -> Option<Pid> {
    Pid::from_raw(getpgrp().as_raw())
}

/// Change the terminal from what may be a background group, with SIGTTOU blocked: else the system would stop the group.
fn from_behind<T>(change: impl FnOnce() -> rustix::io::Result<T>) -> io::Result<T> {
    let mut blocked = SigSet::empty();
    blocked.add(Blocked::SIGTTOU);
    let before = blocked.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    let changed = change();
    before.thread_set_mask()?;
    Ok(changed?)
}
