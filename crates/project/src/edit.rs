//! Changes a `vx.toml` in place: everything else in it stays as it is, including comments and line ends.

use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use vx_base::trouble::{Explain, TroubleKind};

/// Tables that declare tools; a new tool goes into the first.
const TABLES: [&str; 2] = ["tools", "runtimes"];
/// Key of a version in a tool's own table.
const VERSION: &str = "version";

/// Why a file can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It isn't TOML.
    #[error("it is not TOML: {}", .0.message())]
    NotToml(#[from] toml_edit::TomlError),
    /// The value that should declare tools is not a table.
    #[error("`{0}` is not a table")]
    NoTable(&'static str),
}

impl Explain for EditError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some("correct the file by hand".into())
    }
}

/// Return the text of a project file with this request for the tool, which it may declare already.
///
/// # Errors
/// The text isn't a project file's.
pub fn with_request(text: &str, tool: &str, request: &str) -> Result<String, EditError> {
    let mut document: DocumentMut = text.parse()?;
    let declares = |table: &&str| document.get(table).and_then(|tools| tools.as_table_like()?.get(tool)).is_some();
    let table = TABLES.iter().find(|table| declares(table)).copied().unwrap_or(TABLES[0]);
    let Some(tools) = document.get_mut(table) else {
        return Ok(with_line_ends_of(text, &format!("{}{}", up_to_a_table(text), new_table(table, tool, request))));
    };
    let tools = tools.as_table_like_mut().ok_or(EditError::NoTable(table))?;
    match tools.get_mut(tool).and_then(Item::as_table_like_mut) {
        Some(own) => set(own, VERSION, request),
        None => set(tools, tool, request),
    }
    Ok(with_line_ends_of(text, &document.to_string()))
}

/// Extend the text so that a table can follow it.
fn up_to_a_table(text: &str) -> String {
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n\n"),
    }
}

fn new_table(name: &str, tool: &str, request: &str) -> String {
    let mut tools = Table::new();
    tools.insert(tool, value(request));
    let mut document = DocumentMut::new();
    document.insert(name, Item::Table(tools));
    document.to_string()
}

/// Set a value; blanks and comments around the previous value stay.
fn set(table: &mut dyn TableLike, key: &str, text: &str) {
    let mut new = value(text);
    match table.get_mut(key) {
        Some(old) => {
            if let (Some(old), Some(new)) = (old.as_value(), new.as_value_mut()) {
                *new.decor_mut() = old.decor().clone();
            }
            *old = new;
        }
        None => drop(table.insert(key, new)),
    }
}

/// Give the edited text the line ends of the text before, if those are Windows'.
fn with_line_ends_of(before: &str, edited: &str) -> String {
    let returns = before.matches("\r\n").count();
    match returns > 0 && returns == before.matches('\n').count() {
        true => edited.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => edited.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Project;

    fn edited(text: &str, tool: &str, request: &str) -> String {
        let edited = with_request(text, tool, request).expect("it is TOML");
        let project = Project::parse(Path::new("vx.toml"), &edited).expect("a project");
        let found = project.tools.iter().find(|known| known.name == tool).expect("the tool");
        assert_eq!(found.request.text(), request, "{edited}");
        edited
    }

    #[test]
    fn only_the_version_changes() {
        let text =
            "# the tools\n[tools]\nnode   =  \"20\"  # for the site\nuv = '0.5'\n\n# the rest\n[scripts]\nb = \"a\"";
        let now = text.replace("\"20\"", "\"22\"");
        assert_eq!(edited(text, "node", "22").trim_end(), now);
        for (before, after) in [
            (
                "[tools]\nnode = { version = \"20\", optional = true } # x\n",
                "node = { version = \"22\", optional = true } # x",
            ),
            (
                "[tools.node]\n# which\nversion = \"20\"\noptional = true\n",
                "# which\nversion = \"22\"\noptional = true",
            ),
            ("tools.node = \"20\"\n", "tools.node = \"22\""),
            ("tools = { node = \"20\" }\n", "tools = { node = \"22\" }"),
            ("[runtimes]\nnode = \"20\"\n", "[runtimes]\nnode = \"22\""),
            ("[tools.node]\noptional = true\n", "[tools.node]\noptional = true\nversion = \"22\""),
        ] {
            assert!(edited(before, "node", "22").contains(after), "{before}");
        }
    }

    #[test]
    fn a_new_tool_is_the_last_of_its_table() {
        assert_eq!(edited("", "node", "22"), "[tools]\nnode = \"22\"\n");
        assert_eq!(edited("# mine\n", "npm:@a/b", "1"), "# mine\n\n[tools]\n\"npm:@a/b\" = \"1\"\n");
        let text = "[tools]\nuv = \"1\" # one\n\n# the scripts\n[scripts]\nb = \"a\"\n";
        assert_eq!(edited(text, "node", "22"), text.replace("# one\n", "# one\nnode = \"22\"\n"));
        let text = "[tools.uv]\nversion = \"1\"\n\n[scripts]\nb = \"a\"\n";
        let now = edited(text, "node", "22");
        assert!(now.contains("node = \"22\"") && now.contains("[tools.uv]\nversion = \"1\""), "{now}");
        assert!(
            edited("[scripts]\nb = \"a\"\n", "node", "22")
                .ends_with("[scripts]\nb = \"a\"\n\n[tools]\nnode = \"22\"\n")
        );
    }

    #[test]
    fn line_ends_stay() {
        let text = "# one\r\n[tools]\r\nnode = \"20\"\r\n\r\n[scripts]\r\nb = \"a\"\r\n";
        assert_eq!(edited(text, "node", "22"), text.replace("20", "22"));
        assert_eq!(edited(text, "uv", "1"), text.replace("\"20\"\r\n", "\"20\"\r\nuv = \"1\"\r\n"));
    }

    #[test]
    fn what_declares_no_tools_is_refused() {
        assert!(matches!(with_request("tools = 7", "node", "22"), Err(EditError::NoTable("tools"))));
        assert!(matches!(with_request("tools = ", "node", "22"), Err(EditError::NotToml(_))));
    }
}
