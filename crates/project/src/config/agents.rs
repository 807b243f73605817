//! `[agents]`: agents that the project declares, in the form of vx's own table of agents.
//!
//! A table is stored as it is written. Its keys don't matter before a turn asks for the agent, so a mistake in one
//! table stops nothing else. Tables of other programs may be among them.

use toml::de::DeTable;

/// An agent that a project declares: `[agents.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredAgent {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: toml::Table,
    /// Whether it may not run because its user has not consented.
    pub withheld: bool,
}

/// Read the agents of the file.
pub(super) fn read(text: &str, document: &DeTable<'_>) -> Vec<DeclaredAgent> {
    if !document.contains_key("agents") {
        return Vec::new();
    }
    // A file with syntax errors is refused as a whole, by the caller.
    let Some(toml::Value::Table(agents)) =
        toml::from_str::<toml::Table>(text).ok().and_then(|mut all| all.remove("agents"))
    else {
        return Vec::new();
    };
    let declared = |(name, value)| match value {
        toml::Value::Table(table) => Some(DeclaredAgent { name, table, withheld: false }),
        _ => None,
    };
    agents.into_iter().filter_map(declared).collect()
}
