//! A key and its name.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Names of the keys that aren't characters.
pub(super) const NAMES: [(&str, KeyCode); 15] = [
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
];

/// Highest function key.
const FUNCTION_KEYS: u8 = 12;

/// A key with its modifiers. A capital is a key by itself, so Shift is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyChord {
    code: KeyCode,
    control: bool,
    alt: bool,
}

impl KeyChord {
    pub(super) fn from_event(event: &KeyEvent) -> Self {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        Self { code: plain(event.code, control), control, alt: event.modifiers.contains(KeyModifiers::ALT) }
    }

    /// The key of this name: a character, or a name such as `PgUp` or `F5`; either may follow `Ctrl-` or `Alt-`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (name, control) = name.strip_prefix("Ctrl-").map_or((name, false), |rest| (rest, true));
        let (name, alt) = name.strip_prefix("Alt-").map_or((name, false), |rest| (rest, true));
        let mut characters = name.chars();
        let code = match (characters.next()?, characters.next()) {
            (character, None) if !character.is_control() && character != ' ' => KeyCode::Char(character),
            ('F', Some(_)) if let Ok(number @ 1..=FUNCTION_KEYS) = name[1..].parse() => KeyCode::F(number),
            _ => NAMES.iter().find(|(known, _)| *known == name)?.1,
        };
        Some(Self { code: plain(code, control), control, alt })
    }

    /// The key that a terminal sends in place of this one, since both have the same byte.
    pub(super) fn sent_as(self) -> Option<&'static str> {
        match self.code {
            _ if !self.control => None,
            KeyCode::Char('m') | KeyCode::Enter => Some("Enter"),
            KeyCode::Char('i') | KeyCode::Tab => Some("Tab"),
            KeyCode::Char('[') | KeyCode::Esc => Some("Esc"),
            _ => None,
        }
    }
}

/// The key as terminals send it: Ctrl-C and Ctrl-c are the same.
fn plain(code: KeyCode, control: bool) -> KeyCode {
    match code {
        KeyCode::Char(character) if control => KeyCode::Char(character.to_ascii_lowercase()),
        code => code,
    }
}

impl fmt::Display for KeyChord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = [(self.control, "Ctrl-"), (self.alt, "Alt-")];
        prefix.iter().filter(|(held, _)| *held).try_for_each(|(_, name)| f.write_str(name))?;
        match self.code {
            KeyCode::Char(character) if self.control => write!(f, "{}", character.to_ascii_uppercase()),
            KeyCode::F(number) => write!(f, "F{number}"),
            code => match (NAMES.iter().find(|(_, known)| *known == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, KeyCode::Char(character)) => write!(f, "{character}"),
                (None, _) => Ok(()),
            },
        }
    }
}
