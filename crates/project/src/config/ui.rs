//! `[ui]` in the user's own `vx.toml`, in the home of vx: how views look for this user, in every project.
//!
//! The rest of that file isn't checked here: a mistake in one of its tools must not prevent viewing another project.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::entries::{self, ConfigEntry};
use super::reader::{ConfigReader, Value};
use crate::discover::{self, ProjectError};
use crate::problem::{ConfigErrors, LineStarts, Problem};

const KEYS: [&str; 6] = ["refresh_hz", "theme", "colours", "glyphs", "mouse", "keys"];

/// Highest refresh rate; faster changes can't be read.
const REFRESH_HZ_MAX: u64 = 30;

/// The user's settings for views; `None` if the file doesn't set them.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    /// The file, if it exists.
    pub path: Option<PathBuf>,
    /// Most frames per second for new data: 1 to 30.
    pub refresh_hz: Option<u8>,
    /// Set of colours.
    pub theme: Option<ThemeChoice>,
    /// How many colours the terminal has.
    pub colours: Option<ColourChoice>,
    /// Glyphs for bars and states.
    pub glyphs: Option<GlyphChoice>,
    /// Whether the dashboard uses the mouse.
    pub mouse: Option<bool>,
    /// Keys chosen for actions, in the order of the file.
    pub keys: Vec<Rebinding>,
    /// Every value of `[ui]`, with its place.
    pub entries: Vec<ConfigEntry>,
    /// Doubtful values that were ignored.
    pub warnings: Vec<Problem>,
    text: String,
}

/// An action and the keys chosen for it.
#[derive(Clone, Debug)]
pub struct Rebinding {
    /// Action, as named in the file.
    pub action: String,
    /// Keys, as named in the file.
    pub keys: Vec<String>,
    span: Range<usize>,
}

/// A setting whose value is one of a few words.
pub trait SettingChoice: Copy + Sized + 'static {
    /// Every word with its meaning.
    const WORDS: &'static [(&'static str, Self)];
}

/// Set of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeChoice {
    /// vx's own colours for the terminal's background, if the terminal reports it; else the terminal's own colours.
    Auto,
    /// No colours at all.
    None,
    /// The terminal's own sixteen.
    Terminal,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourChoice {
    /// As many as `COLORTERM` and `TERM` indicate.
    Auto,
    /// The sixteen colours that every terminal has.
    Sixteen,
    /// The 256 fixed colours.
    Indexed,
    /// Any 24-bit colour.
    True,
}

/// Glyphs for bars and states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlyphChoice {
    /// As the locale allows.
    Auto,
    /// Blocks, circles and marks.
    Unicode,
    /// ASCII only.
    Ascii,
}

impl SettingChoice for ThemeChoice {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("none", Self::None),
        ("terminal", Self::Terminal),
        ("dark", Self::Dark),
        ("light", Self::Light),
    ];
}

impl SettingChoice for ColourChoice {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("16", Self::Sixteen), ("256", Self::Indexed), ("true", Self::True)];
}

impl SettingChoice for GlyphChoice {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("unicode", Self::Unicode), ("ascii", Self::Ascii)];
}

impl Ui {
    /// Read the settings in the project file of this home; empty if there's no file.
    pub fn of_home(home: &Path) -> Result<Self, ProjectError> {
        match discover::find_in(home, |_| true) {
            Some(path) => Self::parse(&path, &discover::text(&path)?).map_err(ProjectError::Wrong),
            None => Ok(Self::default()),
        }
    }

    /// Parse `[ui]` in the text of a project file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let (document, mut reader) = ConfigReader::of_document(text);
        let mut ui = read(&mut reader, &document);
        let (problems, warnings) = reader.finish();
        if !problems.is_empty() {
            return Err(ConfigErrors { path: path.to_owned(), problems });
        }
        let mut entries = entries::list(text, &document);
        entries.retain(|entry| entry.key.starts_with("ui."));
        (ui.path, ui.entries, ui.warnings, ui.text) = (Some(path.to_owned()), entries, warnings, text.to_owned());
        Ok(ui)
    }

    /// Find a setting's entry, if the file has it.
    pub fn entry(&self, key: &str) -> Option<&ConfigEntry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Make the error for an invalid rebinding, with its place.
    pub fn refused(&self, rebinding: &Rebinding, message: String, advice: Option<String>) -> ConfigErrors {
        let problem = LineStarts::from_text(&self.text).problem(rebinding.span.clone(), &message, advice);
        ConfigErrors { path: self.path.clone().unwrap_or_default(), problems: vec![problem] }
    }
}

fn read(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> Ui {
    let Some(table) = reader.section(document, "ui") else { return Ui::default() };
    reader.known_keys("[ui]", table, &KEYS);
    let refresh_hz =
        table.get("refresh_hz").and_then(|value| reader.number("`refresh_hz`", value, 1..REFRESH_HZ_MAX + 1));
    Ui {
        refresh_hz: refresh_hz.and_then(|number| u8::try_from(number).ok()),
        theme: table.get("theme").and_then(|value| choice(reader, "`theme`", value)),
        colours: table.get("colours").and_then(|value| choice(reader, "`colours`", value)),
        glyphs: table.get("glyphs").and_then(|value| choice(reader, "`glyphs`", value)),
        mouse: table.get("mouse").and_then(|value| reader.boolean("`mouse`", value)),
        keys: rebindings(reader, table),
        ..Ui::default()
    }
}

/// Read a value that is one of a few words; a number counts as its digits.
fn choice<C: SettingChoice>(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<C> {
    let word = reader.scalar(value).unwrap_or_default();
    let found = C::WORDS.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let words: Vec<String> = C::WORDS.iter().map(|(known, _)| format!("\"{known}\"")).collect();
        let advice = Some(format!("write one of {}", words.join(", ")));
        reader.error(value.span(), format!("{what} is {}", reader.raw(value)), advice);
    }
    found.map(|(_, meaning)| *meaning)
}

fn rebindings(reader: &mut ConfigReader<'_>, table: &DeTable<'_>) -> Vec<Rebinding> {
    let Some(keys) = reader.section(table, "keys") else { return Vec::new() };
    let mut found: Vec<Rebinding> = keys
        .iter()
        .map(|(action, value)| {
            let action = action.get_ref().to_string();
            let keys = reader.strings(&format!("`keys.{action}`"), value);
            Rebinding { action, keys: keys.into_iter().map(|(key, _)| key).collect(), span: value.span() }
        })
        .collect();
    found.sort_by_key(|rebinding| rebinding.span.start);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Ui, String> {
        Ui::parse(Path::new("/h/vx.toml"), text).map_err(|errors| errors.render())
    }

    #[test]
    fn settings_are_read_with_their_line() {
        let ui =
            parse("[tools]\nnode = 7\n[ui]\nrefresh_hz = 4\ntheme = \"dark\"\ncolours = 256\nmouse = false\n").unwrap();
        assert_eq!((ui.refresh_hz, ui.theme), (Some(4), Some(ThemeChoice::Dark)));
        assert_eq!((ui.colours, ui.glyphs, ui.mouse), (Some(ColourChoice::Indexed), None, Some(false)));
        assert_eq!(ui.entry("ui.theme").map(|entry| (entry.value.as_str(), entry.line)), Some(("dark", 5)));
        assert_eq!(parse("").unwrap().refresh_hz, None);
    }

    #[test]
    fn an_invalid_setting_is_named_with_its_place_and_the_allowed_values() {
        for (text, expected) in [
            ("[ui]\ntheme = \"pink\"", "/h/vx.toml:2:9: error: `theme` is \"pink\""),
            ("[ui]\ntheme = \"pink\"", "write one of \"auto\", \"none\", \"terminal\", \"dark\", \"light\""),
            ("[ui]\nrefresh_hz = 0", "write a whole number from 1 to 30"),
            ("[ui]\nrefresh_hz = 31", "/h/vx.toml:2:14: error: `refresh_hz` is 31"),
            ("[ui]\ncolours = 8", "write one of \"auto\", \"16\", \"256\", \"true\""),
            ("[ui]\nglyphs = []", "`glyphs` is []"),
            ("[ui]\nmouse = \"off\"", "write true or false"),
            ("ui = 3", "`ui` is a number, not a table"),
            ("[ui]\nkeys = 3", "`keys` is a number, not a table"),
            ("[ui.keys]\nquit = 3", "/h/vx.toml:2:8: error: `keys.quit` is a number, not text"),
            ("[ui]\ntheme = \n", "/h/vx.toml:2"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(expected), "{text}:\n{message}");
        }
    }

    #[test]
    fn an_unknown_setting_is_ignored_with_a_warning() {
        let ui = parse("[ui]\ntheem = \"dark\"\n").unwrap();
        assert_eq!(ui.warnings.len(), 1);
        assert_eq!(ui.warnings[0].advice.as_deref(), Some("did you mean `theme`?"));
    }

    #[test]
    fn keys_come_in_the_order_of_the_file() {
        let ui = parse("[ui.keys]\nquit = \"Q\"\nfilter = [\"F\", \"/\"]\n").unwrap();
        let keys: Vec<(&str, usize)> = ui.keys.iter().map(|key| (key.action.as_str(), key.keys.len())).collect();
        assert_eq!(keys, [("quit", 1), ("filter", 2)]);
        assert!(ui.refused(&ui.keys[1], "no".into(), None).to_string().contains("vx.toml:3:10"));
    }
}
