//! The look of the views: glyphs and colours. No meaning depends on colour alone.

mod glyphs;
mod palette;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

pub(crate) use glyphs::Glyphs;
pub use palette::{Depth, Palette};

/// The abilities of the terminal and the wishes of its user. The caller decides from `NO_COLOR`, `CLICOLOR_FORCE`, the
/// locale, and the like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Use colours; without them only bold, dim and reverse.
    pub colour: bool,
    /// Draw with ASCII alone. Names and messages are shown as they are.
    pub ascii: bool,
    /// Use words only: no bars and no glyphs, for screen readers. For lines and tables only.
    pub words_only: bool,
    /// The set of colours, if colours are used.
    pub palette: Palette,
}

/// The purpose of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Quiet,
    Good,
    Bad,
    Warning,
    Busy,
}

/// A look, resolved for drawing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    pub(crate) glyphs: &'static Glyphs,
    pub(crate) words_only: bool,
    /// `None` for no colours at all.
    palette: Option<Palette>,
}

impl Theme {
    pub(crate) fn new(look: Look) -> Self {
        let glyphs = if look.ascii || look.words_only { &glyphs::ASCII } else { &glyphs::DRAWN };
        Self { glyphs, words_only: look.words_only, palette: look.colour.then_some(look.palette) }
    }

    /// The style of a tone in the full-screen view.
    pub(crate) fn style(&self, tone: Tone) -> Style {
        let colour = self.palette.and_then(|palette| palette.ink(tone));
        let plain = colour.map_or_else(Style::new, |colour| Style::new().fg(colour));
        match tone {
            Tone::Strong | Tone::Bad => plain.add_modifier(Modifier::BOLD),
            // The terminal decides how pale dim text is; the contrast of our own colours is tested.
            Tone::Quiet if colour.is_none() => plain.add_modifier(Modifier::DIM),
            _ => plain,
        }
    }

    /// A style that distinguishes neighbouring phases of a timeline; a letter names the phase.
    pub(crate) fn phase_style(&self, number: u8) -> Style {
        self.palette.map_or_else(Style::new, |palette| palette.phase(number))
    }

    /// Mark a row as the selected one; the pointer in front of it has the same meaning.
    pub(crate) fn select(&self, buffer: &mut Buffer, row: Rect) {
        let row = row.intersection(buffer.area);
        let band = self.palette.and_then(Palette::selection);
        for position in row.positions() {
            let cell = &mut buffer[position];
            cell.modifier.insert(Modifier::BOLD);
            if let Some((ground, text)) = band {
                cell.bg = ground;
                if cell.fg == Color::Reset {
                    cell.fg = text;
                }
            }
        }
    }

    /// `text`, which must be clean, with the tone's codes around it for the line-wise outputs.
    pub(crate) fn paint(&self, text: &str, tone: Tone) -> String {
        let Some(palette) = self.palette.filter(|_| !text.is_empty() && tone != Tone::Plain) else {
            return text.to_owned();
        };
        format!("\u{1b}[{}m{text}\u{1b}[0m", palette.code(tone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_code_is_written() {
        for palette in Palette::ALL {
            let theme = Theme::new(Look { ascii: true, palette, ..Look::default() });
            assert_eq!(theme.paint("failed", Tone::Bad), "failed");
            assert_eq!(theme.style(Tone::Good).fg, None);
            assert_eq!(theme.phase_style(3), Style::new());
        }
    }

    #[test]
    fn lines_are_painted_in_the_colours_of_the_palette() {
        let painted = |palette, tone| Theme::new(Look { colour: true, palette, ..Look::default() }).paint("x", tone);
        assert_eq!(painted(Palette::Terminal, Tone::Good), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(painted(Palette::Dark(Depth::Indexed), Tone::Good), "\u{1b}[38;5;114mx\u{1b}[0m");
        assert!(painted(Palette::Light(Depth::True), Tone::Bad).starts_with("\u{1b}[38;2;"));
        assert_eq!(painted(Palette::Light(Depth::True), Tone::Plain), "x");
    }
}
