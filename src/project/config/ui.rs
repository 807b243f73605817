//! `[ui]` of the user's own `vx.toml`, the one in the home: how the views look to this user, whatever the project.
//!
//! Nothing else of that file is judged here: a tool of it that is written wrongly must not take the view of another
//! project away.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::entries::{self, Entry};
use super::reader::{Reader, Value};
use crate::project::discover::{self, ProjectError};
use crate::project::problem::{ConfigErrors, Problem};

const KEYS: [&str; 6] = ["refresh_hz", "theme", "colours", "glyphs", "mouse", "keys"];

/// More pictures a second than these change faster than anybody reads.
const REFRESH_HZ_MAX: u64 = 30;

/// How the views look to this user; `None` where the file does not say.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    /// The file, where there is one.
    pub path: Option<PathBuf>,
    /// How often a second new data is drawn at most: 1 to 30.
    pub refresh_hz: Option<u8>,
    /// Which set of colours.
    pub theme: Option<ThemeChoice>,
    /// How many colours the terminal shows.
    pub colours: Option<ColourChoice>,
    /// Which shapes bars and states are drawn with.
    pub glyphs: Option<GlyphChoice>,
    /// Whether the dashboard takes the mouse.
    pub mouse: Option<bool>,
    /// Keys that stand for others, in the order of the file.
    pub keys: Vec<Rebinding>,
    /// Every value of `[ui]`, with its place.
    pub entries: Vec<Entry>,
    /// What is doubtful and was passed over.
    pub warnings: Vec<Problem>,
    text: String,
}

/// What an action is to be done by.
#[derive(Clone, Debug)]
pub struct Rebinding {
    /// The action, as the file names it.
    pub action: String,
    /// The keys, as the file names them.
    pub keys: Vec<String>,
    span: Range<usize>,
}

/// A choice that is written as one of a few words.
pub trait Choice: Copy + Sized + 'static {
    /// Every word and what it means.
    const WORDS: &'static [(&'static str, Self)];
}

/// Which set of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Ours for the terminal's ground where it says which that is, else the terminal's own colours.
    Auto,
    /// No colours at all.
    None,
    /// The terminal's own sixteen.
    Terminal,
    /// For a dark ground.
    Dark,
    /// For a light ground.
    Light,
}

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourChoice {
    /// As many as `COLORTERM` and `TERM` promise.
    Auto,
    /// The sixteen that every terminal has.
    Sixteen,
    /// The fixed 256.
    Indexed,
    /// Any of 24 bits.
    True,
}

/// Which shapes bars and states are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlyphChoice {
    /// As the locale says.
    Auto,
    /// Blocks, circles and marks.
    Unicode,
    /// ASCII alone.
    Ascii,
}

impl Choice for ThemeChoice {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("none", Self::None),
        ("terminal", Self::Terminal),
        ("dark", Self::Dark),
        ("light", Self::Light),
    ];
}

impl Choice for ColourChoice {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("16", Self::Sixteen), ("256", Self::Indexed), ("true", Self::True)];
}

impl Choice for GlyphChoice {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("unicode", Self::Unicode), ("ascii", Self::Ascii)];
}

impl Ui {
    /// What the project file in this home says; nothing where there is none.
    pub fn of_home(home: &Path) -> Result<Self, ProjectError> {
        match discover::find_in(home, |_| true) {
            Some(path) => Self::parse(&path, &discover::text(&path)?).map_err(ProjectError::Wrong),
            None => Ok(Self::default()),
        }
    }

    /// Understands `[ui]` of the text of a project file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let (document, mut reader) = Reader::of_document(text);
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

    /// The place of a setting, where the file has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// That a rebinding cannot be meant, with its place.
    pub fn refused(&self, rebinding: &Rebinding, message: String, advice: Option<String>) -> ConfigErrors {
        let problem = Problem::at(&self.text, rebinding.span.clone(), message, advice);
        ConfigErrors { path: self.path.clone().unwrap_or_default(), problems: vec![problem] }
    }
}

fn read(reader: &mut Reader<'_>, document: &DeTable<'_>) -> Ui {
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

/// A word among few; a number counts as its digits.
fn choice<C: Choice>(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Option<C> {
    let word = reader.scalar(value).unwrap_or_default();
    let found = C::WORDS.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let words: Vec<String> = C::WORDS.iter().map(|(known, _)| format!("\"{known}\"")).collect();
        let advice = Some(format!("write one of {}", words.join(", ")));
        reader.error(value.span(), format!("{what} is {}", reader.raw(value)), advice);
    }
    found.map(|(_, meaning)| *meaning)
}

fn rebindings(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Vec<Rebinding> {
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
        Ui::parse(Path::new("/h/vx.toml"), text).map_err(|errors| errors.to_string())
    }

    #[test]
    fn what_is_said_is_understood_with_its_line() {
        let ui =
            parse("[tools]\nnode = 7\n[ui]\nrefresh_hz = 4\ntheme = \"dark\"\ncolours = 256\nmouse = false\n").unwrap();
        assert_eq!((ui.refresh_hz, ui.theme), (Some(4), Some(ThemeChoice::Dark)));
        assert_eq!((ui.colours, ui.glyphs, ui.mouse), (Some(ColourChoice::Indexed), None, Some(false)));
        assert_eq!(ui.entry("ui.theme").map(|entry| (entry.value.as_str(), entry.line)), Some(("dark", 5)));
        assert_eq!(parse("").unwrap().refresh_hz, None);
    }

    #[test]
    fn what_cannot_be_meant_is_named_with_its_place_and_what_is_allowed() {
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
            let told = parse(text).expect_err(text);
            assert!(told.contains(expected), "{text}:\n{told}");
        }
    }

    #[test]
    fn an_unknown_setting_is_passed_over_with_a_word() {
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
