//! The events of a turn as JSON, one line each.

use serde_json::{Value, json};
use vx_agents::{TurnEvent, TurnOutcome};
use vx_text::json_line;

use super::TurnPrinter;
use crate::doors::cli::output::print;

/// Prints each event as a line.
pub(super) struct TurnJsonPrinter;

impl TurnPrinter for TurnJsonPrinter {
    fn print(&mut self, event: &TurnEvent, outcome: Option<&TurnOutcome>) {
        let mut document = serde_json::to_value(event).unwrap_or_default();
        if let Some(outcome) = outcome {
            judge(&mut document, outcome);
        }
        if let Ok(line) = json_line(&document) {
            print::data(String::from_utf8_lossy(&line));
        }
    }
}

/// Rename the last event of a failed turn, and add the reason.
fn judge(document: &mut Value, outcome: &TurnOutcome) {
    let reason = match outcome {
        TurnOutcome::Good => return,
        TurnOutcome::Failed(reason) => reason.clone(),
        TurnOutcome::TimedOut => "it took longer than allowed".to_owned(),
        TurnOutcome::Cancelled => "it was cancelled".to_owned(),
    };
    if let Value::Object(fields) = document {
        let end = fields.insert("event".into(), json!("turn_failed"));
        fields.insert("end".into(), end.unwrap_or_default());
        fields.insert("reason".into(), json!(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bad_end_has_another_name() {
        let completed = TurnEvent::Completed {
            exit_code: 3,
            signal: None,
            truncated: false,
            ended_after_result: false,
            without_result: false,
            unread_lines: 0,
            last_lines: Vec::new(),
        };
        let document = |outcome: TurnOutcome| {
            let mut document = serde_json::to_value(&completed).expect("JSON");
            judge(&mut document, &outcome);
            document
        };
        let good = json!({"event": "completed", "exit_code": 3, "truncated": false, "ended_after_result": false});
        assert_eq!(document(TurnOutcome::Good), good);
        let bad = document(TurnOutcome::Failed("no key".into()));
        assert_eq!(
            (&bad["event"], &bad["end"], &bad["reason"]),
            (&json!("turn_failed"), &json!("completed"), &json!("no key"))
        );
    }
}
