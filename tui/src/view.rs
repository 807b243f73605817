//! The whole full-screen view as a pure function of the model: the same model gives the same cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::bindings::KeyAction;
use crate::keys;
use crate::model::{Mode, Model};
use crate::theme::{Styles, Theme, Tone};
use crate::widgets;

/// Draw the whole view. The buffer may be smaller than the model's screen; nothing is drawn outside of it.
pub(crate) fn draw(model: &Model, theme: &Theme, buffer: &mut Buffer) {
    let areas = model.areas();
    if let Some(line) = areas.line {
        let text = match model.mode {
            Mode::Leaving => in_a_line(&keys::answers(model)),
            _ => widgets::one_line(theme, model),
        };
        widgets::put(buffer, theme, (line.x, line.y), line.width, &text, theme.style(Tone::Plain));
        return;
    }
    widgets::header(buffer, theme, model, areas.header);
    if !areas.covered {
        widgets::grid(buffer, theme, model, areas.table);
    }
    if let Some(graph) = areas.graph {
        widgets::received(buffer, theme, model, Rect { y: graph.y + 1, height: graph.height - 1, ..graph });
    }
    if let Some(pane) = areas.pane {
        if areas.beside {
            let side = theme.glyphs.side;
            (pane.y..pane.bottom())
                .for_each(|y| widgets::fill(buffer, (pane.x - 1, y), 1, side, theme.style(Tone::Faint)));
        }
        widgets::pane(buffer, theme, model, pane);
    }
    widgets::footer(buffer, theme, model, &keys::offered(model), areas.footer);
    let above_footer = Rect::new(0, 0, model.size.0, model.size.1 - areas.footer.height).intersection(buffer.area);
    match model.mode {
        Mode::Helping => {
            let move_by_one = [model.keys.first(KeyAction::Down), model.keys.first(KeyAction::Up)].join(" ");
            widgets::help(buffer, theme, above_footer, &keys::all(model), model.help_top, &move_by_one);
        }
        Mode::Leaving => {
            let work = (model.kinds.noun(), model.totals.at_work);
            widgets::leaving(buffer, theme, above_footer, work, &keys::answers(model));
        }
        Mode::Browsing | Mode::Filtering | Mode::Searching | Mode::Streaming => {}
    }
}

/// Keys with their meaning, in the fewest words.
fn in_a_line(offers: &[keys::Offer]) -> String {
    let parts =
        offers.iter().map(|(key, meaning)| format!("{key} {}", meaning.split([':', ' ']).next().unwrap_or(meaning)));
    parts.collect::<Vec<_>>().join(", ")
}
