//! npm settings in a project's files.

use std::path::Path;

use crate::source::NamedSetting;

/// List the settings in an `.npmrc` that the source may follow; `None` for the files of other programs.
pub(super) fn followed_settings(file: &Path, text: &str) -> Option<Vec<NamedSetting>> {
    file.extension().is_none().then(|| npmrc_settings(text))
}

/// List the lines of an `.npmrc`, without comments and without plain settings that no source follows.
fn npmrc_settings(text: &str) -> Vec<NamedSetting> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with([';', '#']));
    let setting = |line: &str| {
        let (name, value) = line.split_once('=').map_or((line, ""), |(name, value)| (name.trim(), value.trim()));
        (name.to_owned(), value.to_owned())
    };
    lines.map(setting).filter(|(name, _)| !is_harmless(name)).collect()
}

/// Whether a name is in plain letters and none of the settings that the sources follow. A name in any other form, such
/// as in quotes, may be one of them.
fn is_harmless(name: &str) -> bool {
    const FOLLOWED: [&str; 9] = [
        "registry",
        "replace-registry-host",
        "min-release-age",
        "trust-policy",
        "trust-policy-ignore-after",
        "cafile",
        "strict-ssl",
        "cert",
        "key",
    ];
    let plain = name.chars().all(|character| character.is_ascii_lowercase() || character == '-');
    plain && !name.is_empty() && !FOLLOWED.contains(&name)
}
