//! Choosing one of several boards before looking at it.

use std::time::Duration;

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use vx_shm::BoardState;

use super::DashboardOptions;
use crate::terminal::{Arrived, Input, Keyboard, Screen, ScreenError, Signals, restore, suspend};
use crate::text::{duration, padded, padded_left, width};
use crate::theme::{Theme, Tone};
use crate::widgets;

/// One board to choose from.
#[derive(Clone, Debug)]
pub struct BoardChoice {
    /// How the board is named to `vx top`.
    pub name: String,
    /// The project it is about.
    pub title: String,
    /// How it stands.
    pub state: BoardState,
    /// The process that made it.
    pub pid: u32,
    /// Whether that process still runs, where that is known.
    pub alive: Option<bool>,
    /// How long ago it was made, in milliseconds.
    pub age_ms: u64,
    /// How many of its slots are over.
    pub over: usize,
    /// How many slots it has in use.
    pub slots: usize,
}

/// Let a person choose one of `boards`. Returns its place, or `None` when they chose none.
///
/// # Errors
///
/// When standard output is no terminal, when the terminal fails, or when some thread panicked.
pub fn choose_board(boards: &[BoardChoice], options: &DashboardOptions) -> Result<Option<usize>, ScreenError> {
    if boards.is_empty() {
        return Ok(None);
    }
    let mut signals = Signals::listen()?;
    let mut screen = Screen::enter(false)?;
    let theme = Theme::new(options.look);
    let lines = lines(boards, theme.glyphs.cut);
    let mut keyboard = Keyboard::new();
    let mut selected = 0;
    loop {
        screen.draw(|buffer| {
            let area = buffer.area;
            let list = ratatui::layout::Rect { height: area.height.saturating_sub(1), ..area };
            widgets::picker(buffer, &theme, list, "Which board?", &lines, selected);
            let keys = "j k move  Enter look at it  q leave";
            widgets::put(
                buffer,
                &theme,
                (0, area.height.saturating_sub(1)),
                area.width,
                keys,
                theme.style(Tone::Quiet),
            );
        })?;
        for arrived in signals.arrived() {
            match arrived {
                Arrived::End(_) => return Ok(None),
                Arrived::Stop => suspended(&mut screen, &mut signals, false)?,
                Arrived::Continued => screen.enter_again()?,
            }
        }
        let key = match keyboard.next(Duration::from_millis(100))? {
            Input::Event(Event::Key(key)) => key,
            Input::HungUp => return Ok(None),
            Input::Event(_) | Input::Nothing => continue,
        };
        if key.kind != KeyEventKind::Press {
            continue;
        }
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('c'), true) => return Ok(None),
            (KeyCode::Char('z'), true) => suspended(&mut screen, &mut signals, true)?,
            (KeyCode::Char('q') | KeyCode::Esc, _) => return Ok(None),
            (KeyCode::Enter, _) => return Ok(Some(selected)),
            (code, _) => selected = moved(selected, code, boards.len() - 1),
        }
    }
}

fn moved(from: usize, code: KeyCode, last: usize) -> usize {
    match code {
        KeyCode::Char('j') | KeyCode::Down => (from + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => from.saturating_sub(1),
        KeyCode::Char('g') | KeyCode::Home => 0,
        KeyCode::Char('G') | KeyCode::End => last,
        KeyCode::PageDown => (from + 10).min(last),
        KeyCode::PageUp => from.saturating_sub(10),
        _ => from,
    }
}

fn suspended(screen: &mut Screen, signals: &mut Signals, group: bool) -> Result<(), ScreenError> {
    restore();
    suspend(group);
    signals.arrived();
    screen.enter_again()
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
    use super::*;

    #[test]
    fn a_board_whose_parent_was_killed_says_so() {
        let board = BoardChoice {
            name: "vx-install-7".to_owned(),
            title: "demo\u{1b}[2J".to_owned(),
            state: BoardState::Running,
            pid: 7,
            alive: Some(false),
            age_ms: 62_000,
            over: 3,
            slots: 12,
        };
        assert_eq!(lines(&[board], "…"), ["demo  vx-install-7  its parent is gone     3/12   1m02s ago  pid 7"]);
    }

    #[test]
    fn the_choice_stays_within_the_list() {
        assert_eq!(moved(0, KeyCode::Up, 4), 0);
        assert_eq!(moved(3, KeyCode::PageDown, 4), 4);
        assert_eq!(moved(4, KeyCode::Char('g'), 4), 0);
    }
}
