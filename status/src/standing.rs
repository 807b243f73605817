//! The state of a slot in one word that distinguishes slow, stalled, silent, lost and died.

use vx_shm::{Kind, Liveness, SlotState, SlotView};

use crate::error_cell::ErrorCell;
use crate::slot::{asks, cached_bytes, error_cell, first_line, is_unwell};
use crate::vocabulary::{self, Phase, Phases, begun, is_stalled, word_of};

/// The state of a slot as shown. Derived from a snapshot and, for `Slow`, from measured rates; never stored on the
/// board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Failed, with an error.
    Failed,
    /// Its process was killed or crashed.
    Died,
    /// Its process is gone, and so is whoever would record its end.
    Lost,
    /// Its process lives but was stopped or gets no time.
    Silent,
    /// Its process is alive, but nothing moves.
    Stalled,
    /// Asked to stop, and not yet gone.
    Stopping,
    /// Bytes arrive, but few.
    Slow,
    /// At work.
    Running,
    /// Another process installs the same release.
    Waiting,
    /// Not begun.
    #[default]
    Queued,
    /// Stopped on request.
    Cancelled,
    /// There was nothing to do.
    Skipped,
    /// Done.
    Done,
}

impl Standing {
    /// The standing of the slot by the board alone.
    pub fn from_slot(slot: &SlotView) -> Self {
        match slot.state {
            SlotState::Done => Self::Done,
            SlotState::Failed => Self::Failed,
            SlotState::Cancelled => Self::Cancelled,
            SlotState::Skipped => Self::Skipped,
            SlotState::Died => Self::Died,
            _ if begun(slot) => match slot.liveness {
                Liveness::Lost => Self::Lost,
                Liveness::Silent(_) => Self::Silent,
                Liveness::Stalled(ms) if is_stalled(slot, ms) => Self::Stalled,
                _ if slot.phase().waits() => Self::Waiting,
                _ => Self::Running,
            },
            _ if slot.liveness == Liveness::Lost => Self::Lost,
            _ => Self::Queued,
        }
    }

    /// The one word for it, in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Died => "died",
            Self::Lost => "lost",
            Self::Silent => "silent",
            Self::Stalled => "stalled",
            Self::Stopping => "stopping",
            Self::Slow => "slow",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Done => "done",
        }
    }

    /// The slot has ended; nothing more will come.
    pub fn over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Skipped | Self::Died | Self::Lost)
    }

    /// The requested release is there.
    pub fn good(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }

    /// Over, with a failure worth reading about.
    pub fn bad(self) -> bool {
        matches!(self, Self::Failed | Self::Died | Self::Lost)
    }

    /// Returns whether a process is at work on the slot.
    pub fn at_work(self) -> bool {
        !self.over() && self != Self::Queued
    }
}

/// A few words about anything special in the slot's state; empty if there is nothing. Not cleaned.
pub fn state_remark(slot: &SlotView, standing: Standing) -> String {
    match (standing, slot.liveness) {
        (Standing::Stalled, Liveness::Stalled(ms)) if slot.phase() == Phase::DOWNLOADING => {
            let cause = before_first_byte(slot).filter(|cause| !cause.is_empty());
            format!("no byte for {} s{}", ms / 1000, cause.map(|cause| format!(", {cause}")).unwrap_or_default())
        }
        (Standing::Stalled, Liveness::Stalled(ms)) if slot.kind == Kind::Turn => format!("no line for {} s", ms / 1000),
        (Standing::Stalled, Liveness::Stalled(ms)) => format!("no progress for {} s", ms / 1000),
        (Standing::Silent, Liveness::Silent(ms)) => format!("no sign of life for {} s", ms / 1000),
        (Standing::Lost, _) => "its process is gone and left no result".to_owned(),
        (Standing::Stopping, _) => "asked to stop".to_owned(),
        // The message names the server whose answer its preparation waits for.
        (Standing::Waiting | Standing::Queued, _) => first_line(&slot.message).to_owned(),
        (Standing::Running, _) if asks(slot) => match first_line(&slot.message) {
            "" => "waits for you".to_owned(),
            question => format!("waits for you: {question}"),
        },
        (Standing::Running, _) if is_unwell(slot) => match first_line(&slot.message) {
            "" => "unhealthy".to_owned(),
            why => format!("unhealthy: {why}"),
        },
        (Standing::Running, _) => before_first_byte(slot).unwrap_or_default().to_owned(),
        (Standing::Failed | Standing::Died | Standing::Skipped, _) => ending(slot, standing),
        _ => String::new(),
    }
}

/// All that is known of a download before its first byte: the reason for another attempt, or the server that is waited
/// for.
fn before_first_byte(slot: &SlotView) -> Option<&str> {
    let waits = slot.phase() == Phase::DOWNLOADING && slot.done == cached_bytes(slot);
    waits.then(|| first_line(&slot.message))
}

/// The end of the slot in a few words. Not cleaned.
pub fn ending(slot: &SlotView, standing: Standing) -> String {
    let (cell, ends) = (error_cell(slot), vocabulary::for_kind(slot.kind).ends);
    let first = cell.lines().map(str::trim).find(|line| !line.is_empty());
    match standing {
        Standing::Done => ends.done.to_owned(),
        Standing::Skipped => first.unwrap_or(or_else(first_line(&slot.message), ends.skipped)).to_owned(),
        Standing::Cancelled => ends.cancelled.to_owned(),
        Standing::Failed => first.unwrap_or(or_else(first_line(&slot.message), "failed without an error")).to_owned(),
        Standing::Died => match (slot.signal, slot.exit_code) {
            (Some(signal), _) => format!("killed by signal {signal}{}", signal_name(signal)),
            (None, Some(code)) => format!("its process ended with exit code {code} and did not say why"),
            (None, None) => "its process ended and did not say why".to_owned(),
        },
        Standing::Lost => "its process is gone and left no result".to_owned(),
        Standing::Queued => "not started".to_owned(),
        _ => format!("still {}", word_of(slot)),
    }
}

fn or_else<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// The names of the signals whose numbers are the same everywhere.
fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

/// The error of a slot that did not end well, with its kind. A slot without an error gets its ending as the text.
pub fn failure(slot: &SlotView, standing: Standing) -> ErrorCell<'_> {
    let mut error = error_cell(slot);
    if error.lines().all(|line| line.trim().is_empty()) {
        (error.text, error.details) = (ending(slot, standing).into(), Vec::new());
    }
    error.kind = ErrorCell::kind_of_slot(slot);
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::counting;

    fn live(phase: Phase, liveness: Liveness) -> SlotView {
        SlotView { state: SlotState::Live, step: phase.step(), liveness, ..SlotView::default() }
    }

    #[test]
    fn stalled_silent_lost_and_died_have_words_of_their_own() {
        for (slot, word, text) in [
            (live(Phase::DOWNLOADING, Liveness::Alive), "running", ""),
            (live(Phase::DOWNLOADING, Liveness::Stalled(14_200)), "stalled", "no byte for 14 s"),
            (
                SlotView {
                    message: "waiting for the server's answer".to_owned(),
                    ..live(Phase::DOWNLOADING, Liveness::Stalled(14_200))
                },
                "stalled",
                "no byte for 14 s, waiting for the server's answer",
            ),
            (live(Phase::EXTRACTING, Liveness::Stalled(14_200)), "stalled", "no progress for 14 s"),
            (live(Phase::POST_INSTALL, Liveness::Stalled(14_200)), "running", ""),
            (live(Phase::DOWNLOADING, Liveness::Silent(3_000)), "silent", "no sign of life for 3 s"),
            (live(Phase::LINKING, Liveness::Lost), "lost", "its process is gone and left no result"),
            (
                SlotView { state: SlotState::Died, signal: Some(9), ..SlotView::default() },
                "died",
                "killed by signal 9 (SIGKILL)",
            ),
            (
                SlotView { state: SlotState::Reserved, liveness: Liveness::Lost, ..SlotView::default() },
                "lost",
                "its process is gone and left no result",
            ),
        ] {
            let standing = Standing::from_slot(&slot);
            assert_eq!((standing.word(), state_remark(&slot, standing).as_str()), (word, text));
        }
    }

    #[test]
    fn a_task_stalls_only_if_its_total_is_known() {
        let task = SlotView { liveness: Liveness::Stalled(60_000), ..counting(0, "build", 3, 10) };
        assert_eq!(Standing::from_slot(&task), Standing::Stalled);
        assert_eq!(Standing::from_slot(&SlotView { total: None, ..task }), Standing::Running);
    }

    #[test]
    fn an_end_has_the_words_of_its_kind() {
        use vx_shm::Kind;
        let said = |kind, state| {
            let slot = SlotView { kind, state, ..SlotView::default() };
            ending(&slot, Standing::from_slot(&slot))
        };
        assert_eq!(said(Kind::Service, SlotState::Cancelled), "stopped");
        assert_eq!(said(Kind::Task, SlotState::Cancelled), "cancelled");
        let done = [Kind::Install, Kind::Task, Kind::Service, Kind::Build, Kind::Turn];
        assert_eq!(done.map(|kind| said(kind, SlotState::Done)), ["installed", "done", "ended", "built", "done"]);
    }

    #[test]
    fn a_failure_shows_the_first_line_that_is_not_blank() {
        let slot = SlotView {
            state: SlotState::Failed,
            error: Some("\n  the digest differs\nexpected …".to_owned()),
            ..SlotView::default()
        };
        assert_eq!(state_remark(&slot, Standing::Failed), "the digest differs");
    }
}
