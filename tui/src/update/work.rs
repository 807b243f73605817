//! Control over the work: stops, retries, and the answers to them.

use vx_shm::{BoardState, Kind, SlotView};
use vx_status::slot::SlotId;
use vx_status::source::{RequestFailure, Settled};
use vx_status::standing::Standing;

use crate::bindings::KeyAction;
use crate::message::Effect;
use crate::model::{Mode, Model};

/// Ask the selected slot's process to stop; kill it the second time.
pub(super) fn cancel(model: &mut Model) -> Option<Effect> {
    let row = model.selected_row().filter(|row| !row.standing.over())?;
    let (id, tool) = (row.id, row.tool.clone());
    if refused(model) {
        return None;
    }
    let again = model.asked.contains(&id);
    let key = model.keys.first(KeyAction::Cancel);
    model.notice =
        Some(if again { format!("killing {tool}") } else { format!("asked {tool} to stop; {key} again kills it") });
    if !again {
        model.asked.push(id);
    }
    Some(Effect::Cancel(tool))
}

/// Ask everything to stop; kill it the second time.
pub(super) fn cancel_all(model: &mut Model) -> Option<Effect> {
    if !model.owns_work() {
        return None;
    }
    if model.is_over() {
        return Some(Effect::Leave);
    }
    // In streaming mode the view is not on the screen; the lines continue.
    if model.mode != Mode::Streaming {
        model.mode = Mode::Browsing;
    }
    let again = model.asked_all > 0;
    model.asked_all += 1;
    let key = model.keys.first(KeyAction::CancelAll);
    model.notice =
        Some(if again { "killing all".to_owned() } else { format!("asked all to stop; {key} again kills them") });
    // Tasks belong to scripts that share the board; a run does not stop them.
    let own =
        |slot: &&SlotView| matches!(slot.kind, Kind::Install | Kind::Service) && !Standing::from_slot(slot).over();
    let slots = model.snapshot.slots.iter().filter(own);
    model.asked = slots.map(SlotId::from_slot).collect();
    Some(Effect::CancelAll)
}

/// Try the selected slot's work again, if it ended without success.
pub(super) fn retry(model: &mut Model) -> Option<Effect> {
    let row = model.selected_row().filter(|row| model.has_control && row.standing.over() && !row.standing.good())?;
    let tool = row.tool.clone();
    if refused(model) {
        return None;
    }
    model.notice = Some(format!("trying {tool} again"));
    Some(Effect::Retry(vec![tool]))
}

/// Restart the selected slot's work, which runs until it is stopped.
pub(super) fn restart(model: &mut Model) -> Option<Effect> {
    let row = model.selected_row().filter(|row| model.has_control && row.is_service)?;
    let (id, name) = (row.id, row.tool.clone());
    if refused(model) {
        return None;
    }
    model.notice = Some(format!("restarting {name}"));
    // The restart replaces an earlier request to stop.
    model.asked.retain(|asked| *asked != id);
    Some(Effect::Restart(name))
}

/// Build the selected slot's work again.
pub(super) fn rebuild(model: &mut Model) -> Option<Effect> {
    let name = model.selected_row().filter(|_| model.has_control && model.is_built())?.tool.clone();
    if refused(model) {
        return None;
    }
    model.notice = Some(format!("building {name}"));
    Some(Effect::Rebuild(name))
}

/// Try all work again that ended without success.
pub(super) fn retry_all(model: &mut Model) -> Option<Effect> {
    let keys: Vec<String> = model.retriable().map(|slot| slot.key.clone()).collect();
    model.notice = match &keys[..] {
        [] => return None,
        [one] => Some(format!("trying {one} again")),
        more => Some(format!("trying {} again", more.len())),
    };
    Some(Effect::Retry(keys))
}

/// All work has ended, or some is tried again. With failures, the view stays.
pub(super) fn settled(model: &mut Model, settled: Option<Settled>) {
    model.settled = settled;
    if settled.is_none() {
        return;
    }
    close_totals(model);
    if model.mode == Mode::Leaving {
        model.mode = Mode::Browsing;
    }
    model.notice = None;
    if settled == Some(Settled::Badly) {
        let key = |action| model.keys.first(action);
        let (retry, leave) = (key(KeyAction::RetryAll), key(KeyAction::Leave));
        model.notice = Some(format!("all work is over; {retry} tries what failed again, {leave} leaves"));
    }
}

/// The board isn't closed while its work can be tried again: show the state that it would be closed with.
pub(super) fn close_totals(model: &mut Model) {
    if let (Some(settled), Some(BoardState::Running)) = (model.settled, model.totals.state) {
        model.totals.state = Some(match settled {
            Settled::Well => BoardState::Done,
            Settled::Badly => BoardState::Failed,
        });
    }
}

/// Returns whether the selected slot is read-only; if so, a notice says why.
fn refused(model: &mut Model) -> bool {
    let refused = model.is_read_only();
    if refused && let Some(row) = model.selected_row() {
        model.notice = Some(format!("{} is read-only: no process takes requests for it", row.tool));
    }
    refused
}

/// Show a request that was not carried out.
pub(super) fn request_failed(model: &mut Model, failure: RequestFailure) {
    match failure {
        RequestFailure::NotRetried { key, why } => model.notice = Some(format!("{key} is not tried again: {why}")),
        RequestFailure::NotRestarted { key, why } => model.notice = Some(format!("{key} is not restarted: {why}")),
        RequestFailure::NotRebuilt { key, why } => model.notice = Some(format!("{key} is not rebuilt: {why}")),
        RequestFailure::NotStopped { key, why } => {
            let rows = &model.rows;
            model.asked.retain(|id| !rows.iter().any(|row| row.id == *id && row.tool == key));
            model.notice = Some(format!("{key} is not stopped: {why}"));
        }
        RequestFailure::Blocked { key, by } => {
            let again = model.keys.first(if model.asked_all > 0 { KeyAction::CancelAll } else { KeyAction::Cancel });
            model.notice = Some(format!("{again} again kills {key}: {by}"));
            model.blocked.retain(|(other, _)| *other != key);
            model.blocked.push((key, by));
            show_blockers(model);
        }
    }
}

/// Show in each row that cannot stop yet which process keeps it from stopping.
pub(super) fn show_blockers(model: &mut Model) {
    let rows = &mut model.rows;
    let stopping = |key: &String| rows.iter().any(|row| row.tool == *key && row.standing == Standing::Stopping);
    model.blocked.retain(|(key, _)| stopping(key));
    for (key, by) in &model.blocked {
        let blocked = |row: &&mut crate::model::SlotRow| row.tool == *key && row.standing == Standing::Stopping;
        rows.iter_mut().filter(blocked).for_each(|row| row.note.clone_from(by));
    }
}
