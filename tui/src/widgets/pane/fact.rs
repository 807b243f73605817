//! One line of the facts: a label, a bar or a graph, and words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_status::vocabulary::Phase;
use vx_text::units::tenths;

use crate::theme::{Styles, Theme, Tone};
use crate::widgets::graph::graph;
use crate::widgets::{meter, put, put_right, row_of};

/// Columns of a bar and of a graph.
const DRAWN: u16 = 24;
/// Columns of the longest label, with a blank.
pub(super) const LABELS: u16 = 14;
/// One line: a label, a drawing, and words.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) drawing: Drawing,
    pub(super) words: String,
    pub(super) quiet: bool,
}

#[derive(Debug, Default, PartialEq)]
pub(super) enum Drawing {
    #[default]
    None,
    Part(u16, Tone),
    Rates(Vec<u64>),
    /// Time in a phase, the usual time, and the longest time of all phases, in milliseconds.
    Phase {
        phase: Phase,
        here: Option<u64>,
        usual: Option<u64>,
        most: u64,
        live: bool,
    },
}

/// Draw the facts from line `top` on; values begin `indent` columns to the right.
pub(super) fn draw(buffer: &mut Buffer, theme: &Theme, facts: &[Fact], top: usize, indent: u16, area: Rect) {
    for (number, fact) in facts.iter().skip(top).enumerate() {
        let Some(row) = row_of(area, number) else { break };
        line(buffer, theme, fact, indent.max(LABELS), row);
    }
}

fn line(buffer: &mut Buffer, theme: &Theme, fact: &Fact, indent: u16, area: Rect) {
    let quiet = theme.style(Tone::Quiet);
    let x = area.x + indent;
    let room = area.right().saturating_sub(x);
    let drawn = DRAWN.min(room.saturating_sub(22));
    let words = theme.style(if fact.quiet { Tone::Quiet } else { Tone::Plain });
    match &fact.drawing {
        Drawing::Phase { phase, here, usual, most, live } => {
            let hue = phase.meaning().hue;
            let tone = if *live { Tone::Live(hue) } else { Tone::Past(hue) };
            put(buffer, theme, (area.x, area.y), 1, phase.letter(), theme.style(Tone::Live(hue)));
            put(buffer, theme, (area.x + 2, area.y), indent - 3, &fact.label, words);
            if let Some(ms) = here {
                put_right(buffer, theme, (x, area.y), 8.min(room), &tenths(*ms), words);
            }
            if let Some(ms) = usual {
                put_right(buffer, theme, (x + 8, area.y), 8.min(room.saturating_sub(8)), &tenths(*ms), quiet);
            }
            let at = if usual.is_some() { 18 } else { 10 };
            let long = |ms: u64| u128::from(ms) * u128::from(drawn) / u128::from((*most).max(1));
            let cells = |ms: u64| u16::try_from(long(ms)).unwrap_or_default().clamp(1, drawn.max(1));
            let whole = cells(usual.unwrap_or_default().max(here.unwrap_or_default()));
            let part = here.map_or(0, |ms| u32::from(cells(ms)) * 1000 / u32::from(whole));
            if drawn >= 6 {
                meter(buffer, theme, (x + at, area.y), whole, u16::try_from(part).unwrap_or(1000), tone);
                let after = x + at + drawn + 2;
                put(buffer, theme, (after, area.y), area.right().saturating_sub(after), &fact.words, quiet);
            }
        }
        drawing => {
            put(buffer, theme, (area.x, area.y), indent - 1, &fact.label, quiet);
            match drawing {
                Drawing::Part(part, tone) => meter(buffer, theme, (x, area.y), drawn, *part, *tone),
                Drawing::Rates(rates) => {
                    let shown = &rates[rates.len().saturating_sub(usize::from(drawn))..];
                    let area = Rect::new(x, area.y, drawn, 1);
                    graph(buffer, theme, shown, area, Tone::Past(vx_status::appearance::Hue::Blue));
                }
                _ => drop(put(buffer, theme, (x, area.y), room, &fact.words, words)),
            }
            if !matches!(drawing, Drawing::None) {
                let after = x + drawn + 2;
                put(buffer, theme, (after, area.y), area.right().saturating_sub(after), &fact.words, words);
            }
        }
    }
}
