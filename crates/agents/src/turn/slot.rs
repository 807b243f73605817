//! Showing a turn on a board: its step, the tool at work, messages, tokens and cost, and a question to the user as its
//! health.

use std::ffi::OsString;
use std::path::Path;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::channel::{Mark, slot_key};
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{ClaimError, Ending, Health, Kind, Reader, Reservation, ReserveError, Slot, SlotState, SlotWork};
use vx_status::turn_facts::TurnFacts;
use vx_status::vocabulary::turn::{ANSWERING, DRAINING, STARTING, THINKING, USING_A_TOOL};

use super::outcome::{AgentVerdict, TurnOutcome};
use crate::event::{AgentUsage, TurnEvent};
use crate::output::reading::{AgentActivity, AgentOutputReader, Heard};

/// At most this many names are tried for a turn, if the board already has others of its name.
const MOST_NAMES: usize = 64;

/// The slot of a turn.
pub(crate) struct TurnSlot {
    slot: Slot,
    activity: Option<AgentActivity>,
    asks: bool,
    question: String,
    usage: AgentUsage,
    session: String,
    /// Things to do: done, and in all.
    todo: Option<(u64, u64)>,
    /// Lines have arrived that the board doesn't show yet.
    is_behind: bool,
    /// The facts and the message that are on the board.
    facts: TurnFacts,
    shown: String,
    shown_as_asking: bool,
}

impl TurnSlot {
    /// Claim a slot on this board for a turn of this name.
    pub(crate) fn join(board: &Path, turn_id: &str, agent: &str) -> Result<Self, ClaimError> {
        let name = if turn_id.is_empty() { "turn" } else { turn_id };
        let own = Mark::own().filter(|mark| mark.board() == board && mark.is_whole());
        let parent = own.map(|mark| mark.reservation().slot);
        let mut number = 1;
        loop {
            let key = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
            let key = slot_key(&key);
            let work = SlotWork { parent, ..SlotWork::new(&key, agent, Kind::Turn) };
            match Slot::join_as(board, &work) {
                Err(ClaimError::Place(ReserveError::KeyInUse { .. })) if number < MOST_NAMES => number += 1,
                joined => return joined.map(Self::begin),
            }
        }
    }

    /// Begin the turn of this slot.
    pub(crate) fn begin(mut slot: Slot) -> Self {
        slot.enter(STARTING, None);
        Self {
            slot,
            activity: None,
            asks: false,
            question: String::new(),
            usage: AgentUsage::default(),
            session: String::new(),
            todo: None,
            is_behind: false,
            facts: TurnFacts::default(),
            shown: String::new(),
            shown_as_asking: false,
        }
    }

    /// Make the variables that name the slot to every process of the agent.
    pub(crate) fn variables(&self, board: &Path) -> Vec<(OsString, OsString)> {
        let snapshot = Reader::open(board).ok().and_then(|mut reader| reader.snapshot().ok());
        let reservation = Reservation { slot: self.slot.index(), generation: self.slot.generation() };
        let mark = snapshot.map(|snapshot| Mark::on(board, snapshot.board.id, reservation));
        mark.into_iter().flat_map(|mark| mark.variables()).collect()
    }

    /// Take the meaning of a line. Its step is published at once, the rest by [`show`](Self::show).
    pub(crate) fn heard(&mut self, heard: &Heard, usage: &AgentUsage) {
        (self.usage, self.is_behind) = (*usage, true);
        if let Some(session) = &heard.session {
            self.session.clone_from(session);
        }
        if let Some(activity) = &heard.activity
            && self.activity.as_ref() != Some(activity)
        {
            match activity {
                AgentActivity::Thinking => self.slot.enter(THINKING, None),
                AgentActivity::Answering => self.slot.enter(ANSWERING, None),
                AgentActivity::Tool(name) => {
                    self.slot.enter(USING_A_TOOL, None);
                    self.slot.name_step(name);
                }
            }
            self.activity = Some(activity.clone());
        }
        if let Some(asks) = heard.asks.filter(|asks| *asks != self.asks) {
            self.asks = asks;
            self.question = heard.question.clone().unwrap_or_default();
        }
        self.todo = heard.todo.or(self.todo);
    }

    /// Publish the meaning of all lines since the last call. Texts are written once for all lines that arrived
    /// together.
    pub(crate) fn show(&mut self) {
        if !std::mem::take(&mut self.is_behind) {
            return;
        }
        let facts = self.facts_now();
        if facts != self.facts {
            self.slot.details(&facts.to_details());
            self.facts = facts;
        }
        // Publish even for a line without numbers: it shows that the agent makes progress.
        let (done, total) = self.todo.unzip();
        self.slot.publish_of(done.unwrap_or_default(), total);
        let text = if self.asks { self.question.clone() } else { in_words(&self.usage) };
        if text != self.shown {
            self.slot.message(&text);
            self.shown = text;
        }
        // After the message, so that a reader which sees the health also sees the question.
        if self.asks != self.shown_as_asking {
            self.shown_as_asking = self.asks;
            self.slot.set_health(if self.asks { Health::WaitingForPerson } else { Health::Unknown });
        }
    }

    fn facts_now(&self) -> TurnFacts {
        let usage = &self.usage;
        TurnFacts {
            messages: usage.messages,
            tools: usage.tools,
            tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            cost_micros: usage.cost_usd.map(|cost| (cost * 1e6).round() as u64),
            session: self.session.clone(),
        }
    }

    /// A line for the slot's log.
    pub(crate) fn log_line(&mut self, line: &str) {
        self.slot.log_line(line.as_bytes());
    }

    /// Record that the agent's own process has ended.
    pub(crate) fn draining(&mut self) {
        self.slot.enter(DRAINING, None);
    }

    /// Record the end of the turn.
    pub(crate) fn end(mut self, terminal: &TurnEvent, reading: &AgentOutputReader) {
        (self.asks, self.is_behind) = (false, true);
        self.show();
        // A slot that cannot be ended reads as one whose writer is gone.
        let _ = self.slot.end(ending(terminal, &reading.verdict));
    }

    /// Record that the turn was not started.
    pub(crate) fn not_started(self, trouble: &Trouble) {
        let _ = self.slot.end(Ending::failed(trouble.to_cell()));
    }
}

fn in_words(usage: &AgentUsage) -> String {
    let mut text = match usage.messages {
        1 => "1 message".to_owned(),
        messages => format!("{messages} messages"),
    };
    let tokens = usage.input_tokens + usage.output_tokens;
    if tokens > 0 {
        text += &format!(", {tokens} tokens");
    }
    if let Some(cost) = usage.cost_usd {
        text += &format!(", ${cost:.4}");
    }
    text
}

/// Derive the slot's end from a turn's terminal event.
fn ending(terminal: &TurnEvent, verdict: &AgentVerdict) -> Ending {
    let failed = |kind, text: String| Ending::failed(Trouble::new(kind, text).to_cell());
    let (exit_code, signal) = match terminal {
        TurnEvent::Completed { exit_code, signal: None, .. } => (Some(*exit_code), None),
        TurnEvent::Completed { signal, .. } => (None, *signal),
        _ => (None, None),
    };
    let ending = match verdict.outcome(terminal) {
        TurnOutcome::Good => Ending::new(SlotState::Done),
        TurnOutcome::Failed(reason) => failed(TroubleKind::Exit, reason),
        TurnOutcome::TimedOut => failed(TroubleKind::Timeout, "it took longer than allowed".into()),
        TurnOutcome::Cancelled => Ending::new(SlotState::Cancelled),
    };
    Ending { exit_code, signal, ..ending }
}
