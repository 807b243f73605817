//! The query for the terminal's background, and its answer among the typed keys.
//!
//! A terminal answers through its input: at once, late or never. crossterm doesn't know such answers and reports their
//! bytes as keys: `Alt-]`, the text, and `Ctrl-G`. Nothing waits for an answer. While a query is open, keys that may
//! begin an answer are held back until they prove to be one, or not; then they are passed on as keys, in the order in
//! which they were typed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use vx_status::appearance::luminance;

/// The query (OSC 11). Terminals end the answer as the query ends. This end, BEL, is not an escape sequence by itself.
pub(crate) const QUESTION: &str = "\u{1b}]11;?\u{7}";

/// Times of the unanswered queries of all views of this process, the oldest first.
static OPEN: Mutex<VecDeque<Instant>> = Mutex::new(VecDeque::new());

/// Beginning of an answer, and its two possible ends.
const HEAD: &str = "\u{1b}]11;";
const ENDS: [&str; 2] = ["\u{7}", "\u{1b}\\"];
/// Longest answer, in characters: `rgba:` with four numbers has thirty.
const LONGEST: usize = 48;

/// From this relative luminance on (WCAG), black text has more contrast than white.
const LIGHT: f64 = 0.179;

/// A kind of background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminalBackground {
    Dark,
    Light,
}

/// Record that a query was sent.
pub(super) fn expect_answer() {
    OPEN.lock().push_back(Instant::now());
}

/// Returns whether a query has no answer yet.
pub(super) fn is_awaited() -> bool {
    !OPEN.lock().is_empty()
}

/// The time since the newest unanswered query.
pub(super) fn awaited_for() -> Option<Duration> {
    OPEN.lock().back().map(Instant::elapsed)
}

/// Record that an answer has arrived.
pub(super) fn answered() {
    OPEN.lock().pop_front();
}

/// Events that may be the beginning of an answer.
#[derive(Debug, Default)]
pub(super) struct BackgroundAnswerParser {
    held: Vec<Event>,
    text: String,
}

/// The result of an event that may belong to an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Taken {
    /// It is held back.
    Held,
    /// The answer is complete; `None` if its colour can't be parsed.
    Answer(Option<TerminalBackground>),
    /// These events aren't an answer.
    Events(Vec<Event>),
}

impl BackgroundAnswerParser {
    /// Returns whether events are held back.
    pub(super) fn is_begun(&self) -> bool {
        !self.held.is_empty()
    }

    /// Take the next event while an answer is expected.
    pub(super) fn feed(&mut self, event: Event) -> Taken {
        match &event {
            Event::Key(key) if !self.is_begun() || piece(key).is_some() => {}
            Event::Key(_) | Event::Paste(_) => return self.give_up(event),
            // New sizes don't arrive through the terminal's input.
            _ => return Taken::Events(vec![event]),
        }
        let Event::Key(key) = &event else { return Taken::Held };
        let Some(piece) = piece(key) else { return Taken::Events(vec![event]) };
        self.text.push_str(&piece);
        match judged(&self.text) {
            Judged::Begun => {
                self.held.push(event);
                Taken::Held
            }
            Judged::Whole(ground) => {
                self.release();
                Taken::Answer(ground)
            }
            Judged::Other if self.is_begun() => {
                // An answer may begin with this event.
                let mut events = self.release();
                match self.feed(event) {
                    Taken::Events(more) => events.extend(more),
                    Taken::Held | Taken::Answer(_) => {}
                }
                Taken::Events(events)
            }
            Judged::Other => {
                self.text.clear();
                Taken::Events(vec![event])
            }
        }
    }

    /// The events that were held back, once they prove not to be an answer.
    pub(super) fn release(&mut self) -> Vec<Event> {
        self.text.clear();
        std::mem::take(&mut self.held)
    }

    fn give_up(&mut self, event: Event) -> Taken {
        let mut events = self.release();
        events.push(event);
        Taken::Events(events)
    }
}

/// The characters that the terminal sent for this key, if they may be part of an answer.
fn piece(key: &KeyEvent) -> Option<String> {
    let (alt, control) = (key.modifiers.contains(KeyModifiers::ALT), key.modifiers.contains(KeyModifiers::CONTROL));
    match key.code {
        _ if key.kind != KeyEventKind::Press => None,
        KeyCode::Char('g') if control && !alt => Some("\u{7}".to_owned()),
        KeyCode::Char(character) if !control => Some(format!("{}{character}", if alt { "\u{1b}" } else { "" })),
        // A sequence that arrives in two parts begins with this key.
        KeyCode::Esc if !control && !alt => Some("\u{1b}".to_owned()),
        _ => None,
    }
}

enum Judged {
    Begun,
    Whole(Option<TerminalBackground>),
    Other,
}

fn judged(text: &str) -> Judged {
    if HEAD.starts_with(text) {
        return Judged::Begun;
    }
    let Some(rest) = text.strip_prefix(HEAD).filter(|_| text.len() <= LONGEST) else { return Judged::Other };
    if let Some(colour) = ENDS.iter().find_map(|end| rest.strip_suffix(end)) {
        return Judged::Whole(ground_of(colour));
    }
    let plain = |mark: char| mark.is_ascii_alphanumeric() || matches!(mark, ':' | '/' | '#');
    match rest.strip_suffix('\u{1b}').unwrap_or(rest).chars().all(plain) {
        true => Judged::Begun,
        false => Judged::Other,
    }
}

/// The kind of background with this colour, in X11 notation: `rgb:1e1e/1e1e/2e2e`, `rgba:` with an alpha, or `#1e1e2e`.
fn ground_of(colour: &str) -> Option<TerminalBackground> {
    let named = colour.strip_prefix("rgb:").or_else(|| colour.strip_prefix("rgba:"));
    let numbers: Vec<&str> = match (named, colour.strip_prefix('#')) {
        (Some(numbers), _) => numbers.split('/').collect(),
        (None, Some(digits)) if digits.is_ascii() && !digits.is_empty() && digits.len() % 3 == 0 => {
            let long = digits.len() / 3;
            (0..3).map(|place| &digits[place * long..(place + 1) * long]).collect()
        }
        _ => return None,
    };
    let [red, green, blue, ..] = numbers[..] else { return None };
    let rgb = u32::from_be_bytes([0, channel(red)?, channel(green)?, channel(blue)?]);
    Some(if luminance(rgb) >= LIGHT { TerminalBackground::Light } else { TerminalBackground::Dark })
}

/// The channel of one to four hexadecimal digits.
fn channel(digits: &str) -> Option<u8> {
    let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|count| (1..=4).contains(count))?)? - 1;
    u8::try_from(u32::from_str_radix(digits, 16).ok()? * 255 / most).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn plain(text: &str) -> Vec<Event> {
        text.chars().map(|character| key(KeyCode::Char(character), KeyModifiers::NONE)).collect()
    }

    fn alt(character: char) -> Event {
        key(KeyCode::Char(character), KeyModifiers::ALT)
    }

    fn bell() -> Event {
        key(KeyCode::Char('g'), KeyModifiers::CONTROL)
    }

    fn esc() -> Event {
        key(KeyCode::Esc, KeyModifiers::NONE)
    }

    /// The events passed on, including those still held at the end, and the answers.
    fn through(events: Vec<Event>) -> (Vec<Event>, Vec<Option<TerminalBackground>>) {
        let (mut answer, mut events_out, mut answers) = (BackgroundAnswerParser::default(), Vec::new(), Vec::new());
        for event in events {
            match answer.feed(event) {
                Taken::Held => {}
                Taken::Answer(ground) => answers.push(ground),
                Taken::Events(events) => events_out.extend(events),
            }
        }
        events_out.extend(answer.release());
        (events_out, answers)
    }

    #[test]
    fn an_answer_is_no_key_whichever_way_it_arrives() {
        let colour = plain("11;rgb:1e1e/1e1e/2e2e");
        for (head, end) in [
            (vec![alt(']')], vec![bell()]),
            (vec![alt(']')], vec![alt('\\')]),
            (vec![esc(), plain("]")[0].clone()], vec![bell()]),
            (vec![alt(']')], vec![esc(), plain("\\")[0].clone()]),
        ] {
            let events = [head, colour.clone(), end].concat();
            assert_eq!(through(events.clone()), (Vec::new(), vec![Some(TerminalBackground::Dark)]), "{events:?}");
        }
    }

    #[test]
    fn no_key_around_an_answer_is_lost() {
        let answer = [vec![alt(']')], plain("11;rgb:ffff/ffff/ffff"), vec![bell()]].concat();
        let (before, after) = ([plain("jk"), vec![esc()]].concat(), [vec![esc(), alt(']')], plain("1r")].concat());
        let typed = [before.clone(), answer, after.clone()].concat();
        assert_eq!(through(typed), ([before, after].concat(), vec![Some(TerminalBackground::Light)]));
    }

    #[test]
    fn keys_that_begin_like_an_answer_are_keys_once_they_are_none() {
        let paste = Event::Paste("x".to_owned());
        for typed in [
            vec![alt(']')],
            [vec![alt(']')], plain("11;rgb:"), vec![key(KeyCode::Down, KeyModifiers::NONE)]].concat(),
            [vec![alt(']')], plain("1x")].concat(),
            [vec![esc()], plain("q")].concat(),
            vec![esc(), esc(), alt(']'), alt(']')],
            [vec![alt(']')], plain("11;"), vec![paste]].concat(),
            [vec![alt(']')], plain(&format!("11;{}", "1".repeat(LONGEST)))].concat(),
            vec![bell(), key(KeyCode::Char('c'), KeyModifiers::CONTROL)],
        ] {
            assert_eq!(through(typed.clone()), (typed, Vec::new()));
        }
    }

    #[test]
    fn a_new_size_does_not_end_an_answer() {
        let size = Event::Resize(80, 24);
        let events = [vec![alt(']'), size.clone()], plain("11;#ffffff"), vec![bell()]].concat();
        assert_eq!(through(events), (vec![size], vec![Some(TerminalBackground::Light)]));
    }

    #[test]
    fn colours_are_dark_or_light_in_every_spelling() {
        for (colour, ground) in [
            ("rgb:0000/0000/0000", Some(TerminalBackground::Dark)),
            ("rgb:2e/34/40", Some(TerminalBackground::Dark)),
            ("rgb:fdfd/f6f6/e3e3", Some(TerminalBackground::Light)),
            ("rgba:ff/ff/ff/80", Some(TerminalBackground::Light)),
            ("rgb:f/f/f", Some(TerminalBackground::Light)),
            ("#002b36", Some(TerminalBackground::Dark)),
            ("#eee8d5", Some(TerminalBackground::Light)),
            ("rgb:0000/0000", None),
            ("rgb:00000/0/0", None),
            ("rgb:x/0/0", None),
            ("", None),
        ] {
            assert_eq!(ground_of(colour), ground, "{colour}");
        }
    }
}
