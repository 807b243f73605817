//! The thread of one turn, from the start of its process to its terminal event.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use vx_process::{Exit, Log, Piped, PipedEnd, PipedEvent};

use super::active::ActiveTurnEntry;
use super::queue::Queue;
use super::slot::TurnSlot;
use crate::event::{AgentMessageRole, Block, TurnEvent};
use crate::output::counts::AgentOutputCounts;
use crate::output::last_lines::LastLines;
use crate::output::lines::{AgentOutputLine, LINE_CAP_BYTES, LineReader};
use crate::output::reading::{AgentOutputReader, Heard};
use crate::output::rendering::call;
use crate::output::stderr::ErrorLines;
use crate::request::TurnLimits;

/// Time to read the streams to their ends once the tree is gone: only a process outside of it could still
/// hold them open.
const DRAIN: Duration = Duration::from_millis(500);

/// Wakes a turn's thread, with a byte for each reason.
pub(crate) struct TurnWakePipe(PipeReader);

impl TurnWakePipe {
    /// A request to cancel the turn.
    pub(crate) const CANCEL: u8 = b'c';
    /// The agent's input was closed.
    pub(crate) const INPUT_CLOSED: u8 = b'i';

    pub(crate) fn new() -> io::Result<(Self, PipeWriter)> {
        io::pipe().map(|(reader, writer)| (Self(reader), writer))
    }
}

/// A turn at work.
pub(crate) struct TurnThread {
    pub queue: Queue,
    pub reading: AgentOutputReader,
    pub slot: Option<TurnSlot>,
    pub log: Option<Log>,
    pub counts: Arc<AgentOutputCounts>,
    pub limits: TurnLimits,
    pub has_open_input: bool,
    /// The number of prompts that the agent was given.
    pub asked: Arc<AtomicU64>,
    pub listed: ActiveTurnEntry,
    /// Dropped at the end, which ends the thread that waits for a request to cancel.
    pub over: Sender<()>,
}

/// Why the agent was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TurnEndReason {
    Cancelled,
    TimedOut,
    AfterResult,
}

/// The state of a turn's thread while it runs.
#[derive(Default)]
struct TurnProgress {
    asked: Option<TurnEndReason>,
    /// The agent has printed the last line of its answer.
    answer_over: bool,
    /// Answers that have ended.
    answers: u64,
    /// Prompts that it had been given when the last answer ended. An agent may answer several prompts with one
    /// answer.
    answered: u64,
    /// It has begun an answer that is not over.
    is_answering: bool,
    /// The last lines of its output that could not be read.
    unread: LastLines,
    /// When to end an agent that has answered and doesn't exit.
    exit_until: Option<Instant>,
    leader_ended: bool,
    woken: bool,
    ended: Option<io::Result<PipedEnd>>,
}

impl TurnThread {
    /// Read the agent's output to its end. The terminal event is sent last, when no process of the turn is left.
    pub(crate) fn run(mut self, mut piped: Piped, wake: TurnWakePipe) {
        let terminal = self.terminal(&mut piped, wake);
        drop(piped);
        self.counts.set_usage(self.reading.usage);
        if let Some(slot) = self.slot.take() {
            slot.end(&terminal, &self.reading);
        }
        drop((self.listed, self.over, self.log));
        self.queue.send(terminal);
    }

    fn terminal(&mut self, piped: &mut Piped, wake: TurnWakePipe) -> TurnEvent {
        let timeout_at = self.limits.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let (mut lines, mut errors) = (LineReader::of_at_most(LINE_CAP_BYTES), ErrorLines::default());
        let mut course = TurnProgress::default();
        let (mut drain_until, mut wake) = (None, Some(wake.0));
        loop {
            let held_until = if drain_until.is_none() { self.queue.held_until() } else { None };
            piped.hold_output(held_until.is_some());
            let until = match drain_until {
                Some(until) => Some(until),
                None if course.asked.is_some() || course.leader_ended => held_until,
                None => [timeout_at, course.exit_until, held_until].into_iter().flatten().min(),
            };
            let next = piped.next(wake.as_ref(), until, &mut |news| match news {
                PipedEvent::Output(bytes) => {
                    self.log(bytes);
                    lines.feed(bytes, |line| self.line(&line, &mut course));
                    self.slot.as_mut().map(TurnSlot::show).unwrap_or_default();
                    self.counts.set_usage(self.reading.usage);
                }
                PipedEvent::Errors(bytes) => {
                    self.log(bytes);
                    errors.feed(bytes, |line| self.error(line));
                }
                PipedEvent::LeaderEnded => {
                    course.leader_ended = true;
                    self.slot.as_mut().map(TurnSlot::draining).unwrap_or_default();
                }
                PipedEvent::Ended(end) => course.ended = Some(end),
                PipedEvent::Woken => course.woken = true,
            });
            if let Err(error) = next {
                course.ended = Some(Err(error));
                break;
            }
            if std::mem::take(&mut course.woken) {
                self.woken(&mut wake, &mut course, piped);
            }
            let now = Instant::now();
            if course.ended.is_some() {
                let until = *drain_until.get_or_insert(now + DRAIN);
                if piped.is_drained() || now >= until {
                    break;
                }
            } else if course.asked.is_none() && !course.leader_ended {
                let late = |at: Option<Instant>| at.is_some_and(|at| at <= now);
                let asked = match () {
                    () if late(course.exit_until) => Some(TurnEndReason::AfterResult),
                    () if late(timeout_at) => Some(TurnEndReason::TimedOut),
                    () => None,
                };
                self.ask(asked, &mut course, piped);
            }
        }
        lines.finish(|line| self.line(&line, &mut course));
        errors.finish(|line| self.error(line));
        self.ended(course, errors.into_last_lines(), piped.is_drained())
    }

    /// Read why the thread was woken.
    fn woken(&mut self, wake: &mut Option<PipeReader>, course: &mut TurnProgress, piped: &mut Piped) {
        let mut reason = [0];
        match wake.as_mut().map(|wake| wake.read(&mut reason)) {
            Some(Ok(1)) if reason[0] == TurnWakePipe::INPUT_CLOSED => {
                self.has_open_input = false;
                if course.answer_over && !self.is_owing(course) {
                    course.exit_until = Instant::now().checked_add(self.limits.after_result);
                }
            }
            Some(Ok(1)) => {
                // Once the tree has ended, there is nothing left to cancel.
                let asked = if course.ended.is_none() { Some(TurnEndReason::Cancelled) } else { None };
                self.ask(asked, course, piped);
            }
            _ => *wake = None,
        }
    }

    fn ask(&self, asked: Option<TurnEndReason>, course: &mut TurnProgress, piped: &mut Piped) {
        if let (Some(asked), None) = (asked, course.asked) {
            course.asked = Some(asked);
            piped.ask_to_end(self.limits.grace);
        }
    }

    /// Returns whether a prompt is still unanswered.
    fn is_owing(&self, course: &TurnProgress) -> bool {
        course.is_answering || self.asked.load(Ordering::SeqCst) > course.answered
    }

    fn line(&mut self, line: &AgentOutputLine<'_>, course: &mut TurnProgress) {
        // Read the count before the line is passed on: a caller that sees the answer may send the next prompt at once.
        let asked = self.asked.load(Ordering::SeqCst);
        let Self { reading, queue, slot, .. } = self;
        let heard = reading.line(line, &mut |event| {
            if let (Some(slot), TurnEvent::Message(message)) = (slot.as_mut(), &event) {
                for text in shown(message.role, message.delta, &message.blocks) {
                    slot.log_line(&text);
                }
            }
            queue.send(event);
        });
        if let Some(slot) = slot {
            slot.heard(&heard, &reading.usage);
        }
        let Heard { ended, unread, activity, .. } = heard;
        if let Some(unread) = unread {
            self.counts.unread_lines.fetch_add(1, Ordering::Relaxed);
            self.counts.dropped_bytes.fetch_add(line.dropped, Ordering::Relaxed);
            self.log(format!("(vx: {unread})\n").as_bytes());
            course.unread.push(&line.text);
        }
        if ended {
            (course.answer_over, course.is_answering) = (true, false);
            (course.answers, course.answered) = (course.answers + 1, asked);
            if !self.has_open_input {
                course.exit_until = Instant::now().checked_add(self.limits.after_result);
            }
        } else if activity.is_some() && (self.has_open_input || asked > course.answers) {
            // The next answer has begun. Anything that an agent prints without an open prompt belongs to no answer.
            (course.answer_over, course.is_answering, course.exit_until) = (false, true, None);
        }
    }

    /// Make the terminal event of an ended turn; `drained` tells whether all of its output was read.
    fn ended(&self, course: TurnProgress, last_errors: Vec<String>, drained: bool) -> TurnEvent {
        let is_owing = self.is_owing(&course);
        let end = match course.ended {
            Some(Ok(end)) => end,
            Some(Err(error)) => return TurnEvent::Failed { reason: error.to_string() },
            None => return TurnEvent::Failed { reason: "its end is not known".into() },
        };
        if !end.left.is_none() {
            return TurnEvent::Failed { reason: format!("its processes were killed, and {}", end.left) };
        }
        if let Some(asked @ (TurnEndReason::Cancelled | TurnEndReason::TimedOut)) = course.asked {
            return TurnEvent::Cancelled {
                truncated: !course.answer_over || is_owing,
                timed_out: asked == TurnEndReason::TimedOut,
            };
        }
        let (exit_code, signal) = match end.exit {
            Exit::Code(code) => (code, None),
            Exit::Signal(signal) => (-1, Some(signal)),
        };
        let without_result = is_owing && self.reading.names_its_ends();
        let is_good = exit_code == 0 && !without_result && self.reading.verdict.failed != Some(true);
        let last_lines = match () {
            () if is_good => Vec::new(),
            () if last_errors.is_empty() => course.unread.into_lines(),
            () => last_errors,
        };
        TurnEvent::Completed {
            exit_code,
            signal,
            truncated: end.held_output || !drained,
            ended_after_result: course.asked == Some(TurnEndReason::AfterResult),
            without_result,
            unread_lines: self.counts.unread_lines(),
            last_lines,
        }
    }

    fn error(&mut self, line: String) {
        if let Some(slot) = &mut self.slot {
            slot.log_line(&line);
        }
        self.queue.send(TurnEvent::Stderr { line });
    }

    fn log(&mut self, bytes: &[u8]) {
        if let Some(log) = &mut self.log {
            log.write(bytes);
        }
    }
}

/// Render a message as lines for the log on a board: whole texts, and one line for each tool.
fn shown(role: AgentMessageRole, delta: bool, blocks: &[Block]) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks.iter().filter(|_| !delta) {
        match block {
            Block::Text { text } if role == AgentMessageRole::Assistant => {
                lines.extend(text.lines().map(str::to_owned))
            }
            Block::ToolUse { name, input, .. } => lines.push(call(name, input)),
            _ => {}
        }
    }
    lines
}
