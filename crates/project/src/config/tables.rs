//! Names of the tables, and `[project] root`, which ends the search for projects to inherit from.

use toml::de::DeTable;

use super::reader::{ConfigReader, kind};

/// Tables whose misspelt name would change what a project does without anyone noticing.
const TABLES: [&str; 7] = ["tools", "runtimes", "settings", "env", "scripts", "progress", "services"];

/// Refuse a name that is one slip away from a table's name, such as `[tool]`. Other unknown tables belong to other
/// programs.
pub(super) fn check(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) {
    for key in document.keys() {
        let name = key.get_ref().to_lowercase();
        let known = TABLES.contains(&key.get_ref().as_ref());
        let meant = TABLES.iter().find(|table| strsim::osa_distance(&name, table) <= 1);
        if let Some(meant) = meant.filter(|_| !known) {
            let message = format!("there is no table `{}`", key.get_ref());
            reader.error(key.span(), message, Some(format!("did you mean [{meant}]?")));
        }
    }
}

/// Whether the project inherits from no project further up. Any other value belongs to another program, and gives a
/// warning.
pub(super) fn is_root(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> bool {
    let table = document.get("project").and_then(|value| value.get_ref().as_table());
    let Some(value) = table.and_then(|table| table.get("root")) else { return false };
    if let Some(text) = value.get_ref().as_str().filter(|text| text.parse::<bool>().is_err()) {
        let message = format!("`root` of [project] is `{text}`, not true or false; it is ignored");
        reader.warn(value.span(), message, None);
        return false;
    }
    if value.get_ref().is_str() || value.get_ref().as_bool().is_some() {
        return reader.boolean("`root` of [project]", value).unwrap_or_default();
    }
    reader.warn(
        value.span(),
        format!("`root` of [project] is {}, not true or false; it is ignored", kind(value)),
        None,
    );
    false
}
