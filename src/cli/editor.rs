//! Opening a line of a file in the user's editor.

use std::ffi::OsString;
use std::path::Path;

use crate::process::foreground;

/// The editor if neither `VISUAL` nor `EDITOR` is set.
const EDITOR: &str = "vi";

/// Open this file at this line, and return when the user closes the editor. `VISUAL` or `EDITOR` is a program with its
/// arguments, separated by blanks.
pub(super) fn open(file: &Path, line: usize) -> Result<(), String> {
    let set = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let chosen = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = chosen.as_deref().unwrap_or(EDITOR);
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let mut arguments: Vec<OsString> = words.map(OsString::from).collect();
    arguments.extend(place(program, file, line));
    let directory = std::env::current_dir().map_err(|error| error.to_string())?;
    match foreground(Path::new(program), &arguments, &[], &directory) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the editor `{editor}` failed: {status}")),
        Err(error) => Err(format!("cannot start the editor `{program}`: {error}; EDITOR can name another one")),
    }
}

/// The arguments by which this program opens a line of a file. Nearly all editors of terminals take `+LINE FILE`.
fn place(program: &str, file: &Path, line: usize) -> Vec<OsString> {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut with_line = file.as_os_str().to_owned();
    with_line.push(format!(":{line}"));
    match name.as_str() {
        "code" | "code-insiders" | "codium" | "cursor" | "windsurf" => {
            vec!["--wait".into(), "--goto".into(), with_line]
        }
        "hx" | "helix" | "subl" | "zed" => vec![with_line],
        _ => vec![format!("+{line}").into(), file.as_os_str().to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_given_in_the_way_of_the_editor() {
        let arguments = |program: &str| {
            let words = place(program, Path::new("/a/vx.toml"), 7);
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(arguments("vim"), "+7 /a/vx.toml");
        assert_eq!(arguments("/usr/bin/code"), "--wait --goto /a/vx.toml:7");
        assert_eq!(arguments("hx"), "/a/vx.toml:7");
    }
}
