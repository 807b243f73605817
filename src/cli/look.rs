//! How the views look to this user: what `[ui]` of the user's own `vx.toml` says, then what the environment says.
//!
//! The terminal itself is never asked: one that does not answer would hold the view up.

use std::collections::BTreeMap;

use vx_tui::{DashboardOptions, Depth, KeyBindingError, KeyBindings, Look, Palette, Signs};

use super::failure::{Failure, USAGE};
use super::{print, terminal};
use crate::paths::Home;
use crate::project::{ColourChoice, GlyphChoice, ProjectError, ThemeChoice, Ui};

/// [`settings`], and a word about what is doubtful in them.
pub(super) fn checked_settings() -> Result<Ui, Failure> {
    let ui = settings()?;
    for warning in ui.path.iter().flat_map(|path| ui.warnings.iter().map(|warning| warning.render(path, "warning"))) {
        print::note(warning);
    }
    Ok(ui)
}

/// The user's own settings of the views; none where there is no home.
pub(super) fn settings() -> Result<Ui, Failure> {
    let Ok(home) = Home::from_environment() else { return Ok(Ui::default()) };
    Ui::of_home(home.root()).map_err(|error| match error {
        ProjectError::Wrong(errors) => {
            print::problems(errors);
            Failure::silent(USAGE)
        }
        error => Failure::hinted(USAGE, &error),
    })
}

/// How the dashboard is to be for this user; without `mouse`, whatever the settings say of it.
pub(super) fn dashboard(ui: &Ui, terminal: bool, mouse: bool) -> Result<DashboardOptions, Failure> {
    let standard = DashboardOptions::default();
    Ok(DashboardOptions {
        look: look(ui, terminal),
        signs: Signs::supported(terminal),
        keys: keys(ui)?,
        mouse: mouse && ui.mouse.unwrap_or(standard.mouse),
        refresh_hz: ui.refresh_hz.unwrap_or(standard.refresh_hz),
    })
}

/// Which keys mean what to this user.
pub(super) fn keys(ui: &Ui) -> Result<KeyBindings, Failure> {
    let chosen: BTreeMap<String, Vec<String>> =
        ui.keys.iter().map(|rebinding| (rebinding.action.clone(), rebinding.keys.clone())).collect();
    KeyBindings::try_from(&chosen).map_err(|error| {
        let about: Vec<&str> = match &error {
            KeyBindingError::UnknownAction { action }
            | KeyBindingError::UnknownKey { action, .. }
            | KeyBindingError::NeverSent { action, .. }
            | KeyBindingError::Kept { action, .. } => vec![action],
            KeyBindingError::Twice { first, second, .. } => vec![second, first],
            KeyBindingError::NoWayOut { action } => vec![action],
            _ => Vec::new(),
        };
        let guilty = about.iter().find_map(|name| ui.keys.iter().find(|rebinding| rebinding.action == *name));
        match guilty.or(ui.keys.first()) {
            Some(rebinding) => print::problems(ui.refused(rebinding, error.to_string(), None)),
            None => print::problems(&error),
        }
        Failure::silent(USAGE)
    })
}

/// Colours and glyphs for a stream.
pub(super) fn look(ui: &Ui, terminal: bool) -> Look {
    let environment = |name: &str| std::env::var(name).ok();
    let palette = palette(ui, environment);
    let colour = terminal::colours(terminal) && palette.is_some();
    Look {
        colour,
        palette: palette.unwrap_or_default(),
        ascii: ascii(ui, environment),
        words_only: terminal::accessible(),
    }
}

/// The colours to use on a stream that may have any; `None` for no colours at all.
pub(super) fn palette(ui: &Ui, environment: impl Fn(&str) -> Option<String>) -> Option<Palette> {
    let ground = match ui.theme.unwrap_or(ThemeChoice::Auto) {
        ThemeChoice::None => return None,
        ThemeChoice::Terminal => None,
        ThemeChoice::Dark => Some(Palette::Dark as fn(Depth) -> Palette),
        ThemeChoice::Light => Some(Palette::Light as fn(Depth) -> Palette),
        ThemeChoice::Auto => ground(&environment),
    };
    let depth = match ui.colours.unwrap_or(ColourChoice::Auto) {
        ColourChoice::Sixteen => None,
        ColourChoice::Indexed => Some(Depth::Indexed),
        ColourChoice::True => Some(Depth::True),
        ColourChoice::Auto => depth(&environment),
    };
    Some(ground.zip(depth).map_or(Palette::Terminal, |(ground, depth)| ground(depth)))
}

/// What a person calls these colours.
pub(super) fn named(palette: Option<Palette>) -> &'static str {
    match palette {
        None => "none",
        Some(Palette::Terminal) => "terminal",
        Some(Palette::Dark(Depth::Indexed)) => "dark in 256 colours",
        Some(Palette::Dark(Depth::True)) => "dark in true colours",
        Some(Palette::Light(Depth::Indexed)) => "light in 256 colours",
        Some(Palette::Light(Depth::True)) => "light in true colours",
    }
}

/// Whether to draw with ASCII alone.
pub(super) fn ascii(ui: &Ui, environment: impl Fn(&str) -> Option<String>) -> bool {
    match ui.glyphs.unwrap_or(GlyphChoice::Auto) {
        GlyphChoice::Ascii => true,
        GlyphChoice::Unicode => false,
        GlyphChoice::Auto => !terminal::unicode(environment),
    }
}

/// The set for the terminal's ground, where `COLORFGBG` says which that is: its last number is the ground's colour.
fn ground(environment: impl Fn(&str) -> Option<String>) -> Option<fn(Depth) -> Palette> {
    let ground = environment("COLORFGBG")?.rsplit(';').next()?.parse().ok()?;
    match ground {
        0..=6 | 8 => Some(Palette::Dark),
        7 | 9..=15 => Some(Palette::Light),
        _ => None,
    }
}

/// How many colours `COLORTERM` and `TERM` promise; `None` for sixteen.
fn depth(environment: impl Fn(&str) -> Option<String>) -> Option<Depth> {
    let term = environment("TERM").unwrap_or_default();
    let promised = environment("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    match term.as_str() {
        _ if promised || term.ends_with("-direct") => Some(Depth::True),
        _ if term.contains("256color") => Some(Depth::Indexed),
        _ => None,
    }
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
    fn a_ground_that_nobody_names_gets_the_terminals_own_colours() {
        let rich = [("COLORTERM", "truecolor"), ("TERM", "xterm-256color")];
        assert_eq!(chosen("", &rich), Some(Palette::Terminal));
        assert_eq!(chosen("", &[rich[0], ("COLORFGBG", "15;0")]), Some(Palette::Dark(Depth::True)));
        assert_eq!(chosen("", &[rich[1], ("COLORFGBG", "0;default;15")]), Some(Palette::Light(Depth::Indexed)));
        assert_eq!(chosen("", &[rich[1], ("COLORFGBG", "default;default")]), Some(Palette::Terminal));
        assert_eq!(chosen("", &[rich[1], ("COLORFGBG", "0;99")]), Some(Palette::Terminal));
        assert_eq!(chosen("", &[("TERM", "linux"), ("COLORFGBG", "15;0")]), Some(Palette::Terminal));
    }

    #[test]
    fn what_the_user_says_counts_before_what_the_terminal_promises() {
        let light = [("COLORTERM", "24bit"), ("COLORFGBG", "0;15")];
        assert_eq!(chosen("ui.theme = \"dark\"", &light), Some(Palette::Dark(Depth::True)));
        assert_eq!(chosen("[ui]\ntheme = \"dark\"\ncolours = 256", &light), Some(Palette::Dark(Depth::Indexed)));
        assert_eq!(chosen("[ui]\ntheme = \"light\"\ncolours = 16", &light), Some(Palette::Terminal));
        assert_eq!(chosen("ui.colours = \"true\"", &light[1..]), Some(Palette::Light(Depth::True)));
        assert_eq!(chosen("ui.theme = \"terminal\"", &light), Some(Palette::Terminal));
        assert_eq!(chosen("ui.theme = \"none\"", &light), None);
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
