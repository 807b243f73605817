//! The events that a turn's reader has not taken yet.
//!
//! A slow reader may hold the agent up, so that it loses nothing. A reader that doesn't read at all must not hold it
//! up, nor let this process grow without end. So the bytes of waiting events are bounded. From half of the bound on,
//! the agent's output is held as long as the reader takes events. Above the bound, events that the agent's log has as
//! well are dropped and counted; the end of an answer has its own reserve, and the terminal event is always delivered.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use serde_json::Value;

use crate::event::{Block, TurnEvent};
use crate::output::counts::AgentOutputCounts;

/// Above this many bytes of waiting events, a message or a line of standard error is dropped.
pub const WAITING_CAP_BYTES: usize = 64 * 1024 * 1024;
/// From this many bytes of waiting events on, the agent waits for its reader. The contents of the pipes still fit above
/// it.
const HOLD_BYTES: usize = WAITING_CAP_BYTES / 2;
/// If the reader takes no event for this long, the agent no longer waits for it.
const READER_PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two looks at a reader that the agent waits for.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// The sending end of a turn's events.
pub(crate) struct Queue {
    sender: Sender<TurnEvent>,
    /// The bytes of each waiting event, the oldest first.
    waiting: VecDeque<usize>,
    waiting_bytes: usize,
    /// When the reader was last seen to have taken an event.
    taken_at: Instant,
    counts: Arc<AgentOutputCounts>,
}

impl Queue {
    pub(crate) fn new(sender: Sender<TurnEvent>, counts: Arc<AgentOutputCounts>) -> Self {
        Self { sender, waiting: VecDeque::new(), waiting_bytes: 0, taken_at: Instant::now(), counts }
    }

    /// Send an event, or drop it if too many bytes wait. The event that crosses the bound is still sent.
    pub(crate) fn send(&mut self, event: TurnEvent) {
        self.forget_taken();
        let room = match &event {
            TurnEvent::Message(_) | TurnEvent::Stderr { .. } => WAITING_CAP_BYTES,
            TurnEvent::SessionBound { .. } | TurnEvent::TurnEnded { .. } => 2 * WAITING_CAP_BYTES,
            TurnEvent::Completed { .. } | TurnEvent::Failed { .. } | TurnEvent::Cancelled { .. } => usize::MAX,
        };
        if self.waiting_bytes >= room {
            self.counts.dropped_events.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let bytes = bytes_of(&event);
        // The turn goes on even if the reader is gone.
        if self.sender.send(event).is_ok() {
            self.waiting.push_back(bytes);
            self.waiting_bytes += bytes;
        }
    }

    /// When to look at the reader again, if the agent's output has to wait for it until then.
    pub(crate) fn held_until(&mut self) -> Option<Instant> {
        self.forget_taken();
        let is_waited_for = self.waiting_bytes >= HOLD_BYTES && self.taken_at.elapsed() < READER_PATIENCE;
        is_waited_for.then(|| Instant::now() + BETWEEN_LOOKS)
    }

    fn forget_taken(&mut self) {
        if self.waiting.is_empty() || self.waiting.len() > self.sender.len() {
            self.taken_at = Instant::now();
        }
        while self.waiting.len() > self.sender.len() {
            self.waiting_bytes -= self.waiting.pop_front().unwrap_or_default();
        }
    }
}

/// Estimate the memory that an event takes.
fn bytes_of(event: &TurnEvent) -> usize {
    let texts = match event {
        TurnEvent::Message(message) => {
            message.raw.len() + message.id.len() + message.blocks.iter().map(bytes_of_block).sum::<usize>()
        }
        TurnEvent::SessionBound { session_id: text } | TurnEvent::Stderr { line: text } => text.len(),
        TurnEvent::TurnEnded { answer, error, .. } => [answer, error].into_iter().flatten().map(String::len).sum(),
        _ => 0,
    };
    size_of::<TurnEvent>() + texts
}

fn bytes_of_block(block: &Block) -> usize {
    let content = match block {
        Block::Text { text } | Block::Thinking { text } => text.len(),
        Block::ToolUse { id, name, input } => id.len() + name.len() + bytes_of_value(input),
        Block::ToolResult { id, output, .. } => id.len() + bytes_of_value(output),
        Block::Other { value } => bytes_of_value(value),
    };
    size_of::<Block>() + content
}

fn bytes_of_value(value: &Value) -> usize {
    let content = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes_of_value).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| size_of::<String>() + name.len() + bytes_of_value(value)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + content
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    const MEGABYTE: usize = 1024 * 1024;
    const END: TurnEvent = TurnEvent::Cancelled { truncated: false, timed_out: false };

    fn line() -> TurnEvent {
        TurnEvent::Stderr { line: "x".repeat(MEGABYTE) }
    }

    #[test]
    fn a_reader_that_does_not_read_loses_what_is_above_the_bound_and_never_the_end() {
        let (sender, receiver) = unbounded();
        let counts = Arc::<AgentOutputCounts>::default();
        let mut queue = Queue::new(sender, Arc::clone(&counts));
        (0..200).for_each(|_| queue.send(line()));
        assert!(queue.waiting_bytes <= WAITING_CAP_BYTES + 2 * MEGABYTE, "{}", queue.waiting_bytes);
        queue.send(TurnEvent::SessionBound { session_id: "late".into() });
        queue.send(END);
        drop(queue);
        let events: Vec<TurnEvent> = receiver.iter().collect();
        let lines = events.iter().filter(|event| matches!(event, TurnEvent::Stderr { .. })).count() as u64;
        assert_eq!(lines + counts.dropped_events(), 200);
        assert!(lines < 66 && matches!(events[events.len() - 2], TurnEvent::SessionBound { .. }));
        assert_eq!(events.last(), Some(&END));
    }

    #[test]
    fn a_reader_that_keeps_up_loses_nothing() {
        let (sender, receiver) = unbounded();
        let counts = Arc::<AgentOutputCounts>::default();
        let mut queue = Queue::new(sender, Arc::clone(&counts));
        for _ in 0..200 {
            queue.send(line());
            assert_eq!(receiver.recv(), Ok(line()));
        }
        assert_eq!((counts.dropped_events(), queue.waiting.len()), (0, 1));
    }

    #[test]
    fn a_reader_that_has_gone_leaves_nothing_waiting() {
        let (sender, receiver) = unbounded();
        let mut queue = Queue::new(sender, Arc::default());
        queue.send(line());
        drop(receiver);
        queue.send(line());
        assert_eq!((queue.waiting.len(), queue.waiting_bytes), (0, 0));
    }
}
