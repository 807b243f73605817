//! uv and pip settings in a project's files.

use std::path::Path;

use super::config::{pip_value, uv_index};
use crate::source::NamedSetting;

/// pip's settings that the sources follow.
const OF_PIP: [&str; 4] = ["index-url", "cert", "client-cert", "trusted-host"];

/// List the settings in a file of uv or pip that the source follows; `None` for the files of other programs.
pub(super) fn followed_settings(file: &Path, text: &str) -> Option<Vec<NamedSetting>> {
    Some(if file.extension()? == "toml" { uv_settings(text) } else { pip_settings(text) })
}

fn uv_settings(text: &str) -> Vec<NamedSetting> {
    let index = text.parse::<toml::Table>().ok().and_then(|table| uv_index(&table));
    index.map(|index| ("index".to_owned(), index)).into_iter().collect()
}

fn pip_settings(text: &str) -> Vec<NamedSetting> {
    OF_PIP.into_iter().filter_map(|name| Some((name.to_owned(), pip_value(text, name)?))).collect()
}
