//! The meaning of each key at the moment, and the keys to offer: only those that do something here.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::InputRequest;
use vx_shm::Kind;
use vx_status::source::PlaybackCommand;

use crate::bindings::{Action, Line, TABLE, When};
use crate::message::{Message, Motion};
use crate::model::{Focus, Mode, Model, Row, Tab};

/// One seek step of the replay, in milliseconds.
const SEEK_MS: i64 = 5_000;

/// Keys with their meaning.
pub(crate) type Offer = (String, &'static str);

/// The message for a key press. Some terminals also report releases and repeats, which mean nothing.
pub(crate) fn message(key: &KeyEvent, model: &Model) -> Option<Message> {
    if key.kind != KeyEventKind::Press {
        return None;
    }
    let action = model.keys.action(key, |when| when != When::Leaving && holds(when, model));
    let answer = model.keys.action(key, |when| when == When::Leaving);
    match (action, model.mode) {
        (Some(action @ (Action::CancelAll | Action::Suspend)), _) => asked_by(action, model),
        (action, Mode::Browsing) => {
            let shown = |action: &Action| model.areas().line.is_none() || *action == Action::Leave;
            action.filter(shown).and_then(|action| asked_by(action, model))
        }
        (_, Mode::Filtering | Mode::Searching) => typing(key),
        (_, Mode::Leaving) => answer.and_then(|answer| asked_by(answer, model)),
        (Some(action), Mode::Helping) if moves(action) => asked_by(action, model),
        (Some(Action::Help | Action::Leave | Action::Back), Mode::Helping) => Some(Message::Help),
        (Some(Action::Stream | Action::Leave | Action::Back), Mode::Streaming) => Some(Message::Stream),
        (_, Mode::Streaming) => None,
        (_, Mode::Helping) => (key.code == KeyCode::Enter).then_some(Message::Help),
    }
}

/// True if the action moves through the focused part.
fn moves(action: Action) -> bool {
    use Action::{Down, First, Last, PageDown, PageUp, Up};
    matches!(action, Down | Up | PageDown | PageUp | First | Last)
}

fn asked_by(action: Action, model: &Model) -> Option<Message> {
    Some(match action {
        Action::Down => Message::Move(Motion::Down),
        Action::Up => Message::Move(Motion::Up),
        Action::PageDown => Message::Move(Motion::PageDown),
        Action::PageUp => Message::Move(Motion::PageUp),
        Action::First => Message::Move(Motion::Top),
        Action::Last => Message::Move(Motion::Bottom),
        Action::Open => Message::Open,
        Action::Back => Message::Back,
        Action::NextTab => Message::NextTab,
        Action::ShowLog => Message::Show(Tab::Log),
        Action::ShowError => Message::Show(Tab::Error),
        Action::ShowInfo => Message::Show(Tab::Info),
        Action::Find => Message::Find,
        Action::FindNext => Message::FindNext,
        Action::FindPrevious => Message::FindPrevious,
        Action::Follow => Message::Follow,
        Action::AllLogs => Message::AllLogs,
        Action::Cancel => Message::Cancel,
        Action::Leave => Message::Leave,
        Action::Help => Message::Help,
        Action::Timeline => Message::WholeTime,
        Action::Sort => Message::ChangeSort,
        Action::CancelAll if model.owns_work() => Message::CancelAll,
        Action::CancelAll => Message::Leave,
        Action::Suspend => Message::Suspend,
        Action::Retry => Message::Retry,
        Action::RetryAll => Message::RetryAll,
        Action::Restart => Message::Restart,
        Action::Rebuild => Message::Rebuild,
        Action::Edit => Message::OpenEditor,
        Action::OpenAddress => Message::OpenAddress,
        Action::Pager => Message::Pager,
        Action::Copy => Message::Copy,
        Action::Save => Message::Save,
        Action::Stream => Message::Stream,
        Action::Pause => Message::Playback(PlaybackCommand::Pause),
        Action::StepBack => Message::Playback(PlaybackCommand::StepBack),
        Action::StepForward => Message::Playback(PlaybackCommand::StepForward),
        Action::SeekBack => Message::Playback(PlaybackCommand::By(-SEEK_MS)),
        Action::SeekForward => Message::Playback(PlaybackCommand::By(SEEK_MS)),
        Action::Start => Message::Playback(PlaybackCommand::Start),
        Action::End => Message::Playback(PlaybackCommand::End),
        Action::Slower => Message::Playback(PlaybackCommand::Slower),
        Action::Faster => Message::Playback(PlaybackCommand::Faster),
        Action::LeaveDetach => Message::Detach,
        Action::LeaveCancel => Message::CancelAll,
        Action::LeaveStay => Message::Stay,
    })
}

/// The meaning of a key while text is typed: as in a shell.
fn typing(key: &KeyEvent) -> Option<Message> {
    use InputRequest::{
        DeleteLine, DeleteNextChar, DeletePrevChar, DeletePrevWord, DeleteTillEnd, GoToEnd, GoToNextChar, GoToNextWord,
        GoToPrevChar, GoToPrevWord, GoToStart,
    };
    let with = |modifiers| key.modifiers.contains(modifiers);
    let edit = match (key.code, with(KeyModifiers::CONTROL), with(KeyModifiers::ALT)) {
        (KeyCode::Enter, ..) => return Some(Message::Accept),
        (KeyCode::Esc, ..) => return Some(Message::Abandon),
        (KeyCode::Char(character), false, false) => return Some(Message::Type(character)),
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
    Some(Message::Edit(edit))
}

/// True if the condition holds.
fn holds(when: When, model: &Model) -> bool {
    let pane = model.areas().pane.is_some();
    let standing = model.selected_row().map(|row| row.standing);
    match when {
        When::Always => true,
        When::WithPane => pane,
        When::InTable => {
            let opens = pane || !model.lines.is_empty() && model.areas().line.is_none();
            opens && !holds(When::InError, model) && model.focus == Focus::Table
        }
        When::InLog => pane && model.focus == Focus::Pane && model.tab == Tab::Log,
        When::OnLog if model.log.lines.is_empty() => false,
        When::OnLog => pane && model.tab == Tab::Log,
        When::WithServices => pane && !model.services().is_empty(),
        When::Selected => standing.is_some(),
        When::AnyRetriable => model.retriable().next().is_some(),
        // Once all is over, the error is what is left to act on.
        When::InError => {
            let in_use = model.focus == Focus::Pane || model.settled.is_some();
            pane && in_use && model.tab == Tab::Error && (model.owns_work() || model.names_a_place())
        }
        When::Copyable => copyable(model),
        When::Failed => model.selected_row().is_some_and(Row::has_error),
        When::Replaying => model.playback.is_some(),
        When::Leaving => model.mode == Mode::Leaving,
        When::Cancellable => model.has_control && standing.is_some_and(|standing| !standing.over()),
        When::Retriable => {
            let failed = standing.is_some_and(|standing| standing.over() && !standing.good());
            model.has_control && failed && !is_service(model)
        }
        When::Restartable => model.has_control && is_service(model),
        When::Rebuildable => model.has_control && model.is_built(),
        When::HasAddress => model.address().is_some(),
        When::WithoutAddress => standing.is_some() && model.address().is_none(),
        When::LongTime => model.has_long_time,
    }
}

fn is_service(model: &Model) -> bool {
    model.selected_row().is_some_and(|row| row.is_service)
}

/// True if there is text to copy: lines of the log in view, or an error.
fn copyable(model: &Model) -> bool {
    model.shows_log() || model.selected_slot().is_some_and(|slot| slot.error.is_some())
}

/// The keys that work now, the most useful first: for the footer. What the selected row asks for comes first, then
/// leaving and the key list, so that no footer is too short for them; moving comes last, since arrows need no words.
pub(crate) fn offered(model: &Model) -> Vec<Offer> {
    let holding = TABLE.iter().filter(|line| line.when != When::Leaving && holds(line.when, model));
    let mut lines: Vec<&Line> = holding.collect();
    lines.sort_by_key(|line| match line.binds[0].action {
        Action::Retry | Action::Restart | Action::OpenAddress | Action::Pause => 0,
        Action::Open | Action::Edit | Action::Back => 1,
        Action::Leave | Action::Help => 2,
        Action::Cancel | Action::ShowError | Action::Rebuild => 3,
        Action::Timeline | Action::Sort | Action::Copy | Action::Find | Action::FindNext | Action::Follow => 4,
        Action::Down => 6,
        _ => 5,
    });
    lines.into_iter().filter_map(|line| offer(line, model, 1, footer(line, model)?)).collect()
}

/// The footer text of a line of the table; `None` if it is not worth a place there.
fn footer(line: &Line, model: &Model) -> Option<&'static str> {
    let in_pane = model.focus == Focus::Pane;
    let says = match line.binds[0].action {
        Action::Down if in_pane => "scroll",
        Action::Back if in_pane => "back",
        Action::Back if !model.filter.is_empty() => "show all",
        Action::Back if model.unfolded.any() => "fold",
        Action::Back if model.leads_to_boards() => "boards",
        Action::Back => "",
        Action::Open if model.on_fold.is_some() => "unfold",
        Action::AllLogs if model.all_logs && model.tab == Tab::Log => "own log",
        Action::ShowLog if model.tab == Tab::Log => "",
        Action::ShowError if model.tab == Tab::Error => "",
        Action::ShowInfo if model.tab == Tab::Info => "",
        Action::Find if in_pane && model.tab == Tab::Log => "search",
        Action::FindNext if model.log.search.text.is_empty() => "",
        Action::Follow if model.log.follow => "hold still",
        // The key itself shows the reason.
        Action::Cancel if model.is_read_only() => "read-only",
        Action::Retry | Action::Restart | Action::Rebuild if model.is_read_only() => "",
        Action::RetryAll if model.retriable().nth(1).is_some() => "try all again",
        Action::Cancel if model.selected.is_some_and(|id| model.asked.contains(&id)) => "kill",
        Action::Timeline if model.whole_axis => "live part",
        Action::Pause if model.playback.is_some_and(|at| at.paused) => "play",
        _ => line.footer,
    };
    (!says.is_empty()).then_some(says)
}

/// The answers to the question how to leave, with one key each.
pub(crate) fn answers(model: &Model) -> Vec<Offer> {
    let lines = TABLE.iter().filter(|line| line.when == When::Leaving);
    lines.filter_map(|line| offer(line, model, 1, line.help)).collect()
}

/// Every key that can do something in this view: for the help.
pub(crate) fn all(model: &Model) -> Vec<Offer> {
    TABLE.iter().filter_map(|line| offer(line, model, usize::MAX, help(line, model)?)).collect()
}

fn help(line: &Line, model: &Model) -> Option<&'static str> {
    let pane = model.areas().pane.is_some();
    match (line.binds[0].action, line.when) {
        (Action::Find, _) if !pane => Some("filter the rows"),
        (Action::Leave, _) if model.owns_work() && !model.is_over() => Some("leave: detach or cancel"),
        (Action::CancelAll, _) if !model.owns_work() => Some("leave"),
        (_, When::WithServices) if !pane || model.services().is_empty() => None,
        (_, When::WithPane | When::InLog | When::OnLog | When::InError) if !pane => None,
        (Action::Back, _) if model.has_list => Some("back; show all rows; the list of boards"),
        (_, When::Cancellable | When::Retriable | When::AnyRetriable) if !model.has_control => None,
        (_, When::Restartable) if !(model.has_control && model.kinds.has(Kind::Service)) => None,
        (_, When::Rebuildable) if !(model.has_control && model.kinds.has(Kind::Build)) => None,
        (_, When::HasAddress) if !(model.can_open && model.kinds.has(Kind::Service)) => None,
        (_, When::InError) if !(model.owns_work() || model.can_open) => None,
        (_, When::LongTime) if !model.has_long_time => None,
        (_, When::Leaving) => None,
        (_, When::Replaying) if model.playback.is_none() => None,
        _ => Some(line.help).filter(|help| !help.is_empty()),
    }
}

/// The keys of a line, at most `most` of each action, with their meaning; `None` if no key is bound.
fn offer(line: &Line, model: &Model, most: usize, meaning: &'static str) -> Option<Offer> {
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
    use crate::model::{Line, Row};
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
        assert!(matches!(message(&press(KeyCode::Char('q')), &wide()), Some(Message::Leave)));
    }

    #[test]
    fn a_viewer_is_not_offered_what_only_the_parent_can_do() {
        let row = Row { standing: Standing::Running, ..Row::default() };
        let viewer = Model { rows: vec![row], lines: vec![Line::Row(0)], selected: Some(SlotId::default()), ..wide() };
        assert!(message(&press(KeyCode::Char('x')), &viewer).is_none());
        assert!(!offered(&viewer).iter().any(|(key, _)| key == "x"));
        let parent = Model { has_control: true, ..viewer };
        assert!(matches!(message(&press(KeyCode::Char('x')), &parent), Some(Message::Cancel)));
        assert!(offered(&parent).contains(&("x".to_owned(), "cancel")));
    }

    #[test]
    fn control_c_leaves_a_viewer_and_cancels_for_a_parent() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(matches!(message(&key, &wide()), Some(Message::Leave)));
        assert!(matches!(
            message(&key, &Model { has_control: true, mode: Mode::Filtering, ..wide() }),
            Some(Message::CancelAll)
        ));
    }

    #[test]
    fn letters_are_text_while_typing() {
        let typing = Model { mode: Mode::Filtering, ..wide() };
        assert!(matches!(message(&press(KeyCode::Char('q')), &typing), Some(Message::Type('q'))));
        let word = KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert!(matches!(message(&word, &typing), Some(Message::Edit(InputRequest::DeletePrevWord))));
    }

    #[test]
    fn a_screen_of_one_line_takes_no_key_whose_effect_it_cannot_show() {
        let row = Row { standing: Standing::Running, ..Row::default() };
        let selected = Some(SlotId::default());
        let tiny = Model { size: (30, 5), has_control: true, rows: vec![row], selected, ..Model::default() };
        assert!(message(&press(KeyCode::Char('x')), &tiny).is_none());
        assert!(matches!(message(&press(KeyCode::Char('q')), &tiny), Some(Message::Leave)));
    }

    #[test]
    fn a_key_bound_by_the_user_shows_in_footer_and_help_and_the_old_one_means_nothing() {
        let chosen = BTreeMap::from([("help".to_owned(), vec!["F1".to_owned()])]);
        let keys = Arc::new(KeyBindings::try_from(&chosen).expect("it fits"));
        let model = Model { keys, ..wide() };
        assert!(matches!(message(&press(KeyCode::F(1)), &model), Some(Message::Help)));
        assert!(message(&press(KeyCode::Char('?')), &model).is_none());
        assert!(offered(&model).contains(&("F1".to_owned(), "help")));
        assert!(all(&model).contains(&("F1".to_owned(), "this list")));
        let helping = Model { mode: Mode::Helping, ..model };
        assert!(matches!(message(&press(KeyCode::F(1)), &helping), Some(Message::Help)));
    }

    #[test]
    fn the_answers_to_the_question_how_to_leave_are_on_the_keys_that_were_chosen() {
        let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let chosen = BTreeMap::from([("leave-detach".to_owned(), list(&["y", "F2"]))]);
        let keys = Arc::new(KeyBindings::try_from(&chosen).expect("`y` copies at other times"));
        let model = Model { keys, mode: Mode::Leaving, has_control: true, ..wide() };
        assert!(matches!(message(&press(KeyCode::Char('y')), &model), Some(Message::Detach)));
        assert!(message(&press(KeyCode::Char('d')), &model).is_none());
        assert!(matches!(message(&press(KeyCode::Char('C')), &model), Some(Message::CancelAll)));
        for code in [KeyCode::Esc, KeyCode::Char('q'), KeyCode::Char('n')] {
            assert!(matches!(message(&press(code), &model), Some(Message::Stay)), "{code:?}");
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
            let row = Row { standing: Standing::Running, ..Row::default() };
            let (rows, lines, selected) = (vec![row], vec![Line::Row(0)], Some(SlotId::default()));
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
