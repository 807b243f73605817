//! The meaning of each key at the moment, and the keys to offer: only keys that do something now.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::InputRequest;
use vx_shm::Kind;
use vx_status::source::PlaybackCommand;

use crate::bindings::{KeyAction, KeyCondition, KeyHelpLine, TABLE};
use crate::message::{Motion, UpdateMessage};
use crate::model::{Focus, Mode, Model, SlotRow, Tab};

/// One seek step of the replay, in milliseconds.
const SEEK_MS: i64 = 5_000;

/// Keys with their meaning.
pub(crate) type Offer = (String, &'static str);

/// The message for a key press. Some terminals also report releases and repeats, which mean nothing.
pub(crate) fn message(key: &KeyEvent, model: &Model) -> Option<UpdateMessage> {
    if key.kind != KeyEventKind::Press {
        return None;
    }
    let action = model.keys.action(key, |when| when != KeyCondition::Leaving && holds(when, model));
    let answer = model.keys.action(key, |when| when == KeyCondition::Leaving);
    match (action, model.mode) {
        (Some(action @ (KeyAction::CancelAll | KeyAction::Suspend)), _) => asked_by(action, model),
        (action, Mode::Browsing) => {
            let shown = |action: &KeyAction| model.areas().line.is_none() || *action == KeyAction::Leave;
            action.filter(shown).and_then(|action| asked_by(action, model))
        }
        (_, Mode::Filtering | Mode::Searching) => typing(key),
        (_, Mode::Leaving) => answer.and_then(|answer| asked_by(answer, model)),
        (Some(action), Mode::Helping) if moves(action) => asked_by(action, model),
        (Some(KeyAction::Help | KeyAction::Leave | KeyAction::Back), Mode::Helping) => Some(UpdateMessage::Help),
        (Some(KeyAction::Stream | KeyAction::Leave | KeyAction::Back), Mode::Streaming) => Some(UpdateMessage::Stream),
        (_, Mode::Streaming) => None,
        (_, Mode::Helping) => (key.code == KeyCode::Enter).then_some(UpdateMessage::Help),
    }
}

/// Returns whether the action moves through the focused part.
fn moves(action: KeyAction) -> bool {
    use KeyAction::{Down, First, Last, PageDown, PageUp, Up};
    matches!(action, Down | Up | PageDown | PageUp | First | Last)
}

fn asked_by(action: KeyAction, model: &Model) -> Option<UpdateMessage> {
    Some(match action {
        KeyAction::Down => UpdateMessage::Move(Motion::Down),
        KeyAction::Up => UpdateMessage::Move(Motion::Up),
        KeyAction::PageDown => UpdateMessage::Move(Motion::PageDown),
        KeyAction::PageUp => UpdateMessage::Move(Motion::PageUp),
        KeyAction::First => UpdateMessage::Move(Motion::Top),
        KeyAction::Last => UpdateMessage::Move(Motion::Bottom),
        KeyAction::Open => UpdateMessage::Open,
        KeyAction::Back => UpdateMessage::Back,
        KeyAction::NextTab => UpdateMessage::NextTab,
        KeyAction::ShowLog => UpdateMessage::Show(Tab::Log),
        KeyAction::ShowError => UpdateMessage::Show(Tab::Error),
        KeyAction::ShowInfo => UpdateMessage::Show(Tab::Info),
        KeyAction::Find => UpdateMessage::Find,
        KeyAction::FindNext => UpdateMessage::FindNext,
        KeyAction::FindPrevious => UpdateMessage::FindPrevious,
        KeyAction::Follow => UpdateMessage::Follow,
        KeyAction::AllLogs => UpdateMessage::AllLogs,
        KeyAction::Cancel => UpdateMessage::Cancel,
        KeyAction::Leave => UpdateMessage::Leave,
        KeyAction::Help => UpdateMessage::Help,
        KeyAction::Timeline => UpdateMessage::WholeTime,
        KeyAction::Sort => UpdateMessage::ChangeSort,
        KeyAction::CancelAll if model.owns_work() => UpdateMessage::CancelAll,
        KeyAction::CancelAll => UpdateMessage::Leave,
        KeyAction::Suspend => UpdateMessage::Suspend,
        KeyAction::Retry => UpdateMessage::Retry,
        KeyAction::RetryAll => UpdateMessage::RetryAll,
        KeyAction::Restart => UpdateMessage::Restart,
        KeyAction::Rebuild => UpdateMessage::Rebuild,
        KeyAction::Edit => UpdateMessage::OpenEditor,
        KeyAction::OpenAddress => UpdateMessage::OpenAddress,
        KeyAction::Pager => UpdateMessage::Pager,
        KeyAction::Copy => UpdateMessage::Copy,
        KeyAction::Save => UpdateMessage::Save,
        KeyAction::Stream => UpdateMessage::Stream,
        KeyAction::Pause => UpdateMessage::Playback(PlaybackCommand::Pause),
        KeyAction::StepBack => UpdateMessage::Playback(PlaybackCommand::StepBack),
        KeyAction::StepForward => UpdateMessage::Playback(PlaybackCommand::StepForward),
        KeyAction::SeekBack => UpdateMessage::Playback(PlaybackCommand::By(-SEEK_MS)),
        KeyAction::SeekForward => UpdateMessage::Playback(PlaybackCommand::By(SEEK_MS)),
        KeyAction::Start => UpdateMessage::Playback(PlaybackCommand::Start),
        KeyAction::End => UpdateMessage::Playback(PlaybackCommand::End),
        KeyAction::Slower => UpdateMessage::Playback(PlaybackCommand::Slower),
        KeyAction::Faster => UpdateMessage::Playback(PlaybackCommand::Faster),
        KeyAction::LeaveDetach => UpdateMessage::Detach,
        KeyAction::LeaveCancel => UpdateMessage::CancelAll,
        KeyAction::LeaveStay => UpdateMessage::Stay,
    })
}

/// The meaning of a key while text is typed: as in a shell.
fn typing(key: &KeyEvent) -> Option<UpdateMessage> {
    use InputRequest::{
        DeleteLine, DeleteNextChar, DeletePrevChar, DeletePrevWord, DeleteTillEnd, GoToEnd, GoToNextChar, GoToNextWord,
        GoToPrevChar, GoToPrevWord, GoToStart,
    };
    let with = |modifiers| key.modifiers.contains(modifiers);
    let edit = match (key.code, with(KeyModifiers::CONTROL), with(KeyModifiers::ALT)) {
        (KeyCode::Enter, ..) => return Some(UpdateMessage::Accept),
        (KeyCode::Esc, ..) => return Some(UpdateMessage::Abandon),
        (KeyCode::Char(character), false, false) => return Some(UpdateMessage::Type(character)),
        (KeyCode::Backspace, false, true) | (KeyCode::Char('w'), true, _) => DeletePrevWord,
        (KeyCode::Backspace, ..) | (KeyCode::Char('h'), true, _) => DeletePrevChar,
        (KeyCode::Delete, ..) | (KeyCode::Char('d'), true, _) => DeleteNextChar,
        (KeyCode::Char('u'), true, _) => DeleteLine,
        (KeyCode::Char('k'), true, _) => DeleteTillEnd,
        (KeyCode::Left, true, _) | (KeyCode::Char('b'), _, true) => GoToPrevWord,
        (KeyCode::Right, true, _) | (KeyCode::Char('f'), _, true) => GoToNextWord,
        (KeyCode::Left, ..) | (KeyCode::Char('b'), true, _) => GoToPrevChar,
        (KeyCode::Right, ..) | (KeyCode::Char('f'), true, _) => GoToNextChar,
        (KeyCode::Home, ..) | (KeyCode::Char('a'), true, _) => GoToStart,
        (KeyCode::End, ..) | (KeyCode::Char('e'), true, _) => GoToEnd,
        _ => return None,
    };
    Some(UpdateMessage::Edit(edit))
}

/// Returns whether the condition holds.
fn holds(when: KeyCondition, model: &Model) -> bool {
    let pane = model.areas().pane.is_some();
    let standing = model.selected_row().map(|row| row.standing);
    match when {
        KeyCondition::Always => true,
        KeyCondition::WithPane => pane,
        KeyCondition::InTable => {
            let opens = pane || !model.lines.is_empty() && model.areas().line.is_none();
            opens && !holds(KeyCondition::InError, model) && model.focus == Focus::Table
        }
        KeyCondition::InLog => pane && model.focus == Focus::Pane && model.tab == Tab::Log,
        KeyCondition::OnLog if model.log.lines.is_empty() => false,
        KeyCondition::OnLog => pane && model.tab == Tab::Log,
        KeyCondition::WithServices => pane && !model.services().is_empty(),
        KeyCondition::Selected => standing.is_some(),
        KeyCondition::AnyRetriable => model.retriable().next().is_some(),
        // Once all is over, only the error is left to act on.
        KeyCondition::InError => {
            let in_use = model.focus == Focus::Pane || model.settled.is_some();
            pane && in_use && model.tab == Tab::Error && (model.owns_work() || model.names_a_place())
        }
        KeyCondition::Copyable => copyable(model),
        KeyCondition::Failed => model.selected_row().is_some_and(SlotRow::has_error),
        KeyCondition::Replaying => model.playback.is_some(),
        KeyCondition::Leaving => model.mode == Mode::Leaving,
        KeyCondition::Cancellable => model.has_control && standing.is_some_and(|standing| !standing.over()),
        KeyCondition::Retriable => {
            let failed = standing.is_some_and(|standing| standing.over() && !standing.good());
            model.has_control && failed && !is_service(model)
        }
        KeyCondition::Restartable => model.has_control && is_service(model),
        KeyCondition::Rebuildable => model.has_control && model.is_built(),
        KeyCondition::HasAddress => model.address().is_some(),
        KeyCondition::WithoutAddress => standing.is_some() && model.address().is_none(),
        KeyCondition::LongTime => model.has_long_time,
    }
}

fn is_service(model: &Model) -> bool {
    model.selected_row().is_some_and(|row| row.is_service)
}

/// Returns whether there is text to copy: lines of the log in view, or an error.
fn copyable(model: &Model) -> bool {
    model.shows_log() || model.selected_slot().is_some_and(|slot| slot.error.is_some())
}

/// The keys that work now, the most useful first: for the footer. Keys for the selected row come first, then leaving
/// and the key list, so that no footer is too short for them. Moving comes last, since arrows need no explanation.
pub(crate) fn offered(model: &Model) -> Vec<Offer> {
    let holding = TABLE.iter().filter(|line| line.when != KeyCondition::Leaving && holds(line.when, model));
    let mut lines: Vec<&KeyHelpLine> = holding.collect();
    lines.sort_by_key(|line| match line.binds[0].action {
        KeyAction::Retry | KeyAction::Restart | KeyAction::OpenAddress | KeyAction::Pause => 0,
        KeyAction::Open | KeyAction::Edit | KeyAction::Back => 1,
        KeyAction::Leave | KeyAction::Help => 2,
        KeyAction::Cancel | KeyAction::ShowError | KeyAction::Rebuild => 3,
        KeyAction::Timeline
        | KeyAction::Sort
        | KeyAction::Copy
        | KeyAction::Find
        | KeyAction::FindNext
        | KeyAction::Follow => 4,
        KeyAction::Down => 6,
        _ => 5,
    });
    lines.into_iter().filter_map(|line| offer(line, model, 1, footer(line, model)?)).collect()
}

/// The footer text of a line of the table; `None` if it isn't worth the space.
fn footer(line: &KeyHelpLine, model: &Model) -> Option<&'static str> {
    let in_pane = model.focus == Focus::Pane;
    let says = match line.binds[0].action {
        KeyAction::Down if in_pane => "scroll",
        KeyAction::Back if in_pane => "back",
        KeyAction::Back if !model.filter.is_empty() => "show all",
        KeyAction::Back if model.unfolded.any() => "fold",
        KeyAction::Back if model.leads_to_boards() => "boards",
        KeyAction::Back => "",
        KeyAction::Open if model.on_fold.is_some() => "unfold",
        KeyAction::AllLogs if model.all_logs && model.tab == Tab::Log => "own log",
        KeyAction::ShowLog if model.tab == Tab::Log => "",
        KeyAction::ShowError if model.tab == Tab::Error => "",
        KeyAction::ShowInfo if model.tab == Tab::Info => "",
        KeyAction::Find if in_pane && model.tab == Tab::Log => "search",
        KeyAction::FindNext if model.log.search.text.is_empty() => "",
        KeyAction::Follow if model.log.follow => "hold still",
        // Pressing the key shows the reason.
        KeyAction::Cancel if model.is_read_only() => "read-only",
        KeyAction::Retry | KeyAction::Restart | KeyAction::Rebuild if model.is_read_only() => "",
        KeyAction::RetryAll if model.retriable().nth(1).is_some() => "try all again",
        KeyAction::Cancel if model.selected.is_some_and(|id| model.asked.contains(&id)) => "kill",
        KeyAction::Timeline if model.whole_axis => "live part",
        KeyAction::Pause if model.playback.is_some_and(|at| at.paused) => "play",
        _ => line.footer,
    };
    (!says.is_empty()).then_some(says)
}

/// The answers to the question how to leave, with one key each.
pub(crate) fn answers(model: &Model) -> Vec<Offer> {
    let lines = TABLE.iter().filter(|line| line.when == KeyCondition::Leaving);
    lines.filter_map(|line| offer(line, model, 1, line.help)).collect()
}

/// Every key that can do something in this view: for the help.
pub(crate) fn all(model: &Model) -> Vec<Offer> {
    TABLE.iter().filter_map(|line| offer(line, model, usize::MAX, help(line, model)?)).collect()
}

fn help(line: &KeyHelpLine, model: &Model) -> Option<&'static str> {
    let pane = model.areas().pane.is_some();
    match (line.binds[0].action, line.when) {
        (KeyAction::Find, _) if !pane => Some("filter the rows"),
        (KeyAction::Leave, _) if model.owns_work() && !model.is_over() => Some("leave: detach or cancel"),
        (KeyAction::CancelAll, _) if !model.owns_work() => Some("leave"),
        (_, KeyCondition::WithServices) if !pane || model.services().is_empty() => None,
        (_, KeyCondition::WithPane | KeyCondition::InLog | KeyCondition::OnLog | KeyCondition::InError) if !pane => {
            None
        }
        (KeyAction::Back, _) if model.has_list => Some("back; show all rows; the list of boards"),
        (_, KeyCondition::Cancellable | KeyCondition::Retriable | KeyCondition::AnyRetriable) if !model.has_control => {
            None
        }
        (_, KeyCondition::Restartable) if !(model.has_control && model.kinds.has(Kind::Service)) => None,
        (_, KeyCondition::Rebuildable) if !(model.has_control && model.kinds.has(Kind::Build)) => None,
        (_, KeyCondition::HasAddress) if !(model.can_open && model.kinds.has(Kind::Service)) => None,
        (_, KeyCondition::InError) if !(model.owns_work() || model.can_open) => None,
        (_, KeyCondition::LongTime) if !model.has_long_time => None,
        (_, KeyCondition::Leaving) => None,
        (_, KeyCondition::Replaying) if model.playback.is_none() => None,
        _ => Some(line.help).filter(|help| !help.is_empty()),
    }
}

/// The keys of a line, at most `most` of each action, with their meaning; `None` if no key is bound.
fn offer(line: &KeyHelpLine, model: &Model, most: usize, meaning: &'static str) -> Option<Offer> {
    let names: Vec<Vec<String>> = line.binds.iter().map(|bind| model.keys.names(bind.action)).collect();
    let longest = names.iter().map(Vec::len).max().unwrap_or_default().min(most);
    let interleaved = (0..longest).flat_map(|place| names.iter().filter_map(move |keys| keys.get(place)));
    let shown: Vec<&str> = interleaved.map(String::as_str).collect();
    (!shown.is_empty()).then(|| (shown.join(" "), meaning))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::bindings::KeyBindings;
    use crate::model::{SlotRow, TableLine};
    use vx_status::slot::SlotId;
    use vx_status::standing::Standing;

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
        assert!(matches!(message(&press(KeyCode::Char('q')), &wide()), Some(UpdateMessage::Leave)));
    }

    #[test]
    fn a_viewer_is_not_offered_what_only_the_parent_can_do() {
        let row = SlotRow { standing: Standing::Running, ..SlotRow::default() };
        let viewer =
            Model { rows: vec![row], lines: vec![TableLine::Row(0)], selected: Some(SlotId::default()), ..wide() };
        assert!(message(&press(KeyCode::Char('x')), &viewer).is_none());
        assert!(!offered(&viewer).iter().any(|(key, _)| key == "x"));
        let parent = Model { has_control: true, ..viewer };
        assert!(matches!(message(&press(KeyCode::Char('x')), &parent), Some(UpdateMessage::Cancel)));
        assert!(offered(&parent).contains(&("x".to_owned(), "cancel")));
    }

    #[test]
    fn control_c_leaves_a_viewer_and_cancels_for_a_parent() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(matches!(message(&key, &wide()), Some(UpdateMessage::Leave)));
        assert!(matches!(
            message(&key, &Model { has_control: true, mode: Mode::Filtering, ..wide() }),
            Some(UpdateMessage::CancelAll)
        ));
    }

    #[test]
    fn letters_are_text_while_typing() {
        let typing = Model { mode: Mode::Filtering, ..wide() };
        assert!(matches!(message(&press(KeyCode::Char('q')), &typing), Some(UpdateMessage::Type('q'))));
        let word = KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert!(matches!(message(&word, &typing), Some(UpdateMessage::Edit(InputRequest::DeletePrevWord))));
    }

    #[test]
    fn a_screen_of_one_line_takes_no_key_whose_effect_it_cannot_show() {
        let row = SlotRow { standing: Standing::Running, ..SlotRow::default() };
        let selected = Some(SlotId::default());
        let tiny = Model { size: (30, 5), has_control: true, rows: vec![row], selected, ..Model::default() };
        assert!(message(&press(KeyCode::Char('x')), &tiny).is_none());
        assert!(matches!(message(&press(KeyCode::Char('q')), &tiny), Some(UpdateMessage::Leave)));
    }

    #[test]
    fn a_key_bound_by_the_user_shows_in_footer_and_help_and_the_old_one_means_nothing() {
        let chosen = BTreeMap::from([("help".to_owned(), vec!["F1".to_owned()])]);
        let keys = Arc::new(KeyBindings::try_from(&chosen).expect("it fits"));
        let model = Model { keys, ..wide() };
        assert!(matches!(message(&press(KeyCode::F(1)), &model), Some(UpdateMessage::Help)));
        assert!(message(&press(KeyCode::Char('?')), &model).is_none());
        assert!(offered(&model).contains(&("F1".to_owned(), "help")));
        assert!(all(&model).contains(&("F1".to_owned(), "this list")));
        let helping = Model { mode: Mode::Helping, ..model };
        assert!(matches!(message(&press(KeyCode::F(1)), &helping), Some(UpdateMessage::Help)));
    }

    #[test]
    fn the_answers_to_the_question_how_to_leave_are_on_the_keys_that_were_chosen() {
        let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let chosen = BTreeMap::from([("leave-detach".to_owned(), list(&["y", "F2"]))]);
        let keys = Arc::new(KeyBindings::try_from(&chosen).expect("`y` copies at other times"));
        let model = Model { keys, mode: Mode::Leaving, has_control: true, ..wide() };
        assert!(matches!(message(&press(KeyCode::Char('y')), &model), Some(UpdateMessage::Detach)));
        assert!(message(&press(KeyCode::Char('d')), &model).is_none());
        assert!(matches!(message(&press(KeyCode::Char('C')), &model), Some(UpdateMessage::CancelAll)));
        for code in [KeyCode::Esc, KeyCode::Char('q'), KeyCode::Char('n')] {
            assert!(matches!(message(&press(code), &model), Some(UpdateMessage::Stay)), "{code:?}");
        }
        let line = |(key, meaning): &(String, &str)| format!("{key} {meaning}");
        let answers: Vec<String> = answers(&model).iter().map(line).collect();
        assert_eq!(answers, ["y detach: the work goes on", "c cancel all of it", "Esc stay here"]);
    }

    /// Every key in the footer does something, wherever the focus is.
    #[test]
    fn every_key_that_is_offered_means_something() {
        for (focus, tab, has_control) in [
            (Focus::Table, Tab::Log, true),
            (Focus::Pane, Tab::Log, true),
            (Focus::Pane, Tab::Info, false),
            (Focus::Table, Tab::Error, false),
        ] {
            let row = SlotRow { standing: Standing::Running, ..SlotRow::default() };
            let (rows, lines, selected) = (vec![row], vec![TableLine::Row(0)], Some(SlotId::default()));
            let model = Model { focus, tab, has_control, rows, lines, selected, ..wide() };
            for (names, meaning) in offered(&model) {
                for name in names.split(' ') {
                    let code = match name {
                        "Esc" => KeyCode::Esc,
                        "Enter" => KeyCode::Enter,
                        "Tab" => KeyCode::Tab,
                        name => KeyCode::Char(name.chars().next().expect("a key has a name")),
                    };
                    assert!(message(&press(code), &model).is_some(), "`{name}` {meaning} on {tab:?}");
                }
            }
        }
    }
}
