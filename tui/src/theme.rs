//! The styles of the full-screen view: tones and palettes, translated to styles of screen cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use vx_status::appearance::{Colour, Palette};
use vx_status::painted::Paint;

pub(crate) use vx_status::appearance::{Theme, Tone};

/// The terminal's own sixteen colours, by their numbers.
const OWN: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// A theme for the cells of a screen.
pub(crate) trait Styles {
    /// The style of a tone.
    fn style(&self, tone: Tone) -> Style;

    /// The style of a look that another program asks for, to be laid over plain text.
    fn paint_style(&self, paint: Paint) -> Style;

    /// Mark a row as selected; the pointer before it says the same.
    fn select(&self, buffer: &mut Buffer, row: Rect);
}

impl Styles for Theme {
    fn style(&self, tone: Tone) -> Style {
        let colour = self.palette.and_then(|palette| palette.ink(tone));
        // Clear the modifiers of whatever was drawn below.
        let plain = Style::new().fg(colour.map_or(Color::Reset, cell_colour)).remove_modifier(Modifier::all());
        let own = self.palette == Some(Palette::Terminal);
        match tone {
            Tone::Strong | Tone::Bad => plain.add_modifier(Modifier::BOLD),
            // The terminal decides how pale dim text is; the contrast of our own colours is tested.
            Tone::Quiet if colour.is_none() => plain.add_modifier(Modifier::DIM),
            Tone::Faint | Tone::Now if colour.is_none() => plain.add_modifier(Modifier::DIM),
            Tone::Past(_) if colour.is_none() || own => plain.add_modifier(Modifier::DIM),
            Tone::Warning | Tone::Busy if colour.is_none() => plain.add_modifier(Modifier::BOLD),
            _ => plain,
        }
    }

    fn paint_style(&self, paint: Paint) -> Style {
        let mut style = Style::new();
        for (asked, modifier) in [
            (paint.bold, Modifier::BOLD),
            (paint.dim, Modifier::DIM),
            (paint.italic, Modifier::ITALIC),
            (paint.underlined, Modifier::UNDERLINED),
        ] {
            if asked {
                style = style.add_modifier(modifier);
            }
        }
        let shown = self.palette.zip(paint.colour).and_then(|(palette, asked)| palette.shown(asked));
        shown.map_or(style, |colour| style.fg(cell_colour(colour)))
    }

    fn select(&self, buffer: &mut Buffer, row: Rect) {
        let row = row.intersection(buffer.area);
        let band = self.palette.and_then(Palette::selection);
        for position in row.positions() {
            let cell = &mut buffer[position];
            let Some((ground, text)) = band else {
                // In reverse, the terminal's own colours would make a patchwork.
                cell.fg = Color::Reset;
                cell.modifier.remove(Modifier::DIM);
                cell.modifier.insert(Modifier::REVERSED);
                continue;
            };
            cell.bg = cell_colour(ground);
            if cell.fg == Color::Reset {
                cell.fg = cell_colour(text);
            }
        }
    }
}

fn cell_colour(colour: Colour) -> Color {
    match colour {
        Colour::Own(number) => OWN[usize::from(number % 16)],
        Colour::Indexed(number) => Color::Indexed(number),
        Colour::True(rgb) => Color::from_u32(rgb),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::appearance::{Hue, OutputStyle};

    #[test]
    fn without_colour_no_cell_is_coloured() {
        for palette in Palette::ALL {
            let theme = Theme::new(OutputStyle { ascii: true, palette, ..OutputStyle::default() });
            assert_eq!(theme.style(Tone::Good).fg, Some(Color::Reset));
            assert_eq!(theme.style(Tone::Live(Hue::Violet)).fg, Some(Color::Reset));
        }
    }
}
