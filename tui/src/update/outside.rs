//! What leaves the view: to a pager, the clipboard, a file, or plain lines.

use super::motion;
use crate::message::{Effect, Message};
use crate::model::{Focus, Mode, Model, Tab};
use crate::text::clean;

/// A clipboard is given no more than this: terminals drop what is longer.
pub(super) const COPY_BYTES: usize = 70_000;

pub(super) fn asked(model: &mut Model, message: &Message) -> Option<Effect> {
    let key = model.selected_slot().map(|slot| slot.key.clone());
    match message {
        Message::Pager => key.map(Effect::Page),
        Message::Save => key.map(Effect::Save),
        Message::Copy => copy(model),
        _ => Some(stream(model, key)),
    }
}

/// Plain lines: of the log that has the keys, else of the whole run; or the view again.
fn stream(model: &mut Model, key: Option<String>) -> Effect {
    if model.mode == Mode::Streaming {
        model.mode = Mode::Browsing;
        return Effect::EndStream;
    }
    model.mode = Mode::Streaming;
    Effect::Stream(key.filter(|_| model.focus == Focus::Pane && model.tab == Tab::Log))
}

/// The lines of the log in view, else the selected slot's error.
fn copy(model: &mut Model) -> Option<Effect> {
    let rows = model.areas().pane_rows();
    let (what, lines): (&str, Vec<String>) = if model.shows_log() {
        let shown = model.log.lines[motion::log_top(model)..].iter().take(rows);
        ("of the log", shown.map(|line| line.text.clone()).collect())
    } else {
        let error = model.selected_slot()?.error.as_deref()?;
        ("of the error", error.lines().map(|line| clean(line).into_owned()).collect())
    };
    let mut text = lines.join("\n");
    if text.is_empty() {
        // It would take away what is on the clipboard.
        model.notice = Some("there is nothing to copy".to_owned());
        return None;
    }
    let whole = text.len() <= COPY_BYTES;
    text.truncate(text.floor_char_boundary(COPY_BYTES));
    let count = text.lines().count();
    let count = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    let cut = if whole { "" } else { ", cut at 70 kB" };
    model.notice = Some(format!("copied {count} {what}{cut}"));
    Some(Effect::Copy(text))
}
