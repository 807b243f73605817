//! The verdict on a child that has ended, from three facts: the end it wrote to its slot, the reason it was stopped
//! for, and its exit as the kernel reports it.

use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{Ended, Exit};
use vx_shm::{Ending, SlotState};

use crate::trouble_cell::TroubleCell;

/// Lines of a child's output shown below an error, if the child gave no reason.
const LAST_LINES: usize = 6;

/// The reason a child was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStopReason {
    /// It was not asked.
    No,
    /// It was cancelled.
    Cancelled,
    /// It was cancelled twice.
    Killed,
    /// Its time was up.
    Late,
}

impl ChildStopReason {
    /// Returns whether its end was requested.
    pub(crate) fn was_asked(self) -> bool {
        matches!(self, Self::Cancelled | Self::Killed)
    }
}

/// The meaning of an exit code of a process that wrote no end to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// Every exit is a failure: the process had to write its end.
    IsFailure,
    /// The exit code counts, as in a shell: the process knows of no board.
    IsExit,
}

impl Unwritten {
    fn state_of(self, exit: Exit) -> SlotState {
        match (self, exit) {
            (Self::IsExit, Exit::Code(0)) => SlotState::Done,
            // The exit of a program that was interrupted, or of the shell that ran it.
            (Self::IsExit, Exit::Code(130) | Exit::Signal(1 | 2 | 15)) => SlotState::Cancelled,
            (_, Exit::Signal(_)) => SlotState::Died,
            (_, Exit::Code(_)) => SlotState::Failed,
        }
    }
}

/// Decide the end of a slot. An end that the child itself wrote counts, even if the child was killed right after: it
/// writes `Done` only once the release is in place.
pub fn verdict(written: Option<SlotState>, stop: ChildStopReason, ended: &Ended, unwritten: Unwritten) -> Ending {
    let stuck = !ended.left.is_none();
    let state = match (written, stop, ended.exit) {
        (Some(state), _, _) => state,
        // A slot is cancelled only if no process of it is left.
        (_, ChildStopReason::Cancelled | ChildStopReason::Killed, _) if stuck => SlotState::Failed,
        (_, ChildStopReason::Cancelled | ChildStopReason::Killed, _) => SlotState::Cancelled,
        (_, ChildStopReason::Late, _) => SlotState::Failed,
        (_, ChildStopReason::No, exit) => unwritten.state_of(exit),
    };
    let (exit_code, signal) = match ended.exit {
        Exit::Code(code) => (Some(code), None),
        Exit::Signal(signal) => (None, Some(signal)),
    };
    let explained = written.is_some() || matches!(state, SlotState::Cancelled | SlotState::Done);
    let error = (!explained).then(|| unexplained(ended, stop, unwritten).to_cell());
    Ending { error, exit_code, signal, ..Ending::new(state) }
}

fn unexplained(ended: &Ended, stop: ChildStopReason, unwritten: Unwritten) -> Trouble {
    if stop != ChildStopReason::No && !ended.left.is_none() {
        let text = format!("killed, and {}", ended.left);
        return Trouble::new(TroubleKind::Killed, text).hinted("find out what it waits for; it ends with that wait");
    }
    if stop == ChildStopReason::Late {
        let text = "killed: it did not end by its deadline";
        return Trouble::new(TroubleKind::Timeout, text).hinted("allow more time with `--timeout`");
    }
    let (kind, text) = match ended.exit {
        Exit::Signal(_) => (TroubleKind::Killed, format!("killed by {}", ended.exit)),
        Exit::Code(_) if unwritten == Unwritten::IsExit => (TroubleKind::Exit, format!("failed: {}", ended.exit)),
        Exit::Code(_) => (TroubleKind::Exit, format!("ended with {} without recording a result", ended.exit)),
    };
    let lines = ended.tail.lines();
    Trouble::new(kind, text).detailed(&lines[lines.len().saturating_sub(LAST_LINES)..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_process::{Heeds, MemberProcess, Survivors, Tail};

    fn ended(exit: Exit) -> Ended {
        Ended { exit, tail: Tail::keeping(100), left: Survivors::default() }
    }

    #[test]
    fn what_cannot_be_killed_is_named_and_not_called_cancelled() {
        let stuck = MemberProcess { pid: 7, name: "cp".to_owned(), heeds: Heeds::WaitsInTheSystem };
        let ending = verdict(
            None,
            ChildStopReason::Killed,
            &Ended { left: vec![stuck].into(), ..ended(Exit::Signal(9)) },
            Unwritten::IsFailure,
        );
        assert_eq!(ending.state, SlotState::Failed);
        let error = ending.error.unwrap_or_default();
        assert!(error.starts_with("killed, and still there: pid 7 (cp) waits in the kernel"), "{error}");
    }

    #[test]
    fn each_end_has_its_verdict() {
        use SlotState::{Cancelled, Died, Done, Failed};
        let (well, badly, killed) = (Exit::Code(0), Exit::Code(7), Exit::Signal(9));
        for (written, stop, exit, state) in [
            (Some(Done), ChildStopReason::No, well, Done),
            (Some(Done), ChildStopReason::Cancelled, killed, Done),
            (Some(Failed), ChildStopReason::No, Exit::Code(1), Failed),
            (None, ChildStopReason::No, killed, Died),
            (None, ChildStopReason::No, badly, Failed),
            (None, ChildStopReason::No, well, Failed),
            (None, ChildStopReason::Cancelled, Exit::Code(130), Cancelled),
            (None, ChildStopReason::Killed, killed, Cancelled),
            (None, ChildStopReason::Late, killed, Failed),
        ] {
            let ending = verdict(written, stop, &ended(exit), Unwritten::IsFailure);
            assert_eq!(ending.state, state, "{written:?} {stop:?} {exit}");
            let explained = written.is_some() || state == Cancelled;
            assert_eq!(ending.error.is_none(), explained, "{ending:?}");
            assert_eq!((ending.exit_code.is_some(), ending.signal.is_some()), (exit != killed, exit == killed));
        }
    }

    #[test]
    fn the_exit_of_a_program_that_knows_no_board_is_its_end() {
        use SlotState::{Cancelled, Died, Done, Failed};
        for (stop, exit, state, explained) in [
            (ChildStopReason::No, Exit::Code(0), Done, true),
            (ChildStopReason::No, Exit::Code(1), Failed, false),
            (ChildStopReason::No, Exit::Code(130), Cancelled, true),
            (ChildStopReason::No, Exit::Signal(15), Cancelled, true),
            (ChildStopReason::No, Exit::Signal(11), Died, false),
            (ChildStopReason::Cancelled, Exit::Code(0), Cancelled, true),
            (ChildStopReason::Late, Exit::Signal(9), Failed, false),
        ] {
            let ending = verdict(None, stop, &ended(exit), Unwritten::IsExit);
            assert_eq!((ending.state, ending.error.is_none()), (state, explained), "{stop:?} {exit}");
        }
    }
}
