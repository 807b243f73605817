//! The colours: the terminal's own sixteen, or our own sets for dark and for light backgrounds.
//!
//! The terminal's own colours are the safe choice while the background is unknown: the user has chosen them to be
//! readable on it. Ours are made for one kind of background, and a test holds each of them to a contrast of 4.5.

use super::Tone;

/// The set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own sixteen.
    #[default]
    Terminal,
    /// For light text on a dark background.
    Dark(Depth),
    /// For dark text on a light background.
    Light(Depth),
}

/// The colour depth of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The fixed 240 colours of a terminal with 256.
    Indexed,
    /// Any 24-bit colour.
    True,
}

/// A colour, as a terminal is asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of the terminal's own sixteen, by its number.
    Own(u8),
    /// One of the 256, by its number.
    Indexed(u8),
    /// 24 bits: red, green, blue.
    True(u32),
}

/// The colours of a phase in a timeline; `None` for the terminal's own text colour and background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shade {
    /// The colour of its letter.
    pub letter: Option<Colour>,
    /// Its background.
    pub ground: Option<Colour>,
}

/// One set of colours, each as a palette index and as 24 bits.
struct Inks {
    strong: Ink,
    quiet: Ink,
    good: Ink,
    bad: Ink,
    warning: Ink,
    busy: Ink,
    /// The background of the selected row.
    selection: Ink,
    /// The backgrounds of the phases of a timeline after the first, in the order of their numbers, and the colour of
    /// the letters on them.
    phases: [Ink; 7],
    letter: Ink,
}

#[derive(Clone, Copy)]
struct Ink(u8, u32);

static DARK: Inks = Inks {
    strong: Ink(255, 0xf0f2f5),
    quiet: Ink(248, 0xa9b1bd),
    good: Ink(114, 0x8fd683),
    bad: Ink(210, 0xff8f8f),
    warning: Ink(221, 0xf0c864),
    busy: Ink(117, 0x74ccf0),
    selection: Ink(237, 0x333b4a),
    phases: [
        Ink(187, 0xd5cba8),
        Ink(183, 0xc8b4f0),
        Ink(117, 0x74ccf0),
        Ink(222, 0xf0c864),
        Ink(114, 0x8fd683),
        Ink(80, 0x5fd0c8),
        Ink(216, 0xf5a985),
    ],
    letter: Ink(16, 0x000000),
};

static LIGHT: Inks = Inks {
    strong: Ink(16, 0x0e1218),
    quiet: Ink(240, 0x545b66),
    good: Ink(22, 0x0b5f1c),
    bad: Ink(124, 0xa8101e),
    warning: Ink(58, 0x6b4800),
    busy: Ink(24, 0x005580),
    selection: Ink(254, 0xdfe6f2),
    phases: [
        Ink(58, 0x6a5d38),
        Ink(55, 0x5d3fa8),
        Ink(24, 0x005a88),
        Ink(94, 0x7d5200),
        Ink(22, 0x0f6522),
        Ink(23, 0x00605c),
        Ink(124, 0xa03512),
    ],
    letter: Ink(231, 0xffffff),
};

impl Palette {
    /// Every palette.
    pub const ALL: [Self; 5] = [
        Self::Terminal,
        Self::Dark(Depth::Indexed),
        Self::Dark(Depth::True),
        Self::Light(Depth::Indexed),
        Self::Light(Depth::True),
    ];

    /// The colour of a tone; `None` for the terminal's own text colour.
    pub fn ink(self, tone: Tone) -> Option<Colour> {
        let Some((inks, depth)) = self.inks() else {
            return match tone {
                Tone::Plain | Tone::Strong | Tone::Quiet => None,
                Tone::Good => Some(Colour::Own(2)),
                Tone::Bad => Some(Colour::Own(1)),
                Tone::Warning => Some(Colour::Own(3)),
                Tone::Busy => Some(Colour::Own(6)),
            };
        };
        let ink = match tone {
            Tone::Plain => return None,
            Tone::Strong => inks.strong,
            Tone::Quiet => inks.quiet,
            Tone::Good => inks.good,
            Tone::Bad => inks.bad,
            Tone::Warning => inks.warning,
            Tone::Busy => inks.busy,
        };
        Some(ink.at(depth))
    }

    /// The colours of a phase in a timeline: a letter on a background of its own. With the terminal's own colours, none
    /// of which is sure to be readable on another, it is a letter in its colour.
    pub fn phase(self, number: u8) -> Shade {
        /// Dark grey, grey, light blue, cyan, magenta, green, yellow, light red.
        const LETTERS: [u8; 8] = [8, 7, 12, 6, 5, 2, 3, 9];
        let letter = |letter| Shade { letter: Some(letter), ground: None };
        let number = usize::from(number);
        match self.inks() {
            // No work is done in the first phase, so it has no background.
            Some((inks, depth)) if number == 0 => letter(inks.quiet.at(depth)),
            Some((inks, depth)) => match inks.phases.get(number - 1) {
                Some(ground) => Shade { letter: Some(inks.letter.at(depth)), ground: Some(ground.at(depth)) },
                None => Shade::default(),
            },
            None => LETTERS.get(number).map_or_else(Shade::default, |own| letter(Colour::Own(*own))),
        }
    }

    /// The background of the selected row, and the colour of its plain text.
    pub fn selection(self) -> Option<(Colour, Colour)> {
        let (inks, depth) = self.inks()?;
        Some((inks.selection.at(depth), inks.strong.at(depth)))
    }

    /// The parameters of the escape code that switches a tone on.
    pub fn code(self, tone: Tone) -> String {
        let strength = match tone {
            Tone::Strong => "1",
            Tone::Quiet if self == Self::Terminal => "2",
            _ => "",
        };
        let colour = match self.ink(tone) {
            Some(Colour::Own(number @ 0..8)) => (30 + number).to_string(),
            Some(Colour::Own(number)) => (90 + number % 8).to_string(),
            Some(Colour::Indexed(index)) => format!("38;5;{index}"),
            Some(Colour::True(rgb)) => format!("38;2;{};{};{}", rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff),
            None => String::new(),
        };
        let separator = if strength.is_empty() || colour.is_empty() { "" } else { ";" };
        format!("{strength}{separator}{colour}")
    }

    fn inks(self) -> Option<(&'static Inks, Depth)> {
        match self {
            Self::Terminal => None,
            Self::Dark(depth) => Some((&DARK, depth)),
            Self::Light(depth) => Some((&LIGHT, depth)),
        }
    }
}

impl Ink {
    fn at(self, depth: Depth) -> Colour {
        match depth {
            Depth::Indexed => Colour::Indexed(self.0),
            Depth::True => Colour::True(self.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONES: [Tone; 6] = [Tone::Strong, Tone::Quiet, Tone::Good, Tone::Bad, Tone::Warning, Tone::Busy];

    /// Backgrounds in common use: black, and the lightest of the well-known dark themes; white, and the darkest light.
    const DARK_GROUNDS: [u32; 6] = [0x000000, 0x1e1e1e, 0x282a36, 0x002b36, 0x2e3440, 0x303446];
    const LIGHT_GROUNDS: [u32; 5] = [0xffffff, 0xfdf6e3, 0xeff1f5, 0xeee8d5, 0xf2e5bc];

    fn channels(colour: Colour) -> [u8; 3] {
        match colour {
            Colour::True(rgb) => [(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8],
            Colour::Indexed(index @ 16..=231) => {
                let step = |part: u8| if part == 0 { 0 } else { 55 + part * 40 };
                let index = index - 16;
                [step(index / 36), step(index / 6 % 6), step(index % 6)]
            }
            Colour::Indexed(index @ 232..) => [8 + (index - 232) * 10; 3],
            other => panic!("{other:?} is what the terminal makes of it"),
        }
    }

    /// The relative luminance of WCAG 2.2.
    fn luminance(colour: Colour) -> f64 {
        let [red, green, blue] = channels(colour).map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: Colour, other: Colour) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn black_on_white_has_the_contrast_of_the_standard() {
        assert!((contrast(Colour::True(0), Colour::True(0xffffff)) - 21.0).abs() < 1e-9);
        assert!((contrast(Colour::True(0x777777), Colour::True(0xffffff)) - 4.478).abs() < 1e-3);
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        let grounds = |palette| match palette {
            Palette::Dark(_) => DARK_GROUNDS.to_vec(),
            Palette::Light(_) => LIGHT_GROUNDS.to_vec(),
            Palette::Terminal => Vec::new(),
        };
        let mut weak = Vec::new();
        for palette in Palette::ALL.into_iter().filter(|palette| *palette != Palette::Terminal) {
            let (selection, plain) = palette.selection().expect("a band of its own");
            let mut pairs = vec![("plain".to_owned(), plain, selection)];
            for tone in TONES {
                let ink = palette.ink(tone).expect("a colour of its own");
                pairs.push((format!("{tone:?} selected"), ink, selection));
                pairs.extend(grounds(palette).iter().map(|on| (format!("{tone:?}"), ink, Colour::True(*on))));
            }
            for number in 0..8 {
                let shade = palette.phase(number);
                let ink = shade.letter.expect("a letter");
                pairs.extend(shade.ground.map(|on| (format!("phase {number}"), ink, on)));
            }
            let read = |(what, ink, on): &(String, Colour, Colour)| {
                let contrast = contrast(*ink, *on);
                (contrast < 4.5).then(|| format!("{palette:?} {what} {ink:?} on {on:?}: {contrast:.2}"))
            };
            weak.extend(pairs.iter().filter_map(read));
        }
        assert!(weak.is_empty(), "{}", weak.join("\n"));
    }

    #[test]
    fn no_two_phases_look_alike() {
        for palette in Palette::ALL {
            let styles: Vec<Shade> = (0..8).map(|number| palette.phase(number)).collect();
            for (at, style) in styles.iter().enumerate() {
                assert!(!styles[..at].contains(style), "{palette:?} {at}");
            }
            assert_eq!(palette.phase(8), Shade::default());
        }
    }
}
