//! The end of a slot: error, result and time, written before the state that announces them.

use super::notes::cause_words;
use super::{EndError, Reservation, control_of, known_state, ring, table};
use crate::layout::{ERROR_WORDS, RESULT_WORDS, encode_text};
use crate::liveness::clock;
use crate::progress::SlotState;
use crate::segment::Segment;
use crate::stamp::{self, ControlWord, SlotEndRecord};

/// How a slot's work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// One of the states that end a slot.
    pub state: SlotState,
    /// Reason of the failure or of the skip. One of more than 870 bytes is cut, and marked as cut. Readers find the
    /// reason of a skipped slot in its message.
    pub error: Option<String>,
    /// Who or what is the reason of the end, in a few words (158 bytes); `None` leaves the cause that
    /// [`Slot::set_cause`](super::Slot::set_cause) wrote.
    pub cause: Option<String>,
    /// Exit status of the slot's process; set by its parent.
    pub exit_code: Option<i32>,
    /// Signal that ended the process; set by its parent.
    pub signal: Option<i32>,
    /// Place of the result (at most 654 bytes).
    pub result: Option<String>,
}

impl Ending {
    /// An ending with this state and nothing more.
    pub fn new(state: SlotState) -> Self {
        Self { state, error: None, cause: None, exit_code: None, signal: None, result: None }
    }

    /// A failure, for this reason.
    pub fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::new(SlotState::Failed) }
    }

    /// A skip, for this reason; `cause` is who or what prevented the work.
    pub fn skipped(reason: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: Some(reason.into()), cause: Some(cause.into()), ..Self::new(SlotState::Skipped) }
    }

    /// A successful ending with its result at this path.
    pub fn done_at(result: impl Into<String>) -> Self {
        Self { result: Some(result.into()), ..Self::new(SlotState::Done) }
    }

    /// Exit status and signal as one word; 0 if neither is known.
    fn exit_word(&self) -> u64 {
        let code = self.exit_code.map_or(0, |code| u64::from(code as u32) << 32 | 1);
        let signal = self.signal.map_or(0, |signal| u64::from(signal as u8) << 8 | 2);
        code | signal
    }
}

/// Record how a slot's process ended: exit status and signal in any case; state, error and result only if the process
/// had not ended its slot itself.
pub(crate) fn write_end(segment: &Segment, reservation: Reservation, ending: &Ending) -> Result<(), EndError> {
    let Reservation { slot, generation } = reservation;
    if !ending.state.ended() {
        return Err(EndError::NotAnEnd { state: ending.state });
    }
    let _table = table(segment)?; // The lock keeps other processes from taking the slot over meanwhile.
    let control = control_of(segment, slot).unwrap_or(ControlWord::from_word(0));
    if control.generation != generation {
        return Err(EndError::Superseded { slot, wanted: generation, found: control.generation });
    }
    if known_state(control).ended() {
        write_exit(segment, slot, ending);
    } else {
        write_ending(segment, slot, generation, ending);
    }
    ring(segment);
    Ok(())
}

/// Write an ending and then the state. For the slot's writer, or, under the table's lock, the process that records its
/// end.
pub(super) fn write_ending(segment: &Segment, slot: u32, generation: u32, ending: &Ending) {
    let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else { return };
    if let (Some(cause), Some(latch)) = (&ending.cause, segment.cause(slot)) {
        latch.write(&cause_words(generation, cause));
    }
    let what = SlotEndRecord {
        exit: ending.exit_word(),
        ended_at: clock::now_ns(),
        error: &encode_text::<ERROR_WORDS>(ending.error.as_deref().unwrap_or("")),
        result: &encode_text::<RESULT_WORDS>(ending.result.as_deref().unwrap_or("")),
    };
    stamp::end(line, cold, ControlWord::new(generation, ending.state, true), &what);
}

/// Write the exit of the process, if it is known. The exit may follow the state.
fn write_exit(segment: &Segment, slot: u32, ending: &Ending) {
    if let Some(cold) = segment.cold(slot) {
        stamp::write_exit(cold, ending.exit_word());
    }
}
