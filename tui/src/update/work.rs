//! A hand on the work: stopping it, trying it again, and what it answers.

use vx_shm::Kind;

use crate::bindings::Action;
use crate::message::Effect;
use crate::model::{Mode, Model, SlotId, Standing};
use crate::source::Answer;

/// Ask the selected slot's process to stop; again: kill it.
pub(super) fn cancel(model: &mut Model) -> Option<Effect> {
    let row = model.selected_row().filter(|row| !row.standing.over())?;
    let (id, tool) = (row.id, row.tool.clone());
    let again = model.asked.contains(&id);
    let key = model.keys.first(Action::Cancel);
    model.notice =
        Some(if again { format!("killing {tool}") } else { format!("asked {tool} to stop; {key} again kills it") });
    if !again {
        model.asked.push(id);
    }
    Some(Effect::Cancel(tool))
}

/// Ask everything to stop; again: kill it.
pub(super) fn cancel_all(model: &mut Model) -> Option<Effect> {
    if !model.in_charge {
        return None;
    }
    // Whoever reads lines goes on reading them: the view is not on the screen.
    if model.mode != Mode::Streaming {
        model.mode = Mode::Browsing;
    }
    let again = model.asked_all > 0;
    model.asked_all += 1;
    let key = model.keys.first(Action::CancelAll);
    model.notice =
        Some(if again { "killing all".to_owned() } else { format!("asked all to stop; {key} again kills them") });
    // Tasks are those of scripts, which share the board and are not the run's to stop.
    let slots = model.snapshot.slots.iter().filter(|slot| slot.kind == Kind::Install && !Standing::of(slot).over());
    model.asked = slots.map(SlotId::of).collect();
    Some(Effect::CancelAll)
}

/// Ask for another try at the selected slot's work, where it came to nothing.
pub(super) fn retry(model: &mut Model) -> Option<Effect> {
    let row = model.selected_row().filter(|row| model.in_charge && row.standing.over() && !row.standing.good())?;
    let tool = row.tool.clone();
    model.notice = Some(format!("trying {tool} again"));
    Some(Effect::Retry(tool))
}

/// What the work says to what was asked.
pub(super) fn answered(model: &mut Model, answer: Answer) {
    match answer {
        Answer::Refused { key, why } => model.notice = Some(format!("{key} is not tried again: {why}")),
        Answer::NotStopped { key, why } => {
            let rows = &model.rows;
            model.asked.retain(|id| !rows.iter().any(|row| row.id == *id && row.tool == key));
            model.notice = Some(format!("{key} is not stopped: {why}"));
        }
        Answer::Blocked { key, by } => {
            let again = model.keys.first(if model.asked_all > 0 { Action::CancelAll } else { Action::Cancel });
            model.notice = Some(format!("{again} again kills {key}: {by}"));
            model.blocked.retain(|(other, _)| *other != key);
            model.blocked.push((key, by));
            name_who_blocks(model);
        }
    }
}

/// A row that does not stop says who keeps it from that.
pub(super) fn name_who_blocks(model: &mut Model) {
    let rows = &mut model.rows;
    let stopping = |key: &String| rows.iter().any(|row| row.tool == *key && row.standing == Standing::Stopping);
    model.blocked.retain(|(key, _)| stopping(key));
    for (key, by) in &model.blocked {
        let blocked = |row: &&mut crate::model::Row| row.tool == *key && row.standing == Standing::Stopping;
        rows.iter_mut().filter(blocked).for_each(|row| row.note.clone_from(by));
    }
}
