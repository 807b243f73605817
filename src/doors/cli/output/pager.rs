//! Showing a file in the user's pager.

use std::ffi::OsString;
use std::path::Path;

use vx_process::foreground;

/// The pager if `PAGER` is not set; `-R` passes colours through.
const PAGER: &str = "less -R";

/// Show this file, and return when the user closes the pager. `PAGER` is a program with its arguments, separated by
/// blanks.
pub(in crate::doors::cli) fn show(path: &Path) -> Result<(), String> {
    let chosen = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = chosen.as_deref().unwrap_or(PAGER);
    let mut words = pager.split_whitespace();
    let program = words.next().unwrap_or_default();
    let arguments: Vec<OsString> = words.map(OsString::from).chain([path.as_os_str().to_owned()]).collect();
    let directory = std::env::current_dir().map_err(|error| error.to_string())?;
    let ended = foreground(Path::new(program), &arguments, &[], &directory);
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the pager `{pager}` failed: {status}")),
        Err(error) if chosen.is_some() => Err(format!("cannot start the pager `{program}` that PAGER names: {error}")),
        Err(error) => Err(format!("cannot start the pager `{program}`: {error}; PAGER can name another one")),
    }
}
