//! Typing of a filter or a search, and movement from match to match.

use tui_input::{Input, InputRequest};
use vx_text::{clean, is_unprintable};

use super::{log, reorder};
use crate::message::UpdateMessage;
use crate::model::{Focus, Mode, Model, Tab};

/// Longest typed text; a longer paste is cut.
const LONGEST: usize = 256;

/// Handle the messages about typing and finding; ignore all others.
pub(crate) fn typed(model: &mut Model, message: UpdateMessage) {
    match message {
        UpdateMessage::Find => begin(model),
        UpdateMessage::FindNext => log::go_on(model, true),
        UpdateMessage::FindPrevious => log::go_on(model, false),
        UpdateMessage::Type(character) if !is_unprintable(character) => add(model, character),
        UpdateMessage::Paste(text) if typing(model) => clean(&text).chars().for_each(|character| add(model, character)),
        UpdateMessage::Edit(request) => edit(model, request),
        UpdateMessage::Accept => accept(model),
        UpdateMessage::Abandon => abandon(model),
        _ => {}
    }
    if model.mode == Mode::Filtering {
        model.filter = model.typed.clone();
        reorder(model);
    }
}

fn typing(model: &Model) -> bool {
    matches!(model.mode, Mode::Filtering | Mode::Searching)
}

/// A filter is applied while it is typed; cancelling it shows all rows again.
fn begin(model: &mut Model) {
    let in_log = model.focus == Focus::Pane && model.tab == Tab::Log;
    model.mode = if in_log { Mode::Searching } else { Mode::Filtering };
    model.typed = if in_log { String::new() } else { model.filter.clone() };
    model.typed_at = model.typed.chars().count();
}

fn add(model: &mut Model, character: char) {
    if model.typed.len() < LONGEST {
        edit(model, InputRequest::InsertChar(character));
    }
}

/// The editor handles graphemes and words; the model keeps only the text and the cursor, as plain values.
fn edit(model: &mut Model, request: InputRequest) {
    let mut input = Input::new(std::mem::take(&mut model.typed)).with_cursor(model.typed_at);
    input.handle(request);
    model.typed_at = input.cursor();
    model.typed = input.to_string();
}

fn abandon(model: &mut Model) {
    model.typed.clear();
    if std::mem::take(&mut model.mode) == Mode::Filtering {
        model.filter.clear();
        reorder(model);
    }
}

fn accept(model: &mut Model) {
    let typed = std::mem::take(&mut model.typed);
    if std::mem::take(&mut model.mode) == Mode::Searching {
        log::search(model, typed);
    }
}
