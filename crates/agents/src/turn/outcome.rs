//! The outcome of a turn, by the agent's own result if it gave one, else by its exit.

use crate::event::TurnEvent;

/// The outcome of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// The agent has answered.
    Good,
    /// The agent has failed, for this reason.
    Failed(String),
    /// It took longer than allowed.
    TimedOut,
    /// It was cancelled.
    Cancelled,
}

/// The agent's own verdict on its last answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentVerdict {
    /// It reports that it has failed, or has not; `None` if it reports nothing.
    pub failed: Option<bool>,
    /// The reason that it gives.
    pub error: Option<String>,
}

impl AgentVerdict {
    /// Take an event. The last event of a turn gives its outcome.
    pub fn apply_event(&mut self, event: &TurnEvent) -> Option<TurnOutcome> {
        if let TurnEvent::TurnEnded { failed, error, .. } = event {
            *self = Self { failed: Some(*failed), error: error.clone() };
        }
        event.is_terminal().then(|| self.outcome(event))
    }

    /// Judge a turn with this end.
    pub(crate) fn outcome(&self, terminal: &TurnEvent) -> TurnOutcome {
        match (terminal, self.failed) {
            (TurnEvent::Failed { reason }, _) => TurnOutcome::Failed(reason.clone()),
            (TurnEvent::Cancelled { timed_out: true, .. }, _) => TurnOutcome::TimedOut,
            (TurnEvent::Cancelled { .. }, _) => TurnOutcome::Cancelled,
            (TurnEvent::Completed { without_result: false, .. }, Some(false)) => TurnOutcome::Good,
            (TurnEvent::Completed { last_lines, .. }, Some(true)) => {
                let reason = self.error.clone();
                TurnOutcome::Failed(reason.unwrap_or_else(|| because("the agent has failed".into(), last_lines)))
            }
            (TurnEvent::Completed { exit_code: 0, without_result: false, .. }, None) => TurnOutcome::Good,
            (TurnEvent::Completed { exit_code: 0, last_lines, .. }, _) => {
                TurnOutcome::Failed(because("the agent ended without the last line of an answer".into(), last_lines))
            }
            (TurnEvent::Completed { signal: Some(signal), last_lines, .. }, _) => {
                TurnOutcome::Failed(because(format!("the agent was ended by signal {signal}"), last_lines))
            }
            (TurnEvent::Completed { exit_code, last_lines, .. }, _) => {
                TurnOutcome::Failed(because(format!("the agent failed with exit code {exit_code}"), last_lines))
            }
            _ => TurnOutcome::Failed("the turn is not over".into()),
        }
    }
}

/// Add the last line that the agent itself wrote to a reason.
fn because(reason: String, last_lines: &[String]) -> String {
    match last_lines.last() {
        Some(line) => format!("{reason}: {}", line.trim_start()),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(exit_code: i32, signal: Option<i32>) -> TurnEvent {
        TurnEvent::Completed {
            exit_code,
            signal,
            truncated: false,
            ended_after_result: false,
            without_result: false,
            unread_lines: 0,
            last_lines: Vec::new(),
        }
    }

    #[test]
    fn the_agents_own_result_counts_before_its_exit() {
        let said = |failed| AgentVerdict { failed, error: None };
        assert_eq!(said(Some(false)).outcome(&completed(-1, Some(15))), TurnOutcome::Good);
        assert_eq!(said(Some(true)).outcome(&completed(0, None)), TurnOutcome::Failed("the agent has failed".into()));
        assert_eq!(said(None).outcome(&completed(0, None)), TurnOutcome::Good);
        assert!(matches!(said(None).outcome(&completed(3, None)), TurnOutcome::Failed(_)));
        let cancelled = |timed_out| TurnEvent::Cancelled { truncated: false, timed_out };
        assert_eq!(said(Some(false)).outcome(&cancelled(false)), TurnOutcome::Cancelled);
        assert_eq!(said(None).outcome(&cancelled(true)), TurnOutcome::TimedOut);
    }
}
