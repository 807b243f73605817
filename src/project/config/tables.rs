//! The names of the tables.

use toml::de::DeTable;

use super::reader::Reader;

/// The tables without which a project would do something else in silence.
const TABLES: [&str; 5] = ["tools", "runtimes", "settings", "env", "scripts"];

/// Refuse a name that is one slip away from a table's, such as `[tool]`. Other unknown tables belong to other programs.
pub(super) fn check(reader: &mut Reader<'_>, document: &DeTable<'_>) {
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
