//! The colours, shapes and keys of the views, from `[ui]` of the user's own `vx.toml` and from the environment.
//!
//! Here only settings and the environment decide. The full-screen view also asks the terminal for its background,
//! without waiting for the answer: [`asks_ground`] says whether an answer would change anything.

#[cfg(feature = "tui")]
mod dashboard;
#[cfg(not(feature = "tui"))]
#[path = "look/absent.rs"]
mod dashboard;

use vx_project::{ColourChoice, GlyphChoice, ThemeChoice, Ui};
use vx_status::appearance::{ColourDepth, Palette};

pub use dashboard::{keys, standard_mouse, standard_refresh_hz};

/// The colours to use on a stream that may be coloured; `None` for no colours.
pub fn palette(ui: &Ui, environment: impl Fn(&str) -> Option<String>) -> Option<Palette> {
    let ground = match ui.theme.unwrap_or(ThemeChoice::Auto) {
        ThemeChoice::None => return None,
        ThemeChoice::Terminal => None,
        ThemeChoice::Dark => Some(Palette::Dark as fn(ColourDepth) -> Palette),
        ThemeChoice::Light => Some(Palette::Light as fn(ColourDepth) -> Palette),
        ThemeChoice::Auto => ground(&environment),
    };
    let depth = match ui.colours.unwrap_or(ColourChoice::Auto) {
        ColourChoice::Sixteen => None,
        ColourChoice::Indexed => Some(ColourDepth::Indexed),
        ColourChoice::True => Some(ColourDepth::True),
        ColourChoice::Auto => depth(&environment),
    };
    Some(ground.zip(depth).map_or(Palette::Terminal, |(ground, depth)| ground(depth)))
}

/// The colour depth to use once the terminal has named its background; `None` if its answer would change nothing.
pub fn asks_ground(ui: &Ui, environment: impl Fn(&str) -> Option<String>) -> Option<ColourDepth> {
    match (ui.theme.unwrap_or(ThemeChoice::Auto), ui.colours.unwrap_or(ColourChoice::Auto)) {
        (ThemeChoice::Auto, ColourChoice::Indexed) => Some(ColourDepth::Indexed),
        (ThemeChoice::Auto, ColourChoice::True) => Some(ColourDepth::True),
        (ThemeChoice::Auto, ColourChoice::Auto) => depth(environment),
        _ => None,
    }
}

/// The name of these colours, for people.
pub fn named(palette: Option<Palette>) -> &'static str {
    match palette {
        None => "none",
        Some(Palette::Terminal) => "terminal",
        Some(Palette::Dark(ColourDepth::Indexed)) => "dark in 256 colours",
        Some(Palette::Dark(ColourDepth::True)) => "dark in true colours",
        Some(Palette::Light(ColourDepth::Indexed)) => "light in 256 colours",
        Some(Palette::Light(ColourDepth::True)) => "light in true colours",
    }
}

/// Returns whether to draw with ASCII alone.
pub fn ascii(ui: &Ui, environment: impl Fn(&str) -> Option<String>) -> bool {
    match ui.glyphs.unwrap_or(GlyphChoice::Auto) {
        GlyphChoice::Ascii => true,
        GlyphChoice::Unicode => false,
        GlyphChoice::Auto => !unicode(environment),
    }
}

/// The palette for the terminal's background, if `COLORFGBG` names it: its last number is the background's colour.
fn ground(environment: impl Fn(&str) -> Option<String>) -> Option<fn(ColourDepth) -> Palette> {
    let ground = environment("COLORFGBG")?.rsplit(';').next()?.parse().ok()?;
    match ground {
        0..=6 | 8 => Some(Palette::Dark),
        7 | 9..=15 => Some(Palette::Light),
        _ => None,
    }
}

/// The number of colours that `COLORTERM` and `TERM` promise; `None` for sixteen.
fn depth(environment: impl Fn(&str) -> Option<String>) -> Option<ColourDepth> {
    let term = environment("TERM").unwrap_or_default();
    let promised = environment("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    match term.as_str() {
        _ if promised || term.ends_with("-direct") => Some(ColourDepth::True),
        _ if term.contains("256color") => Some(ColourDepth::Indexed),
        _ => None,
    }
}

/// Returns whether the terminal shows more than ASCII, by the first locale variable that is set.
fn unicode(environment: impl Fn(&str) -> Option<String>) -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment(name).filter(|value| !value.is_empty()));
    cfg!(not(unix)) || locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn chosen(text: &str, variables: &[(&str, &str)]) -> Option<Palette> {
        let ui = Ui::parse(Path::new("vx.toml"), text).expect("settings");
        let environment =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        palette(&ui, environment)
    }

    #[test]
    fn an_unknown_ground_gets_the_terminals_own_colours() {
        let rich = [("COLORTERM", "truecolor"), ("TERM", "xterm-256color")];
        assert_eq!(chosen("", &rich), Some(Palette::Terminal));
        assert_eq!(chosen("", &[rich[0], ("COLORFGBG", "15;0")]), Some(Palette::Dark(ColourDepth::True)));
        assert_eq!(chosen("", &[rich[1], ("COLORFGBG", "0;default;15")]), Some(Palette::Light(ColourDepth::Indexed)));
        assert_eq!(chosen("", &[rich[1], ("COLORFGBG", "default;default")]), Some(Palette::Terminal));
        assert_eq!(chosen("", &[rich[1], ("COLORFGBG", "0;99")]), Some(Palette::Terminal));
        assert_eq!(chosen("", &[("TERM", "linux"), ("COLORFGBG", "15;0")]), Some(Palette::Terminal));
    }

    #[test]
    fn settings_count_before_the_terminals_promises() {
        let light = [("COLORTERM", "24bit"), ("COLORFGBG", "0;15")];
        assert_eq!(chosen("ui.theme = \"dark\"", &light), Some(Palette::Dark(ColourDepth::True)));
        assert_eq!(chosen("[ui]\ntheme = \"dark\"\ncolours = 256", &light), Some(Palette::Dark(ColourDepth::Indexed)));
        assert_eq!(chosen("[ui]\ntheme = \"light\"\ncolours = 16", &light), Some(Palette::Terminal));
        assert_eq!(chosen("ui.colours = \"true\"", &light[1..]), Some(Palette::Light(ColourDepth::True)));
        assert_eq!(chosen("ui.theme = \"terminal\"", &light), Some(Palette::Terminal));
        assert_eq!(chosen("ui.theme = \"none\"", &light), None);
    }

    #[test]
    fn the_terminal_is_asked_only_where_its_answer_counts() {
        let asks = |text: &str, term: &str| {
            let ui = Ui::parse(Path::new("vx.toml"), text).expect("settings");
            asks_ground(&ui, |name| (name == "TERM").then(|| term.to_owned()))
        };
        assert_eq!(asks("", "xterm-256color"), Some(ColourDepth::Indexed));
        assert_eq!(asks("ui.theme = \"auto\"", "foot-direct"), Some(ColourDepth::True));
        assert_eq!(asks("ui.colours = \"true\"", "screen"), Some(ColourDepth::True));
        for term in ["dumb", "screen", "linux", "vt100", ""] {
            assert_eq!(asks("", term), None, "{term}");
        }
        for text in ["ui.theme = \"dark\"", "ui.theme = \"none\"", "ui.theme = \"terminal\"", "ui.colours = 16"] {
            assert_eq!(asks(text, "xterm-256color"), None, "{text}");
        }
    }

    #[test]
    fn shapes_follow_the_locale_unless_they_are_chosen() {
        let ascii = |text, locale: &str| {
            let ui = Ui::parse(Path::new("vx.toml"), text).expect("settings");
            ascii(&ui, |name| (name == "LANG").then(|| locale.to_owned()))
        };
        assert!(!ascii("", "de_DE.UTF-8") && ascii("ui.glyphs = \"ascii\"", "de_DE.UTF-8"));
        #[cfg(unix)]
        assert!(ascii("", "C") && !ascii("ui.glyphs = \"unicode\"", "C"));
    }
}
