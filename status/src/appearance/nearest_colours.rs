//! Colours that other programs chose, brought to the palette in force.

use super::contrast::contrast;
use super::palette::{Colour, ColourDepth, Palette};
use super::{Hue, Tone};

/// The lightest dark and the darkest light background in common use: what is readable on these is on the others.
const DARK_GROUND: u32 = 0x303446;
const LIGHT_GROUND: u32 = 0xeee8d5;

/// Least contrast of a foreign colour with the background. With less, the terminal's text colour is shown.
const LEAST_CONTRAST: f64 = 3.0;

/// Least distance between the strongest and the weakest channel of a colour that doesn't count as grey.
const LEAST_CHROMA: u8 = 48;

impl Palette {
    /// The colour to show for `asked`, which another program named; `None` is the terminal's text colour. It stands for
    /// black, white and greys, which suit only one kind of background, and for colours without enough contrast.
    pub fn shown(self, asked: Colour) -> Option<Colour> {
        let asked = match asked {
            Colour::Indexed(number @ 0..16) => Colour::Own(number),
            other => other,
        };
        let (ground, depth) = match self {
            Self::Terminal => return own(asked).map(Colour::Own),
            Self::Dark(depth) => (DARK_GROUND, depth),
            Self::Light(depth) => (LIGHT_GROUND, depth),
        };
        match asked {
            Colour::Own(number) => self.like(number),
            Colour::Indexed(_) | Colour::True(_) if contrast(rgb_of(asked)?, ground) < LEAST_CONTRAST => None,
            Colour::True(rgb) if depth == ColourDepth::Indexed => Some(Colour::Indexed(nearest(rgb))),
            other => Some(other),
        }
    }

    /// Our own colour for one of the sixteen.
    fn like(self, number: u8) -> Option<Colour> {
        self.ink(match number % 8 {
            1 => Tone::Bad,
            2 => Tone::Good,
            3 => Tone::Warning,
            4 => Tone::Busy,
            5 => Tone::Live(Hue::Pink),
            6 => Tone::Live(Hue::Teal),
            // Bright black is the grey for less important text.
            _ if number == 8 => Tone::Quiet,
            _ => return None,
        })
    }
}

/// The nearest of the terminal's sixteen colours, by channels. `None` for black, white and greys, except bright black,
/// which the sixteen have for less important text.
fn own(asked: Colour) -> Option<u8> {
    if let Colour::Own(number) = asked {
        return Some(number).filter(|number| !matches!(number, 0 | 7 | 15));
    }
    let [red, green, blue] = channels(rgb_of(asked)?);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    if most - least < LEAST_CHROMA {
        return None;
    }
    let middle = most / 2 + least / 2;
    let number = u8::from(red > middle) | u8::from(green > middle) << 1 | u8::from(blue > middle) << 2;
    // Plain blue is hard to read on black in most sets.
    Some(if number == 4 { 12 } else { number })
}

/// The 24 bits of a colour that is the same everywhere; `None` for the terminal's own.
fn rgb_of(colour: Colour) -> Option<u32> {
    let packed = |[red, green, blue]: [u8; 3]| u32::from_be_bytes([0, red, green, blue]);
    Some(match colour {
        Colour::True(rgb) => rgb,
        Colour::Indexed(index @ 232..) => packed([8 + (index - 232) * 10; 3]),
        Colour::Indexed(index @ 16..) => {
            let index = index - 16;
            packed([index / 36, index / 6 % 6, index % 6].map(step))
        }
        Colour::Indexed(_) | Colour::Own(_) => return None,
    })
}

/// The brightness of a step of the cube of 216 colours.
fn step(part: u8) -> u8 {
    if part == 0 { 0 } else { 55 + part * 40 }
}

/// The nearest of the 216 colours of the cube, channel by channel.
fn nearest(rgb: u32) -> u8 {
    let part = |channel: u8| (0..6).min_by_key(|part| step(*part).abs_diff(channel)).unwrap_or_default();
    let [red, green, blue] = channels(rgb).map(part);
    16 + red * 36 + green * 6 + blue
}

fn channels(rgb: u32) -> [u8; 3] {
    let [_, red, green, blue] = rgb.to_be_bytes();
    [red, green, blue]
}

#[cfg(test)]
mod tests {
    use super::*;

    const DARK: Palette = Palette::Dark(ColourDepth::True);
    const LIGHT: Palette = Palette::Light(ColourDepth::True);

    #[test]
    fn the_sixteen_become_our_own_where_we_have_colours() {
        for palette in [DARK, LIGHT, Palette::Dark(ColourDepth::Indexed), Palette::Light(ColourDepth::Indexed)] {
            for number in [1, 9] {
                assert_eq!(palette.shown(Colour::Own(number)), palette.ink(Tone::Bad));
            }
            assert_eq!(palette.shown(Colour::Indexed(2)), palette.ink(Tone::Good));
            assert_eq!(palette.shown(Colour::Own(8)), palette.ink(Tone::Quiet));
            for number in [0, 7, 15] {
                assert_eq!(palette.shown(Colour::Own(number)), None);
            }
        }
        assert_eq!(Palette::Terminal.shown(Colour::Own(9)), Some(Colour::Own(9)));
        for number in [0, 7, 15] {
            assert_eq!(Palette::Terminal.shown(Colour::Own(number)), None, "readable on any background");
        }
    }

    #[test]
    fn a_colour_that_cannot_be_read_on_the_background_is_not_shown() {
        assert_eq!(DARK.shown(Colour::True(0xff8000)), Some(Colour::True(0xff8000)));
        assert_eq!(DARK.shown(Colour::Indexed(208)), Some(Colour::Indexed(208)));
        for hidden in [Colour::True(0x000000), Colour::True(0x303446), Colour::Indexed(17), Colour::Indexed(235)] {
            assert_eq!(DARK.shown(hidden), None, "{hidden:?}");
        }
        for hidden in [Colour::True(0xffffff), Colour::True(0xffff00), Colour::Indexed(231), Colour::Indexed(255)] {
            assert_eq!(LIGHT.shown(hidden), None, "{hidden:?}");
        }
    }

    #[test]
    fn more_colours_than_the_terminal_has_become_the_nearest() {
        assert_eq!(Palette::Dark(ColourDepth::Indexed).shown(Colour::True(0xff8700)), Some(Colour::Indexed(208)));
        for (rgb, number) in [(0xf04040, 1), (0x40c040, 2), (0xd0c020, 3), (0x3050ff, 12), (0xd040d0, 5), (0x20c0c0, 6)]
        {
            assert_eq!(Palette::Terminal.shown(Colour::True(rgb)), Some(Colour::Own(number)), "{rgb:06x}");
        }
        assert_eq!(Palette::Terminal.shown(Colour::True(0x808890)), None, "a grey");
        assert_eq!(Palette::Terminal.shown(Colour::Indexed(196)), Some(Colour::Own(1)));
    }
}
