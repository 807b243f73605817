//! Versions pinned by another program's lock, as far as its format is known.

use std::collections::BTreeMap;

/// Read `tools.NAME = "1.2.3"` and `[tools.NAME] version = "1.2.3"`; ignore everything else.
pub(super) fn versions(table: &toml::Table) -> BTreeMap<String, String> {
    let Some(tools) = table.get("tools").and_then(toml::Value::as_table) else { return BTreeMap::new() };
    tools
        .iter()
        .filter_map(|(name, tool)| {
            let version = tool.as_str().or_else(|| tool.get("version")?.as_str())?;
            Some((name.clone(), version.to_owned()))
        })
        .collect()
}
