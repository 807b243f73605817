//! Output outside of the view: to a pager, the clipboard, a file, or plain lines.

use vx_status::error_cell::ErrorCell;
use vx_text::clean;

use super::motion;
use crate::message::{Effect, UpdateMessage};
use crate::model::{Focus, Mode, Model, Tab};
use crate::widgets::error_places;

/// Most bytes for the clipboard: terminals drop longer texts.
pub(super) const COPY_BYTES: usize = 70_000;

pub(super) fn asked(model: &mut Model, message: &UpdateMessage) -> Option<Effect> {
    let key = model.selected_slot().map(|slot| slot.key.clone());
    match message {
        UpdateMessage::Pager => key.map(Effect::Page),
        UpdateMessage::Save => key.map(Effect::Save),
        UpdateMessage::OpenEditor => key.map(|key| Effect::OpenEditor { key, places: error_places(model) }),
        UpdateMessage::OpenAddress => open_address(model),
        UpdateMessage::Copy => copy(model),
        _ => Some(stream(model, key)),
    }
}

fn open_address(model: &mut Model) -> Option<Effect> {
    let address = model.address()?.to_owned();
    model.notice = Some(format!("opening {address}"));
    Some(Effect::OpenAddress(address))
}

/// Switch to plain lines, of the focused log or else of the whole run; or back to the view.
fn stream(model: &mut Model, key: Option<String>) -> Effect {
    if model.mode == Mode::Streaming {
        model.mode = Mode::Browsing;
        return Effect::EndStream;
    }
    model.mode = Mode::Streaming;
    Effect::Stream(key.filter(|_| model.focus == Focus::Pane && model.tab == Tab::Log))
}

/// Copy the lines of the log in view, or else the selected slot's error.
fn copy(model: &mut Model) -> Option<Effect> {
    let rows = model.areas().pane_rows();
    let (what, lines): (&str, Vec<String>) = if model.shows_log() {
        let shown = model.log.lines[motion::log_top(model)..].iter().take(rows);
        ("of the log", shown.map(|line| line.text.clone()).collect())
    } else {
        let error = ErrorCell::of_slot(model.selected_slot()?)?;
        ("of the error", error.shown().map(|line| clean(&line).into_owned()).collect())
    };
    let mut text = lines.join("\n");
    if text.is_empty() {
        // An empty copy would only clear the clipboard.
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
