//! Choosing one of several boards before looking at it.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyEvent, KeyEventKind};
use ratatui::layout::Rect;
use vx_shm::BoardState;
use vx_text::units::duration;
use vx_text::{padded, padded_left, width};

use super::{DashboardOptions, SIGHUP};
use crate::bindings::{KeyAction, KeyBindings, KeyCondition};
use crate::terminal::{
    Arrived, FullScreenTerminal, Keyboard, ScreenError, Signals, TerminalInput, restore, restore_without_input,
};
use crate::theme::{Styles, Theme, Tone};
use crate::widgets;

/// Interval between two lists of the boards: the ages shown grow every second.
const BETWEEN_LISTS: Duration = Duration::from_secs(1);
/// Longest wait for a key; a new size and a signal are noticed no later than this.
const KEY_WAIT: Duration = Duration::from_millis(250);
/// Number of lines that a page key moves.
const PAGE: usize = 10;

/// One board to choose from.
#[derive(Clone, Debug)]
pub struct BoardChoice {
    /// Name of the board for `vx top`.
    pub name: String,
    /// Project of the board.
    pub title: String,
    /// State of the board.
    pub state: BoardState,
    /// Process that made it.
    pub pid: u32,
    /// That process still runs; `None` if that is unknown.
    pub alive: Option<bool>,
    /// Age of the board, in milliseconds.
    pub age_ms: u64,
    /// Number of its slots that are over.
    pub over: usize,
    /// Number of its slots in use.
    pub slots: usize,
}

/// The user's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChooserOutcome {
    /// Board of this name.
    Board(String),
    /// No board.
    Nothing,
    /// The process is to end by this signal.
    Signal(i32),
}

/// Let a person choose one of the boards that `list` returns; it is called again once a second. The board named
/// `selected` is selected at first, if it is in the list.
///
/// # Errors
///
/// If standard output is not a terminal, the terminal fails, or some thread panicked.
pub fn choose_board(
    list: &mut dyn FnMut() -> Vec<BoardChoice>,
    options: &DashboardOptions,
    selected: Option<&str>,
) -> Result<ChooserOutcome, ScreenError> {
    let mut signals = Signals::listen()?;
    let mut screen = FullScreenTerminal::enter(false)?;
    let (mut keyboard, mut theme) = (Keyboard::new(), Theme::new(options.look));
    if options.asks_ground.is_some() {
        screen.ask_ground()?;
    }
    let mut choosing = Choosing::new(&options.keys, list());
    choosing.select(selected);
    let (mut listed_at, mut drawn) = (Instant::now(), None);
    loop {
        if listed_at.elapsed() >= BETWEEN_LISTS {
            choosing.replace_boards(list());
            listed_at = Instant::now();
        }
        let picture = Some((lines(&choosing.boards, theme.glyphs.cut), choosing.selected, screen.size()?));
        if drawn != picture {
            let lines = picture.as_ref().map_or(&[][..], |(lines, ..)| lines);
            screen.draw(|buffer| draw(buffer, &theme, lines, &choosing))?;
            drawn = picture;
        }
        for arrived in signals.arrived() {
            match arrived {
                Arrived::End(number) => return Ok(ChooserOutcome::Signal(number)),
                Arrived::Stop => match pause(&mut screen, &mut signals, false)? {
                    Some(number) => return Ok(ChooserOutcome::Signal(number)),
                    None => drawn = None,
                },
                Arrived::Continued => {
                    screen.enter_again()?;
                    drawn = None;
                }
            }
        }
        match keyboard.next(KEY_WAIT.min(BETWEEN_LISTS.saturating_sub(listed_at.elapsed())))? {
            TerminalInput::Event(Event::Key(key)) => match choosing.press(&key) {
                Some(ChooserRequest::Choice(ChooserOutcome::Nothing)) => {
                    keyboard.drop_answer();
                    restore_without_input();
                    return Ok(ChooserOutcome::Nothing);
                }
                // Keys typed from here on are for the board's view.
                Some(ChooserRequest::Choice(choice)) => return Ok(choice),
                Some(ChooserRequest::Suspend) => {
                    if let Some(number) = pause(&mut screen, &mut signals, true)? {
                        return Ok(ChooserOutcome::Signal(number));
                    }
                    drawn = None;
                }
                None => {}
            },
            TerminalInput::HungUp => return Ok(ChooserOutcome::Signal(SIGHUP)),
            TerminalInput::Ground(ground) => {
                theme = options.theme_on(ground).unwrap_or(theme);
                drawn = None;
            }
            TerminalInput::Event(_) | TerminalInput::Nothing => {}
        }
    }
}

/// Give the terminal back, stop until continued, and take it over again. Returns the signal to end by, if one arrived.
fn pause(screen: &mut FullScreenTerminal, signals: &mut Signals, group: bool) -> Result<Option<i32>, ScreenError> {
    restore();
    let end = signals.pause(group);
    if end.is_none() {
        screen.enter_again()?;
    }
    Ok(end)
}

fn draw(buffer: &mut Buffer, theme: &Theme, lines: &[String], choosing: &Choosing) {
    let area = buffer.area;
    let list = Rect { height: area.height.saturating_sub(1), ..area };
    widgets::picker(buffer, theme, list, "Which board?", lines, choosing.selected);
    let at = (0, area.height.saturating_sub(1));
    widgets::put(buffer, theme, at, area.width, &choosing.hints(), theme.style(Tone::Quiet));
}

/// The request of a key, other than moving the selection.
#[derive(Debug, PartialEq)]
enum ChooserRequest {
    Choice(ChooserOutcome),
    Suspend,
}

/// The list and the selection in it.
struct Choosing<'a> {
    keys: &'a KeyBindings,
    boards: Vec<BoardChoice>,
    selected: usize,
}

impl<'a> Choosing<'a> {
    fn new(keys: &'a KeyBindings, boards: Vec<BoardChoice>) -> Self {
        Self { keys, boards, selected: 0 }
    }

    fn select(&mut self, name: Option<&str>) {
        let place = self.boards.iter().position(|board| Some(board.name.as_str()) == name);
        self.selected = place.unwrap_or_default();
    }

    /// Replace the list by a newer one. The same board stays selected or, if it is gone, the same place.
    fn replace_boards(&mut self, boards: Vec<BoardChoice>) {
        let selected = self.boards.get(self.selected).map(|board| &board.name);
        let place = boards.iter().position(|board| Some(&board.name) == selected);
        self.selected = place.unwrap_or(self.selected.min(boards.len().saturating_sub(1)));
        self.boards = boards;
    }

    fn press(&mut self, key: &KeyEvent) -> Option<ChooserRequest> {
        if key.kind != KeyEventKind::Press {
            return None;
        }
        let last = self.boards.len().saturating_sub(1);
        match self.keys.action(key, |when| matches!(when, KeyCondition::Always | KeyCondition::InTable))? {
            KeyAction::Down => self.selected = (self.selected + 1).min(last),
            KeyAction::Up => self.selected = self.selected.saturating_sub(1),
            KeyAction::PageDown => self.selected = (self.selected + PAGE).min(last),
            KeyAction::PageUp => self.selected = self.selected.saturating_sub(PAGE),
            KeyAction::First => self.selected = 0,
            KeyAction::Last => self.selected = last,
            KeyAction::Open => {
                let board = self.boards.get(self.selected)?;
                return Some(ChooserRequest::Choice(ChooserOutcome::Board(board.name.clone())));
            }
            KeyAction::Leave | KeyAction::Back | KeyAction::CancelAll => {
                return Some(ChooserRequest::Choice(ChooserOutcome::Nothing));
            }
            KeyAction::Suspend => return Some(ChooserRequest::Suspend),
            _ => {}
        }
        None
    }

    /// The keys that do something here; actions without a key are left out.
    fn hints(&self) -> String {
        let hint = |actions: &[KeyAction], meaning: &str| {
            let keys: Vec<String> =
                actions.iter().filter_map(|action| self.keys.names(*action).into_iter().next()).collect();
            if keys.is_empty() { String::new() } else { format!("{} {meaning}", keys.join(" ")) }
        };
        let hints = [
            hint(&[KeyAction::Down, KeyAction::Up], "move"),
            hint(&[KeyAction::Open], "look at it"),
            hint(&[KeyAction::Leave], "leave"),
        ];
        hints.into_iter().filter(|hint| !hint.is_empty()).collect::<Vec<_>>().join("  ")
    }
}

fn lines(boards: &[BoardChoice], cut: &str) -> Vec<String> {
    let widest = |text: fn(&BoardChoice) -> &str| {
        boards.iter().map(|board| width(text(board))).max().unwrap_or_default().min(32)
    };
    let (names, titles) = (widest(|board| &board.name), widest(|board| &board.title));
    let line = |board: &BoardChoice| {
        let state = match (board.state, board.alive) {
            (BoardState::Running, Some(false)) => "its parent is gone",
            (state, _) => state.name(),
        };
        format!(
            "{}  {}  {:<18}  {:>7}  {} ago  pid {}",
            padded(&board.title, titles, cut),
            padded(&board.name, names, cut),
            state,
            format!("{}/{}", board.over, board.slots),
            padded_left(&duration(board.age_ms), 6, cut),
            board.pid,
        )
    };
    boards.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ratatui::crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn board(name: &str) -> BoardChoice {
        BoardChoice {
            name: name.to_owned(),
            title: "demo\u{1b}[2J".to_owned(),
            state: BoardState::Running,
            pid: 7,
            alive: Some(false),
            age_ms: 62_000,
            over: 3,
            slots: 12,
        }
    }

    #[test]
    fn a_board_whose_parent_was_killed_says_so() {
        let lines = lines(&[board("vx-install-7")], "…");
        assert_eq!(lines, ["demo  vx-install-7  its parent is gone     3/12   1m02s ago  pid 7"]);
    }

    fn pressed(choosing: &mut Choosing, code: KeyCode) -> Option<ChooserRequest> {
        choosing.press(&KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn the_choice_stays_within_the_list_and_with_its_board() {
        let keys = KeyBindings::default();
        let mut choosing = Choosing::new(&keys, ["a", "b", "c"].map(board).to_vec());
        for (code, selected) in [
            (KeyCode::Up, 0),
            (KeyCode::PageDown, 2),
            (KeyCode::Char('j'), 2),
            (KeyCode::Char('g'), 0),
            (KeyCode::Down, 1),
        ] {
            assert_eq!((pressed(&mut choosing, code), choosing.selected), (None, selected), "{code:?}");
        }
        choosing.replace_boards(["new", "a", "b"].map(board).to_vec());
        let chosen = |name: &str| Some(ChooserRequest::Choice(ChooserOutcome::Board(name.to_owned())));
        assert_eq!(pressed(&mut choosing, KeyCode::Enter), chosen("b"));
        choosing.replace_boards(["new", "a"].map(board).to_vec());
        assert_eq!(pressed(&mut choosing, KeyCode::Enter), chosen("a"));
        choosing.replace_boards(Vec::new());
        assert_eq!(pressed(&mut choosing, KeyCode::Enter), None);
    }

    #[test]
    fn the_list_begins_with_the_board_that_was_looked_at_before() {
        let keys = KeyBindings::default();
        let mut choosing = Choosing::new(&keys, ["a", "b"].map(board).to_vec());
        for (name, selected) in [(Some("b"), 1), (Some("gone"), 0), (None, 0)] {
            choosing.select(name);
            assert_eq!(choosing.selected, selected, "{name:?}");
        }
    }

    #[test]
    fn keys_and_hints_are_those_that_were_chosen() {
        let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let chosen = BTreeMap::from([("down".to_owned(), list(&["e"])), ("open".to_owned(), list(&["F2"]))]);
        let keys = KeyBindings::try_from(&chosen).expect("they fit");
        let mut choosing = Choosing::new(&keys, ["a", "b"].map(board).to_vec());
        assert_eq!(choosing.hints(), "e k move  F2 look at it  q leave");
        assert_eq!((pressed(&mut choosing, KeyCode::Char('j')), choosing.selected), (None, 0));
        assert_eq!((pressed(&mut choosing, KeyCode::Char('e')), choosing.selected), (None, 1));
        assert_eq!(pressed(&mut choosing, KeyCode::Enter), None);
        assert_eq!(
            pressed(&mut choosing, KeyCode::F(2)),
            Some(ChooserRequest::Choice(ChooserOutcome::Board("b".to_owned())))
        );
        assert_eq!(pressed(&mut choosing, KeyCode::Esc), Some(ChooserRequest::Choice(ChooserOutcome::Nothing)));
    }
}
