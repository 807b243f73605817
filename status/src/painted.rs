//! A line of a program's own output with the looks that it asks for, as far as they are safe: weight, slant, underline
//! and text colour. Every other request to the terminal is dropped.
//!
//! Backgrounds, reverse, blinking and hidden text are dropped, too: they are made for another background, and may hide
//! the text.

use vx_text::{clean_with_looks, last_printed};

use crate::appearance::Colour;

/// A look that a program asks for. The colour is as the program named it;
/// [`Palette::shown`](crate::appearance::Palette::shown) gives the one to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Heavier.
    pub bold: bool,
    /// Paler.
    pub dim: bool,
    /// Slanted.
    pub italic: bool,
    /// Underlined.
    pub underlined: bool,
    /// Colour of the text; `None` for the terminal's own.
    pub colour: Option<Colour>,
}

/// A clean line with its looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Painted {
    /// The text, as [`clean`](vx_text::clean) leaves it.
    pub text: String,
    /// The looks, each from a byte of the text on. The text before the first one is plain.
    pub paints: Vec<(usize, Paint)>,
}

impl Painted {
    /// Read a line as a terminal would show it last. Each line begins plain, so that it looks the same wherever reading
    /// began.
    pub fn from_line(line: &str) -> Self {
        let (mut paint, mut paints) = (Paint::default(), Vec::new());
        let text = clean_with_looks(last_printed(line), |at, parameters| {
            paint = after(paint, parameters);
            match paints.last_mut() {
                Some((place, last)) if *place == at => *last = paint,
                Some((_, last)) if *last == paint => {}
                None if paint == Paint::default() => {}
                _ => paints.push((at, paint)),
            }
        });
        Self { text, paints }
    }
}

/// Split a text of this many bytes into pieces by these looks, in order: the first byte of each, the byte behind it,
/// and its look; plain ones are left out.
pub fn pieces(bytes: usize, paints: &[(usize, Paint)]) -> impl Iterator<Item = (usize, usize, Paint)> {
    let ends = paints.iter().skip(1).map(|(at, _)| *at).chain([bytes]);
    let pieces = paints.iter().zip(ends).map(|((from, paint), to)| (*from, to, *paint));
    pieces.filter(|(from, to, paint)| from < to && *paint != Paint::default())
}

/// The look after these parameters of one sequence.
fn after(before: Paint, parameters: &str) -> Paint {
    let mut paint = before;
    let mut rest = parameters.split(';');
    while let Some(parameter) = rest.next() {
        // A parameter with colons holds the whole colour.
        let (number, parts) =
            parameter.split_once(':').map_or((parameter, None), |(number, parts)| (number, Some(parts)));
        let Some(number) = small(number) else { continue };
        let underline = parts.is_none_or(|parts| parts != "0");
        match number {
            0 => paint = Paint::default(),
            1 => paint.bold = true,
            2 => paint.dim = true,
            3 => paint.italic = true,
            4 => paint.underlined = underline,
            21 => paint.underlined = true,
            22 => (paint.bold, paint.dim) = (false, false),
            23 => paint.italic = false,
            24 => paint.underlined = false,
            30..=37 => paint.colour = Some(Colour::Own(number - 30)),
            90..=97 => paint.colour = Some(Colour::Own(number - 82)),
            39 => paint.colour = None,
            38 => paint.colour = colour(&mut rest, parts).or(paint.colour),
            // Skip their numbers, which would be misread as parameters.
            48 | 58 => drop(colour(&mut rest, parts)),
            _ => {}
        }
    }
    paint
}

/// The colour after a 38: from its own parts, or from the next parameters.
fn colour<'a>(rest: &mut impl Iterator<Item = &'a str>, parts: Option<&'a str>) -> Option<Colour> {
    let Some(parts) = parts else {
        return match small(rest.next()?)? {
            5 => Some(Colour::Indexed(small(rest.next()?)?)),
            2 => rgb([small(rest.next()?), small(rest.next()?), small(rest.next()?)]),
            _ => None,
        };
    };
    let numbers: Vec<Option<u8>> = parts.split(':').map(small).collect();
    match numbers[..] {
        [Some(5), Some(index)] => Some(Colour::Indexed(index)),
        // A colour space, perhaps empty, may come before the colour.
        [Some(2), red, green, blue] => rgb([red, green, blue]),
        [Some(2), _, red, green, blue, ..] => rgb([red, green, blue]),
        _ => None,
    }
}

fn rgb(channels: [Option<u8>; 3]) -> Option<Colour> {
    let [Some(red), Some(green), Some(blue)] = channels else { return None };
    Some(Colour::True(u32::from_be_bytes([0, red, green, blue])))
}

/// A parameter as a number; one that is left out is 0.
fn small(parameter: &str) -> Option<u8> {
    if parameter.is_empty() { Some(0) } else { parameter.parse().ok() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use vx_text::last_overwrite;

    fn paint(parameters: &str) -> Paint {
        after(Paint::default(), parameters)
    }

    fn coloured(colour: Colour) -> Paint {
        Paint { colour: Some(colour), ..Paint::default() }
    }

    #[test]
    fn safe_looks_are_kept_with_their_places() {
        let line = Painted::from_line("\u{1b}[1mred: \u{1b}[31mré\u{1b}[0m, \u{1b}[0;0mplain \u{1b}[4mend");
        assert_eq!(line.text, "red: ré, plain end");
        let bold = Paint { bold: true, ..Paint::default() };
        let both = Paint { colour: Some(Colour::Own(1)), ..bold };
        let underlined = Paint { underlined: true, ..Paint::default() };
        assert_eq!(
            pieces(line.text.len(), &line.paints).collect::<Vec<_>>(),
            [(0, 5, bold), (5, 8, both), (16, 19, underlined)]
        );
        assert_eq!(line.text.get(16..19), Some("end"));
    }

    #[test]
    fn colours_of_every_depth_are_known_in_both_spellings() {
        for (parameters, colour) in [
            ("31", Colour::Own(1)),
            ("97", Colour::Own(15)),
            ("38;5;208", Colour::Indexed(208)),
            ("38:5:208", Colour::Indexed(208)),
            ("38;2;255;128;0", Colour::True(0xff8000)),
            ("38:2:255:128:0", Colour::True(0xff8000)),
            ("38:2::255:128:0", Colour::True(0xff8000)),
            ("48;2;1;2;3;32", Colour::Own(2)),
        ] {
            assert_eq!(paint(parameters), coloured(colour), "{parameters}");
        }
    }

    #[test]
    fn what_may_hide_text_and_what_makes_no_sense_is_dropped() {
        for parameters in ["", "0", "5", "7", "8", "41", "107", "38", "38;5", "38;5;300", "999", "x", "?25", "4:0"] {
            assert_eq!(paint(parameters), Paint::default(), "{parameters}");
        }
        assert_eq!(paint("1;38;2;1;2"), Paint { bold: true, ..Paint::default() });
        assert_eq!(paint("1;2;3;4;31;22;23;24;39"), Paint::default());
    }

    #[test]
    fn the_last_overwrite_is_what_is_seen() {
        let line = Painted::from_line("\u{1b}[31m 10%\r\u{1b}[32m100%\u{1b}[0m\r\n");
        assert_eq!((line.text.as_str(), line.paints[0]), ("100%", (0, coloured(Colour::Own(2)))));
        let text = |line| Painted::from_line(line).text;
        assert_eq!((text("one\u{1b}[1Gtwo\u{1b}[G"), text("*\u{1b}[1G\u{1b}[0K")), ("two".into(), String::new()));
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_a_clean_line_and_every_piece_is_inside(text in "(\\PC|\u{1b}\\[[0-9;:]{0,12}m|.|\r)*") {
            let line = Painted::from_line(&text);
            prop_assert_eq!(&line.text, &last_overwrite(&text));
            for (from, to, _) in pieces(line.text.len(), &line.paints) {
                prop_assert!(line.text.get(from..to).is_some());
            }
        }
    }
}
