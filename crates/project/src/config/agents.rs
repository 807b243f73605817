//! `[agents]`: agents of the project's own, in the form of vx's own table of them.
//!
//! A table is kept as it is written: its keys are of no concern before a turn asks for the agent, so a fault in one stops
//! nothing else. Tables of other programs may be among them.

use toml::de::DeTable;

/// An agent that a project declares: `[agents.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredAgent {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: toml::Table,
    /// Whether it may not run without its user's consent, which is lacking.
    pub withheld: bool,
}

/// The agents of the file.
pub(super) fn read(text: &str, document: &DeTable<'_>) -> Vec<DeclaredAgent> {
    if !document.contains_key("agents") {
        return Vec::new();
    }
    // A file with faults is refused as a whole, elsewhere.
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
