//! What each key means at the moment, and which keys to offer: only those that do something here.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::message::{Message, Motion};
use crate::model::{Focus, Mode, Model, Tab};

/// A key and what it does.
pub(crate) type Offer = (&'static str, &'static str);

/// What a key press asks for. Releases and repeats-as-releases of terminals that report them mean nothing.
pub(crate) fn message(key: &KeyEvent, model: &Model) -> Option<Message> {
    if key.kind != KeyEventKind::Press {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return with_control(key.code, model);
    }
    match model.mode {
        Mode::Browsing if model.areas().line.is_some() => (key.code == KeyCode::Char('q')).then_some(Message::Leave),
        Mode::Browsing => browsing(key.code, model),
        Mode::Filtering | Mode::Searching => typing(key.code),
        Mode::Leaving => match key.code {
            KeyCode::Char('d' | 'D') => Some(Message::Detach),
            KeyCode::Char('c' | 'C') => Some(Message::CancelAll),
            KeyCode::Esc | KeyCode::Char('q' | 'n') => Some(Message::Stay),
            _ => None,
        },
        Mode::Helping => match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?' | 'q') => Some(Message::Help),
            _ => None,
        },
    }
}

fn with_control(code: KeyCode, model: &Model) -> Option<Message> {
    let typing = matches!(model.mode, Mode::Filtering | Mode::Searching);
    match code {
        KeyCode::Char('c') if model.in_charge => Some(Message::CancelAll),
        KeyCode::Char('c') => Some(Message::Leave),
        KeyCode::Char('z') => Some(Message::Suspend),
        KeyCode::Char('u') if typing => Some(Message::EraseAll),
        KeyCode::Char('h') if typing => Some(Message::Erase),
        _ => None,
    }
}

fn typing(code: KeyCode) -> Option<Message> {
    match code {
        KeyCode::Char(character) => Some(Message::Type(character)),
        KeyCode::Backspace => Some(Message::Erase),
        KeyCode::Enter => Some(Message::Accept),
        KeyCode::Esc => Some(Message::Abandon),
        _ => None,
    }
}

fn browsing(code: KeyCode, model: &Model) -> Option<Message> {
    let pane = model.areas().pane.is_some();
    let in_log = pane && model.focus == Focus::Pane && model.tab == Tab::Log;
    match code {
        KeyCode::Char('j') | KeyCode::Down => Some(Message::Move(Motion::Down)),
        KeyCode::Char('k') | KeyCode::Up => Some(Message::Move(Motion::Up)),
        KeyCode::PageDown => Some(Message::Move(Motion::PageDown)),
        KeyCode::PageUp => Some(Message::Move(Motion::PageUp)),
        KeyCode::Char('g') | KeyCode::Home => Some(Message::Move(Motion::Top)),
        KeyCode::Char('G') | KeyCode::End => Some(Message::Move(Motion::Bottom)),
        KeyCode::Enter if pane => Some(Message::Open),
        KeyCode::Esc => Some(Message::Back),
        KeyCode::Tab if pane => Some(Message::NextTab),
        KeyCode::Char('t') if pane => Some(Message::ShowTimeline),
        KeyCode::Char('/') => Some(Message::Find),
        KeyCode::Char('n') if in_log => Some(Message::FindNext),
        KeyCode::Char('N') if in_log => Some(Message::FindPrevious),
        KeyCode::Char('f') if pane && model.tab == Tab::Log => Some(Message::Follow),
        KeyCode::Char('S') => Some(Message::ChangeSort),
        KeyCode::Char('x') if can_cancel(model) => Some(Message::Cancel),
        KeyCode::Char('?') => Some(Message::Help),
        KeyCode::Char('q') => Some(Message::Leave),
        _ => None,
    }
}

fn can_cancel(model: &Model) -> bool {
    model.in_charge && model.selected_row().is_some_and(|row| !row.standing.over())
}

/// The keys that work now, the most useful first: for the footer.
pub(crate) fn offered(model: &Model) -> Vec<Offer> {
    let areas = model.areas();
    let pane = areas.pane.is_some();
    let mut keys =
        vec![("j k", if model.focus == Focus::Pane && model.tab != Tab::Timeline { "scroll" } else { "move" })];
    let in_pane = pane && model.focus == Focus::Pane;
    if in_pane {
        keys.push(("Esc", "back"));
    } else if pane {
        keys.push(("Enter", "open"));
    }
    if !in_pane && !model.filter.is_empty() {
        keys.push(("Esc", "show all"));
    }
    if pane {
        keys.push(("Tab", "next tab"));
    }
    if in_pane && model.tab == Tab::Log {
        keys.push(("/", "search"));
        if !model.log.search.is_empty() {
            keys.push(("n N", "next, previous"));
        }
    } else {
        keys.push(("/", "filter"));
    }
    if pane && model.tab == Tab::Log {
        keys.push(("f", if model.log.follow { "hold still" } else { "follow" }));
    }
    if can_cancel(model) {
        let asked = model.selected.is_some_and(|id| model.asked.contains(&id));
        keys.push(("x", if asked { "kill" } else { "cancel" }));
    }
    keys.extend([("q", "leave"), ("?", "help")]);
    if pane && model.tab != Tab::Timeline {
        keys.push(("t", "timeline"));
    }
    keys.push(("S", "sort"));
    keys
}

/// Every key that can do something in this view: for the help.
pub(crate) fn all(model: &Model) -> Vec<Offer> {
    let pane = model.areas().pane.is_some();
    let mut keys = vec![("j k Down Up", "move by one"), ("PgDn PgUp", "move by a page"), ("g G", "first, last")];
    if pane {
        keys.extend([
            ("Enter", "give the keys to the pane below"),
            ("Tab", "next tab: Log, Timeline, Error, Info"),
            ("t", "timeline"),
            ("f", "log: follow or hold still"),
        ]);
    }
    keys.push(("Esc", "back; show all rows"));
    keys.push(("/", if pane { "filter the rows; in the pane: search the log" } else { "filter the rows" }));
    if pane {
        keys.push(("n N", "next, previous match in the log"));
    }
    keys.push(("S", "sort by plan, name, state, size"));
    if model.in_charge {
        keys.extend([
            ("x", "cancel the selected tool; again: kill it"),
            ("Ctrl-C", "cancel all; again: kill all"),
            ("q", "leave: detach or cancel"),
        ]);
    } else {
        keys.push(("q Ctrl-C", "leave"));
    }
    keys.extend([("Ctrl-Z", "suspend"), ("?", "this list")]);
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Row, SlotId, Standing};

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn wide() -> Model {
        Model { size: (100, 30), ..Model::default() }
    }

    #[test]
    fn only_presses_count() {
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert!(message(&release, &wide()).is_none());
        assert!(matches!(message(&press(KeyCode::Char('q')), &wide()), Some(Message::Leave)));
    }

    #[test]
    fn a_viewer_is_not_offered_what_only_the_parent_can_do() {
        let row = Row { standing: Standing::Running, ..Row::default() };
        let viewer = Model { rows: vec![row], order: vec![0], selected: Some(SlotId::default()), ..wide() };
        assert!(message(&press(KeyCode::Char('x')), &viewer).is_none());
        assert!(!offered(&viewer).iter().any(|(key, _)| *key == "x"));
        let parent = Model { in_charge: true, ..viewer };
        assert!(matches!(message(&press(KeyCode::Char('x')), &parent), Some(Message::Cancel)));
        assert!(offered(&parent).contains(&("x", "cancel")));
    }

    #[test]
    fn control_c_leaves_a_viewer_and_cancels_for_a_parent() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(matches!(message(&key, &wide()), Some(Message::Leave)));
        assert!(matches!(
            message(&key, &Model { in_charge: true, mode: Mode::Filtering, ..wide() }),
            Some(Message::CancelAll)
        ));
    }

    #[test]
    fn letters_are_text_while_typing() {
        let typing = Model { mode: Mode::Filtering, ..wide() };
        assert!(matches!(message(&press(KeyCode::Char('q')), &typing), Some(Message::Type('q'))));
    }

    #[test]
    fn a_screen_of_one_line_takes_no_key_whose_effect_it_cannot_show() {
        let tiny = Model { size: (30, 5), in_charge: true, ..Model::default() };
        assert!(message(&press(KeyCode::Char('x')), &tiny).is_none());
        assert!(matches!(message(&press(KeyCode::Char('q')), &tiny), Some(Message::Leave)));
    }
}
