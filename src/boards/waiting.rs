//! Waiting for work on a board until it is ready, done or over.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use vx_base::trouble::{Explain, TroubleKind};
use vx_run::{log_file, logs_of};
use vx_shm::{BoardState, Health, Kind, Reader, SlotView, Snapshot};
use vx_status::standing::{Standing, failure};
use vx_status::vocabulary;
use vx_status::vocabulary::service::{BACKING_OFF, STARTING};

use super::logs;
use crate::boards::find::{BoardError, slot_of};

/// The longest sleep, because a writer that was killed wakes no reader.
const LOOK: Duration = Duration::from_secs(1);
/// After this many deaths of a service that never became ready, a caller is not kept waiting: the next pauses are long.
const MOST_DEATHS: usize = 3;
/// How many of the last lines of a log are shown for work that did not end as expected.
const LOG_LINES: usize = 10;

/// A state to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It can be used: a service that is ready, or any other work that has ended well.
    Ready,
    /// The same, but the wait is given up if it dies too often without having been ready.
    ReadySoon,
    /// It has ended well.
    Done,
    /// It has ended, no matter how.
    Ended,
}

/// The work to wait for, and the state that it should reach: `KEY=ready`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkWaitCondition {
    /// The slot's key.
    pub key: String,
    /// The state.
    pub reached: Reached,
}

/// The text is not a condition to wait for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected KEY=ready, KEY=done or KEY=ended")]
pub struct NotAwaited;

impl FromStr for WorkWaitCondition {
    type Err = NotAwaited;

    fn from_str(text: &str) -> Result<Self, NotAwaited> {
        // A key may also contain `=`.
        let (key, word) = text.rsplit_once('=').filter(|(key, _)| !key.is_empty()).ok_or(NotAwaited)?;
        let reached = match word {
            "ready" => Reached::Ready,
            "done" => Reached::Done,
            "ended" => Reached::Ended,
            _ => return Err(NotAwaited),
        };
        Ok(Self { key: key.to_owned(), reached })
    }
}

/// The state of one piece of work that was waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkWaitState {
    /// Its key.
    pub key: String,
    /// The word for its step, or for its end; `None` if no slot had the key.
    pub word: Option<String>,
    /// Whether it reached the awaited state.
    pub reached: bool,
    /// Whether it can no longer reach that state.
    pub missed: bool,
    /// Its error, if it ended with one.
    pub error: Option<String>,
    /// The next step after the error, if its writer gave one.
    pub hint: Option<String>,
    /// The last lines of its log, if it can no longer reach the state.
    pub log: Vec<String>,
}

/// Why a wait ended without the expected states.
#[derive(Debug, thiserror::Error)]
pub enum WaitForError {
    /// Some work can no longer reach its state.
    #[error("{}", otherwise(.0))]
    Otherwise(Vec<WorkWaitState>),
    /// The time is up.
    #[error("not reached in the time given: {}", names(.0))]
    TimeUp(Vec<WorkWaitState>),
    /// There is no such board, or it can no longer be read.
    #[error(transparent)]
    Board(#[from] BoardError),
}

fn otherwise(states: &[WorkWaitState]) -> String {
    let missed = states.iter().filter(|state| state.missed).map(|state| match state {
        WorkWaitState { key, word: Some(word), error, .. } => {
            let error = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("`{key}` {}{error}", ended(word))
        }
        WorkWaitState { key, word: None, .. } => format!("the run is over and had no work `{key}`"),
    });
    missed.collect::<Vec<_>>().join("; ")
}

/// The word for an end, as the predicate of a sentence.
fn ended(word: &str) -> String {
    match word {
        "failed" | "died" => format!("has {word}"),
        "cancelled" | "skipped" => format!("was {word}"),
        _ => format!("is {word}"),
    }
}

fn names(states: &[WorkWaitState]) -> String {
    let missed = states.iter().filter(|state| !state.reached);
    missed
        .map(|state| format!("`{}` is {}", state.key, state.word.as_deref().unwrap_or("not there")))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Explain for WaitForError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Otherwise(_) => TroubleKind::Exit,
            Self::TimeUp(_) => TroubleKind::Timeout,
            Self::Board(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Otherwise(states) => states.iter().filter(|state| state.missed).find_map(|state| state.hint.clone()),
            Self::TimeUp(_) => Some("it goes on, and `vx top` shows it; wait again, or longer".into()),
            Self::Board(error) => error.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Otherwise(states) => {
                states.iter().filter(|state| state.missed).flat_map(|state| state.log.clone()).collect()
            }
            Self::TimeUp(_) | Self::Board(_) => Vec::new(),
        }
    }
}

/// What the supervisor knows about the lives of services: a board shows the current lives, but not what follows.
pub trait Lives {
    /// Whether another life of the service with this key follows the one that has ended, or may still follow.
    fn goes_on(&self, key: &str) -> bool;
    /// The keys of those of these lives, given as key and generation, that were asked to end, to be restarted or for
    /// good.
    fn ending(&self, lives: &[(&str, u32)]) -> Vec<String>;
}

/// Wait until all of this work has reached its state, at most `timeout`. While the run is not over, work without a slot
/// is waited for. Work that has ended is waited for while `lives` says that it starts again. A life that was asked to
/// end does not count as ready.
///
/// # Errors
/// Some work can no longer reach its state, or did not in time.
pub fn wait_for(
    reader: &mut Reader,
    wanted: &[WorkWaitCondition],
    timeout: Option<Duration>,
    lives: &dyn Lives,
) -> Result<Vec<WorkWaitState>, WaitForError> {
    // A time too far off for the clock is no bound.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut snapshot = Snapshot::default();
    loop {
        reader.refresh(&mut snapshot).map_err(BoardError::Read)?;
        let mut verdicts: Vec<WorkWaitVerdict> =
            wanted.iter().map(|awaited| WorkWaitVerdict::from_snapshot(awaited, &snapshot)).collect();
        let is_reached = |verdict: &WorkWaitVerdict| verdict.reached == Some(true);
        if verdicts.iter().all(is_reached) {
            let ready: Vec<_> =
                verdicts.iter().zip(wanted).filter_map(|(verdict, of)| verdict.ready_life(of)).collect();
            let ending = if ready.is_empty() { Vec::new() } else { lives.ending(&ready) };
            for (verdict, _) in verdicts.iter_mut().zip(wanted).filter(|(_, of)| ending.contains(&of.key)) {
                (verdict.reached, verdict.is_ending) = (None, true);
            }
        }
        for (verdict, awaited) in verdicts.iter_mut().zip(wanted) {
            if verdict.reached == Some(false) && verdict.has_ended() && lives.goes_on(&awaited.key) {
                verdict.reached = None;
            }
        }
        let states = |logs: bool| -> Vec<WorkWaitState> {
            let directory = logs_of(reader.path());
            wanted
                .iter()
                .zip(&verdicts)
                .map(|(awaited, verdict)| verdict.state(awaited, logs.then_some(&directory)))
                .collect()
        };
        if verdicts.iter().all(is_reached) {
            return Ok(states(false));
        }
        if verdicts.iter().any(|verdict| verdict.reached == Some(false)) {
            return Err(WaitForError::Otherwise(states(true)));
        }
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(WaitForError::TimeUp(states(false)));
        }
        reader.wait_change(left.min(LOOK));
    }
}

/// One piece of work at one moment.
struct WorkWaitVerdict<'s> {
    slot: Option<&'s SlotView>,
    /// `None` while both outcomes are possible.
    reached: Option<bool>,
    /// Whether it was ready but was asked to end.
    is_ending: bool,
}

impl<'s> WorkWaitVerdict<'s> {
    fn from_snapshot(awaited: &WorkWaitCondition, snapshot: &'s Snapshot) -> Self {
        let board_over = snapshot.board.state != BoardState::Running || snapshot.board.abandoned();
        let slot = slot_of(snapshot, &awaited.key);
        let Some(found) = slot else {
            return Self { slot, reached: board_over.then_some(false), is_ending: false };
        };
        let standing = Standing::from_slot(found);
        let reached = match (awaited.reached, standing.over()) {
            (Reached::Ready | Reached::ReadySoon, false) if found.health == Health::Ready => Some(true),
            (Reached::ReadySoon, false) if is_failing(found) => Some(false),
            (Reached::Ended, true) => Some(true),
            (Reached::Ready | Reached::ReadySoon | Reached::Done, true) => Some(standing.good()),
            (_, false) => board_over.then_some(false),
        };
        Self { slot, reached, is_ending: false }
    }

    /// Whether the work has ended.
    fn has_ended(&self) -> bool {
        self.slot.is_some_and(|slot| Standing::from_slot(slot).over())
    }

    /// The life of the service, if the wait is for a service that is to be ready.
    fn ready_life(&self, awaited: &WorkWaitCondition) -> Option<(&'s str, u32)> {
        let wants_ready = matches!(awaited.reached, Reached::Ready | Reached::ReadySoon);
        let slot = self.slot.filter(|slot| wants_ready && slot.kind == Kind::Service)?;
        Some((slot.key.as_str(), slot.generation))
    }

    fn state(&self, awaited: &WorkWaitCondition, logs: Option<&PathBuf>) -> WorkWaitState {
        let (reached, missed) = (self.reached == Some(true), self.reached == Some(false));
        let wants_ready = matches!(awaited.reached, Reached::Ready | Reached::ReadySoon);
        let failing = self.slot.filter(|slot| wants_ready && is_failing(slot));
        let standing = self.slot.map(Standing::from_slot);
        let bad = self.slot.zip(standing).filter(|(_, standing)| standing.bad() && !reached);
        let cell = bad.map(|(slot, standing)| failure(slot, standing));
        let log = logs.filter(|_| missed).zip(self.slot);
        let log = log.and_then(|(directory, slot)| logs::tail(&log_file(directory, &slot.key), LOG_LINES).ok());
        let word = match failing {
            Some(_) => Some("failing".to_owned()),
            None if self.is_ending => Some("about to end".to_owned()),
            None => self.slot.map(word),
        };
        WorkWaitState {
            key: awaited.key.clone(),
            word,
            reached,
            missed,
            hint: cell.as_ref().and_then(|error| error.hint.as_ref()).map(ToString::to_string),
            error: cell
                .map(|error| error.text.to_string())
                .or(failing.map(|slot| slot.message.clone()).filter(|message| !message.is_empty())),
            log: log.unwrap_or_default(),
        }
    }
}

fn word(slot: &SlotView) -> String {
    let standing = Standing::from_slot(slot);
    if standing.over() { standing.word() } else { vocabulary::word_of(slot) }.to_owned()
}

/// Whether a service has died too often in a row until now, without being ready before any of these deaths.
fn is_failing(slot: &SlotView) -> bool {
    if slot.state.ended() || slot.step != BACKING_OFF {
        return false;
    }
    let steps = slot.transitions.iter().rev().map(|transition| transition.step);
    steps.take_while(|step| [STARTING, BACKING_OFF].contains(step)).filter(|step| *step == BACKING_OFF).count()
        >= MOST_DEATHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::SlotState;

    #[test]
    fn a_word_follows_the_last_equals_sign() {
        let parsed = |text: &str| text.parse::<WorkWaitCondition>().map(|awaited| (awaited.key, awaited.reached));
        assert_eq!(parsed("node=done"), Ok(("node".into(), Reached::Done)));
        assert_eq!(parsed("a=b=ended"), Ok(("a=b".into(), Reached::Ended)));
        for text in ["", "node", "node=", "=done", "node=gone"] {
            assert_eq!(parsed(text), Err(NotAwaited), "{text}");
        }
    }

    #[test]
    fn a_state_is_reached_missed_or_still_open() {
        let slot =
            |state, health| SlotView { key: "x".into(), key_hash: hash("x"), state, health, ..SlotView::default() };
        let of = |reached, slots: Vec<SlotView>, board| {
            let mut snapshot = Snapshot { slots, ..Snapshot::default() };
            snapshot.board.state = board;
            WorkWaitVerdict::from_snapshot(&WorkWaitCondition { key: "x".into(), reached }, &snapshot).reached
        };
        let (running, closed) = (BoardState::Running, BoardState::Done);
        let live = || vec![slot(SlotState::Live, Health::Unknown)];
        let ended = |state| vec![slot(state, Health::Unknown)];
        for (reached, slots, board, expected) in [
            (Reached::Done, live(), running, None),
            (Reached::Done, vec![], running, None),
            (Reached::Done, vec![], closed, Some(false)),
            (Reached::Ready, vec![slot(SlotState::Live, Health::Ready)], running, Some(true)),
            (Reached::Done, vec![slot(SlotState::Live, Health::Ready)], running, None),
            (Reached::Ready, ended(SlotState::Done), running, Some(true)),
            (Reached::Ready, ended(SlotState::Failed), running, Some(false)),
            (Reached::Done, ended(SlotState::Skipped), running, Some(true)),
            (Reached::Done, ended(SlotState::Died), running, Some(false)),
            (Reached::Ended, ended(SlotState::Failed), running, Some(true)),
            (Reached::Ended, live(), closed, Some(false)),
        ] {
            assert_eq!(of(reached, slots.clone(), board), expected, "{reached:?} {slots:?}");
        }
    }

    #[test]
    fn what_failed_is_named_and_not_what_is_still_on_its_way() {
        let state = |key: &str, word: &str, missed, error: Option<&str>| WorkWaitState {
            key: key.to_owned(),
            word: Some(word.to_owned()),
            reached: false,
            missed,
            error: error.map(str::to_owned),
            hint: error.map(|_| format!("mend {key}")),
            log: vec![format!("a line of {key}")],
        };
        let error = WaitForError::Otherwise(vec![
            state("web", "queued", false, None),
            state("db", "failed", true, Some("exit code 3")),
            state("api", "cancelled", true, None),
        ]);
        assert_eq!(error.to_string(), "`db` has failed: exit code 3; `api` was cancelled");
        assert_eq!(error.hint().as_deref(), Some("mend db"));
        assert_eq!(error.details(), ["a line of db", "a line of api"]);
    }

    /// Lives of which one was asked to end.
    struct Ending(u32);

    impl Lives for Ending {
        fn goes_on(&self, _: &str) -> bool {
            true
        }

        fn ending(&self, lives: &[(&str, u32)]) -> Vec<String> {
            lives.iter().filter(|(_, life)| *life == self.0).map(|(key, _)| (*key).to_owned()).collect()
        }
    }

    #[test]
    fn a_life_that_was_asked_to_end_is_not_ready() {
        let directory = tempfile::tempdir().expect("a directory");
        let board = vx_shm::Board::create(&directory.path().join("x.board"), "", 4).expect("a board");
        let reservation = board.reserve("web", "", Kind::Service).expect("a slot");
        let mut slot = vx_shm::Slot::claim(board.path(), reservation.slot, reservation.generation).expect("the slot");
        slot.set_health(Health::Ready);
        let wanted = [WorkWaitCondition { key: "web".into(), reached: Reached::ReadySoon }];
        let mut reader = board.reader().expect("it opens");
        let soon = Some(Duration::from_millis(20));
        let error = wait_for(&mut reader, &wanted, soon, &Ending(reservation.generation)).expect_err("it is to end");
        assert_eq!(error.to_string(), "not reached in the time given: `web` is about to end");
        let states = wait_for(&mut reader, &wanted, soon, &Ending(reservation.generation + 1)).expect("it stays");
        assert!(states[0].reached);
    }

    /// The hash of a key as a board has it.
    fn hash(key: &str) -> u64 {
        let directory = tempfile::tempdir().expect("a directory");
        let board = vx_shm::Board::create(&directory.path().join("x.board"), "", 1).expect("a board");
        board.reserve(key, "", Kind::Task).expect("a slot");
        board.reader().expect("it opens").snapshot().expect("it reads").slots[0].key_hash
    }
}
