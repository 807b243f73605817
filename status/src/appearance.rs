//! The look of the views: glyphs and colours. No meaning depends on colour alone.

mod contrast;
mod glyphs;
mod nearest_colours;
mod palette;

pub use contrast::luminance;
pub use glyphs::Glyphs;
pub use palette::{Colour, ColourDepth, Palette};

/// The abilities of a terminal and the preferences of its user. The caller decides from `NO_COLOR`, `CLICOLOR_FORCE`,
/// the locale, and the like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputStyle {
    /// Use colours; without them only bold, dim and reverse.
    pub colour: bool,
    /// Draw with ASCII alone. Names and messages are shown as they are.
    pub ascii: bool,
    /// Use words only: no bars and no glyphs, for screen readers. For lines and tables only.
    pub words_only: bool,
    /// Set of colours, if colours are used.
    pub palette: Palette,
}

/// The purpose of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// A name or a heading.
    Strong,
    /// Of little importance.
    Quiet,
    /// Visible but not for reading: rules, and the mark of work that hasn't begun.
    Faint,
    /// Line for the present moment.
    Now,
    /// Success.
    Good,
    /// Failure.
    Bad,
    /// Needs attention.
    Warning,
    /// Work in progress.
    Busy,
    /// A lane or a letter of running work.
    Live(Hue),
    /// A lane or a letter of work that is over or only expected.
    Past(Hue),
}

/// The colour of a kind of activity, named after its look on a dark background. Each vocabulary assigns hues to its
/// steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hue {
    /// Downloading, running, using a tool.
    #[default]
    Blue,
    /// Verifying, thinking.
    Violet,
    /// Extracting, building.
    Orange,
    /// Linking, answering, finishing.
    Teal,
    /// Post-install.
    Pink,
    /// Resolving, preparing, starting.
    Gold,
    /// No work.
    Grey,
    /// Ready.
    Green,
}

impl Hue {
    /// Every hue.
    pub const ALL: [Self; 8] =
        [Self::Blue, Self::Violet, Self::Orange, Self::Teal, Self::Pink, Self::Gold, Self::Grey, Self::Green];
}

/// A style, resolved for drawing.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// The glyphs.
    pub glyphs: &'static Glyphs,
    /// Words only: neither glyphs nor bars.
    pub words_only: bool,
    /// `None` for no colours at all.
    pub palette: Option<Palette>,
}

impl Theme {
    /// The theme for a style.
    pub fn new(look: OutputStyle) -> Self {
        let glyphs = if look.ascii || look.words_only { &glyphs::ASCII } else { &glyphs::DRAWN };
        Self { glyphs, words_only: look.words_only, palette: look.colour.then_some(look.palette) }
    }

    /// `text`, which must be clean, with the tone's codes around it for the line-wise outputs.
    pub fn paint(&self, text: &str, tone: Tone) -> String {
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
            let theme = Theme::new(OutputStyle { ascii: true, palette, ..OutputStyle::default() });
            assert_eq!(theme.paint("failed", Tone::Bad), "failed");
        }
    }

    #[test]
    fn lines_are_painted_in_the_colours_of_the_palette() {
        let painted = |palette, tone| {
            Theme::new(OutputStyle { colour: true, palette, ..OutputStyle::default() }).paint("x", tone)
        };
        assert_eq!(painted(Palette::Terminal, Tone::Good), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(painted(Palette::Dark(ColourDepth::Indexed), Tone::Good), "\u{1b}[38;5;108mx\u{1b}[0m");
        assert!(painted(Palette::Light(ColourDepth::True), Tone::Bad).starts_with("\u{1b}[38;2;"));
        assert_eq!(painted(Palette::Light(ColourDepth::True), Tone::Plain), "x");
    }
}
