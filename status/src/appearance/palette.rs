//! The colours: the terminal's own sixteen, or our own sets for dark and for light backgrounds.
//!
//! The terminal's own colours are the safe choice while the background is unknown: the user has chosen them to be
//! readable on it. Ours are made for one kind of background, and a test holds each to the contrast of its role: what
//! has to be read to 4.5, letters and lines of running work to 3.5, and what is over to 2, since it must not be loud.

use super::Tone;

/// The set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own sixteen.
    #[default]
    Terminal,
    /// For light text on a dark background.
    Dark(ColourDepth),
    /// For dark text on a light background.
    Light(ColourDepth),
}

/// The colour depth of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourDepth {
    /// Fixed 240 colours of a terminal with 256.
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

/// One set of colours, each as a palette index and as 24 bits.
struct Inks {
    strong: Ink,
    quiet: Ink,
    faint: Ink,
    now: Ink,
    good: Ink,
    bad: Ink,
    warning: Ink,
    busy: Ink,
    /// Background of the selected row.
    selection: Ink,
    /// Running work, in the order of [`Hue::ALL`].
    live: [Ink; 8],
    /// Work that is over: the same, mixed with the background.
    past: [Ink; 8],
}

#[derive(Clone, Copy)]
struct Ink(u8, u32);

static DARK: Inks = Inks {
    strong: Ink(253, 0xe2e4ea),
    quiet: Ink(247, 0x999daa),
    faint: Ink(240, 0x50545f),
    now: Ink(242, 0x62656f),
    good: Ink(108, 0x7ebe82),
    bad: Ink(210, 0xf47777),
    warning: Ink(179, 0xe8ba5c),
    busy: Ink(75, 0x689ef0),
    selection: Ink(237, 0x262c3e),
    live: [
        Ink(75, 0x689ef0),
        Ink(141, 0xad8ee9),
        Ink(173, 0xe49856),
        Ink(73, 0x4ebaa6),
        Ink(175, 0xdf7db2),
        Ink(179, 0xd4b054),
        Ink(247, 0x999daa),
        Ink(108, 0x7ebe82),
    ],
    past: [
        Ink(67, 0x47699e),
        Ink(97, 0x725f9a),
        Ink(137, 0x94653e),
        Ink(66, 0x377a70),
        Ink(132, 0x915477),
        Ink(136, 0x8a743d),
        Ink(243, 0x666873),
        Ink(65, 0x557d5a),
    ],
};

static LIGHT: Inks = Inks {
    strong: Ink(235, 0x242832),
    quiet: Ink(240, 0x616774),
    faint: Ink(248, 0xb4b8c2),
    now: Ink(246, 0x94979f),
    good: Ink(22, 0x17763f),
    bad: Ink(124, 0xc4242c),
    warning: Ink(58, 0x935a00),
    busy: Ink(25, 0x2663c6),
    selection: Ink(189, 0xdee7f7),
    live: [
        Ink(25, 0x2663c6),
        Ink(61, 0x754fc2),
        Ink(130, 0xa74c0b),
        Ink(23, 0x0b7364),
        Ink(126, 0xb33477),
        Ink(94, 0x846000),
        Ink(240, 0x616774),
        Ink(22, 0x17763f),
    ],
    past: [
        Ink(68, 0x618dd5),
        Ink(140, 0x9a7fd2),
        Ink(173, 0xbe7d4e),
        Ink(73, 0x4e998e),
        Ink(175, 0xc76b9c),
        Ink(136, 0xa58b46),
        Ink(245, 0x8c909a),
        Ink(72, 0x579b73),
    ],
};

/// The terminal's own colours for work, in the order of [`Hue::ALL`].
const OWN: [u8; 8] = [12, 13, 3, 6, 5, 11, 7, 2];

impl Palette {
    /// Every palette.
    pub const ALL: [Self; 5] = [
        Self::Terminal,
        Self::Dark(ColourDepth::Indexed),
        Self::Dark(ColourDepth::True),
        Self::Light(ColourDepth::Indexed),
        Self::Light(ColourDepth::True),
    ];

    /// The colour of a tone; `None` for the terminal's own text colour.
    pub fn ink(self, tone: Tone) -> Option<Colour> {
        let Some((inks, depth)) = self.inks() else {
            return match tone {
                Tone::Plain | Tone::Strong | Tone::Quiet => None,
                Tone::Faint | Tone::Now => Some(Colour::Own(8)),
                Tone::Good => Some(Colour::Own(2)),
                Tone::Bad => Some(Colour::Own(1)),
                Tone::Warning => Some(Colour::Own(3)),
                Tone::Busy => Some(Colour::Own(12)),
                Tone::Live(hue) | Tone::Past(hue) => Some(Colour::Own(OWN[hue as usize])),
            };
        };
        let ink = match tone {
            Tone::Plain => return None,
            Tone::Strong => inks.strong,
            Tone::Quiet => inks.quiet,
            Tone::Faint => inks.faint,
            Tone::Now => inks.now,
            Tone::Good => inks.good,
            Tone::Bad => inks.bad,
            Tone::Warning => inks.warning,
            Tone::Busy => inks.busy,
            Tone::Live(hue) => inks.live[hue as usize],
            Tone::Past(hue) => inks.past[hue as usize],
        };
        Some(ink.to_colour(depth))
    }

    /// The background of the selected row, and the colour of its plain text.
    pub fn selection(self) -> Option<(Colour, Colour)> {
        let (inks, depth) = self.inks()?;
        Some((inks.selection.to_colour(depth), inks.strong.to_colour(depth)))
    }

    /// The parameters of the escape code that switches a tone on.
    pub fn code(self, tone: Tone) -> String {
        let strength = match tone {
            Tone::Strong => "1",
            Tone::Quiet | Tone::Past(_) if self == Self::Terminal => "2",
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

    fn inks(self) -> Option<(&'static Inks, ColourDepth)> {
        match self {
            Self::Terminal => None,
            Self::Dark(depth) => Some((&DARK, depth)),
            Self::Light(depth) => Some((&LIGHT, depth)),
        }
    }
}

impl Ink {
    fn to_colour(self, depth: ColourDepth) -> Colour {
        match depth {
            ColourDepth::Indexed => Colour::Indexed(self.0),
            ColourDepth::True => Colour::True(self.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appearance::Hue;

    /// Backgrounds in common use: black, and the lightest of the well-known dark themes; white, and the darkest light.
    const DARK_GROUNDS: [u32; 6] = [0x000000, 0x1e1e1e, 0x282a36, 0x002b36, 0x2e3440, 0x303446];
    const LIGHT_GROUNDS: [u32; 5] = [0xffffff, 0xfdf6e3, 0xeff1f5, 0xeee8d5, 0xf2e5bc];

    /// The tones with the least contrast of each role: texts, lines of running work, lines that are over, and rules.
    fn roles() -> Vec<(Tone, f64)> {
        let texts = [Tone::Strong, Tone::Quiet, Tone::Good, Tone::Bad, Tone::Warning, Tone::Busy];
        let rules = [Tone::Faint, Tone::Now];
        let lines = Hue::ALL.into_iter().flat_map(|hue| [(Tone::Live(hue), 3.5), (Tone::Past(hue), 2.0)]);
        texts.map(|tone| (tone, 4.5)).into_iter().chain(rules.map(|tone| (tone, 1.4))).chain(lines).collect()
    }

    fn rgb(colour: Colour) -> u32 {
        let packed = |[red, green, blue]: [u8; 3]| u32::from_be_bytes([0, red, green, blue]);
        match colour {
            Colour::True(rgb) => rgb,
            Colour::Indexed(index @ 16..=231) => {
                let step = |part: u8| if part == 0 { 0 } else { 55 + part * 40 };
                let index = index - 16;
                packed([step(index / 36), step(index / 6 % 6), step(index % 6)])
            }
            Colour::Indexed(index @ 232..) => packed([8 + (index - 232) * 10; 3]),
            other => panic!("{other:?} is what the terminal makes of it"),
        }
    }

    fn contrast(one: Colour, other: Colour) -> f64 {
        super::super::contrast::contrast(rgb(one), rgb(other))
    }

    #[test]
    fn every_tone_has_the_contrast_of_its_role_on_every_common_ground() {
        let grounds = |palette| match palette {
            Palette::Dark(_) => DARK_GROUNDS.to_vec(),
            Palette::Light(_) => LIGHT_GROUNDS.to_vec(),
            Palette::Terminal => Vec::new(),
        };
        let mut weak = Vec::new();
        for palette in Palette::ALL.into_iter().filter(|palette| *palette != Palette::Terminal) {
            let (selection, plain) = palette.selection().expect("a band of its own");
            let mut pairs = vec![("plain".to_owned(), plain, selection, 4.5)];
            for (tone, least) in roles() {
                let ink = palette.ink(tone).expect("a colour of its own");
                // The band is a little nearer to the text than the background.
                pairs.push((format!("{tone:?} selected"), ink, selection, least * 0.85));
                pairs.extend(grounds(palette).iter().map(|on| (format!("{tone:?}"), ink, Colour::True(*on), least)));
            }
            let read = |(what, ink, on, least): &(String, Colour, Colour, f64)| {
                let contrast = contrast(*ink, *on);
                (contrast < *least).then(|| format!("{palette:?} {what} {ink:?} on {on:?}: {contrast:.2}"))
            };
            weak.extend(pairs.iter().filter_map(read));
        }
        assert!(weak.is_empty(), "{}", weak.join("\n"));
    }

    #[test]
    fn work_that_is_over_is_quieter_than_the_same_work_while_it_runs() {
        for (palette, paper) in
            [(Palette::Dark(ColourDepth::True), 0x121218), (Palette::Light(ColourDepth::True), 0xfafafa)]
        {
            let on_paper = |tone| contrast(palette.ink(tone).expect("a colour of its own"), Colour::True(paper));
            for hue in Hue::ALL {
                let (live, past) = (on_paper(Tone::Live(hue)), on_paper(Tone::Past(hue)));
                assert!(live > past + 1.0 && past >= 3.0, "{palette:?} {hue:?}: {live:.2} and {past:.2}");
            }
        }
    }

    #[test]
    fn no_two_hues_look_alike() {
        for palette in Palette::ALL {
            for as_tone in [Tone::Live as fn(Hue) -> Tone, Tone::Past] {
                let inks = Hue::ALL.map(|hue| palette.ink(as_tone(hue)));
                for (at, ink) in inks.iter().enumerate() {
                    assert!(!inks[..at].contains(ink), "{palette:?} {at}");
                }
            }
        }
    }
}
