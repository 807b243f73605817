//! Opening a place in a file in the user's editor.

use std::ffi::OsString;
use std::path::Path;

use vx_process::foreground;

/// The editor if neither `VISUAL` nor `EDITOR` is set.
const EDITOR: &str = "vi";

/// Open this file at this line, and at this column if the editor accepts one, and return when the user closes the
/// editor. `VISUAL` or `EDITOR` is a program with its arguments, separated by blanks.
pub(in crate::doors::cli) fn open(file: &Path, line: usize, column: Option<usize>) -> Result<(), String> {
    let set = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let chosen = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = chosen.as_deref().unwrap_or(EDITOR);
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let mut arguments: Vec<OsString> = words.map(OsString::from).collect();
    arguments.extend(place(program, file, line, column));
    let directory = std::env::current_dir().map_err(|error| error.to_string())?;
    match foreground(Path::new(program), &arguments, &[], &directory) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the editor `{editor}` failed: {status}")),
        Err(error) => Err(format!("cannot start the editor `{program}`: {error}; EDITOR can name another one")),
    }
}

/// The arguments that make this editor open a place in a file. Nearly all terminal editors accept `+LINE FILE`.
fn place(program: &str, file: &Path, line: usize, column: Option<usize>) -> Vec<OsString> {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut with_place = file.as_os_str().to_owned();
    with_place.push(format!(":{line}"));
    with_place.push(column.map(|column| format!(":{column}")).unwrap_or_default());
    let path = || file.as_os_str().to_owned();
    match name.as_str() {
        "code" | "code-insiders" | "codium" | "cursor" | "windsurf" => {
            vec!["--wait".into(), "--goto".into(), with_place]
        }
        "hx" | "helix" | "subl" | "zed" => vec![with_place],
        _ => match (name.as_str(), column) {
            ("vim" | "nvim" | "gvim", Some(column)) => {
                vec![format!("+call cursor({line},{column})").into(), path()]
            }
            ("nano", Some(column)) => vec![format!("+{line},{column}").into(), path()],
            ("emacs" | "emacsclient" | "kak" | "micro", Some(column)) => {
                vec![format!("+{line}:{column}").into(), path()]
            }
            _ => vec![format!("+{line}").into(), path()],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_given_in_the_way_of_the_editor() {
        let arguments = |program: &str, column| {
            let words = place(program, Path::new("/a/vx.toml"), 7, column);
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(arguments("vim", None), "+7 /a/vx.toml");
        assert_eq!(arguments("/usr/bin/code", None), "--wait --goto /a/vx.toml:7");
        assert_eq!(arguments("hx", None), "/a/vx.toml:7");
    }

    #[test]
    fn the_column_is_given_to_editors_that_take_one() {
        let arguments = |program: &str| {
            let words = place(program, Path::new("a.rs"), 7, Some(3));
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(arguments("nvim"), "+call cursor(7,3) a.rs");
        assert_eq!(arguments("vi"), "+7 a.rs");
        assert_eq!(arguments("nano"), "+7,3 a.rs");
        assert_eq!(arguments("emacsclient"), "+7:3 a.rs");
        assert_eq!(arguments("code"), "--wait --goto a.rs:7:3");
        assert_eq!(arguments("ed"), "+7 a.rs");
    }
}
