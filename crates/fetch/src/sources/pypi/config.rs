//! `pip.conf` and `uv.toml`: their paths, and the index that they name.

use std::path::PathBuf;

use crate::options::SourceOptions;
use crate::options::setting_places::{environments, pip_name, pip_of_system, pip_of_user, uv_of_system, uv_of_user};

/// The value of a setting, and its name.
pub(super) type Named = (String, String);

/// Index that `uv.toml` names: the project's, or else the user's, or else the machine's.
pub(super) fn from_uv(options: &SourceOptions) -> Option<Named> {
    uv_files(options).iter().find_map(|file| {
        let table: toml::Table = options.settings.read(file).ok()?.parse().ok()?;
        Some((uv_index(&table)?, format!("`index` of {}", file.display())))
    })
}

/// List all files that may name the index.
pub(super) fn files(options: &SourceOptions) -> Vec<PathBuf> {
    let mut files = uv_files(options);
    files.extend(pip_files(options));
    files.extend(options.variable("PIP_CONFIG_FILE").map(PathBuf::from));
    files
}

fn uv_files(options: &SourceOptions) -> Vec<PathBuf> {
    let variable = |name: &str| options.variable(name);
    let mut files: Vec<PathBuf> = match options.variable("UV_CONFIG_FILE") {
        Some(file) => vec![file.into()],
        None => options.settings.uv_upwards().collect(),
    };
    files.extend(uv_of_user(&variable));
    files.extend(uv_of_system(&variable));
    files
}

/// Index marked as default, or else one of the older settings.
pub(crate) fn uv_index(table: &toml::Table) -> Option<String> {
    let listed = table.get("index").and_then(toml::Value::as_array).into_iter().flatten();
    let mut defaults = listed.filter(|index| index.get("default").and_then(toml::Value::as_bool) == Some(true));
    let marked = defaults.find_map(|index| index.get("url"));
    let old = || table.get("index-url").or_else(|| table.get("pip")?.get("index-url"));
    marked.or_else(old)?.as_str().map(str::to_owned)
}

/// Index that pip's files name.
pub(super) fn from_pip(options: &SourceOptions) -> Option<Named> {
    pip_setting(options, "index-url")
}

/// Find a setting in pip's files. Later files win: the machine's, the user's, the virtual environment's, the one named
/// by a variable.
pub(super) fn pip_setting(options: &SourceOptions, key: &str) -> Option<Named> {
    let named = options.variable("PIP_CONFIG_FILE");
    if named.as_deref().is_some_and(|file| file == "/dev/null" || file.eq_ignore_ascii_case("nul")) {
        // That is the documented way to disable all files.
        return None;
    }
    let mut files = pip_files(options);
    files.extend(named.map(PathBuf::from));
    files.iter().rev().find_map(|file| {
        let text = options.settings.read(file).ok()?;
        Some((pip_value(&text, key)?, format!("`{key}` of {}", file.display())))
    })
}

fn pip_files(options: &SourceOptions) -> Vec<PathBuf> {
    let variable = |name: &str| options.variable(name);
    let mut files = pip_of_system(&variable);
    files.extend(pip_of_user(&variable));
    files.extend(environments(&variable).into_iter().map(|folder| folder.join(pip_name())));
    files
}

/// Find a value in the sections that `pip install` and `pip download` read; the command's own section wins over the
/// general one. Indented lines continue the value before them.
pub(crate) fn pip_value(text: &str, wanted: &str) -> Option<String> {
    let mut section = String::new();
    let mut values: Vec<(String, String)> = Vec::new();
    // Whether an indented line continues the last value.
    let mut open = false;
    for line in text.lines() {
        let line = line.trim_end();
        if line.trim_start().starts_with(['#', ';']) || line.is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let last = values.last_mut().filter(|_| open);
            last.into_iter().for_each(|(_, value)| value.extend(["\n", line.trim_start()]));
            continue;
        }
        open = false;
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_lowercase();
            continue;
        }
        let Some(at) = line.find(['=', ':']) else { continue };
        let key = line[..at].trim().trim_start_matches("--").to_lowercase().replace('_', "-");
        if key == wanted {
            values.push((section.clone(), line[at + 1..].trim().to_owned()));
            open = true;
        }
    }
    let last_in = |sections: &[&str]| {
        let of_these = values.iter().rev().filter(|(section, _)| sections.contains(&section.as_str()));
        of_these.map(|(_, value)| value.trim()).find(|value| !value.is_empty()).map(str::to_owned)
    };
    last_in(&["install", "download"]).or_else(|| last_in(&["global"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_sections_and_spellings_are_read() {
        let text = "; x\n[global]\nindex_url: https://a.invalid/simple\nextra-index-url =\n    https://no.invalid\n";
        assert_eq!(pip_value(text, "index-url").as_deref(), Some("https://a.invalid/simple"));
        let both =
            format!("{text}[install]\n--index-url = https://b.invalid/?a=b\n[freeze]\nindex-url = https://c.invalid\n");
        assert_eq!(pip_value(&both, "index-url").as_deref(), Some("https://b.invalid/?a=b"));
        assert_eq!(pip_value("index-url = x\n[global\nindex-url", "index-url"), None);
        let hosts = "[global]\ntrusted-host = a.invalid\n    b.invalid:8443\n\n    # x\n\tc.invalid\ncert = x\n    y\n";
        assert_eq!(pip_value(hosts, "trusted-host").as_deref(), Some("a.invalid\nb.invalid:8443\nc.invalid"));
    }

    #[test]
    fn uvs_default_index_is_read_in_every_form() {
        for text in [
            "[[index]]\nurl = \"https://extra.invalid\"\n[[index]]\nname = \"x\"\nurl = \"https://a.invalid\"\ndefault = true\n",
            "index-url = \"https://a.invalid\"",
            "[pip]\nindex-url = \"https://a.invalid\"",
        ] {
            assert_eq!(uv_index(&text.parse().unwrap()).as_deref(), Some("https://a.invalid"), "{text}");
        }
        assert_eq!(uv_index(&"[[index]]\nurl = \"https://extra.invalid\"".parse().unwrap()), None);
    }
}
