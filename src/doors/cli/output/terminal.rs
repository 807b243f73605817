//! The terminal and the reader of the output, as the environment describes them.

use std::path::PathBuf;

/// Returns whether a variable is set to a value that means yes.
fn yes(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// Returns whether to colour a stream: never with `NO_COLOR`, always with `CLICOLOR_FORCE`, else on terminals that are
/// not dumb.
pub(in crate::doors::cli) fn colours(terminal: bool) -> bool {
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return false;
    }
    yes("CLICOLOR_FORCE") || (terminal && !dumb())
}

/// Returns whether lines already printed may be drawn over.
pub(in crate::doors::cli) fn redraws(terminal: bool) -> bool {
    terminal && !dumb() && !yes("CI") && !accessible()
}

/// Returns whether the output is read aloud: then it is append-only and has no decoration.
pub(in crate::doors::cli) fn accessible() -> bool {
    yes("ACCESSIBLE")
}

/// Returns whether GitHub Actions reads the output.
pub(in crate::doors::cli) fn github_actions() -> bool {
    yes("GITHUB_ACTIONS")
}

/// The file for a summary of the step on GitHub Actions.
pub(in crate::doors::cli) fn github_step_summary() -> Option<PathBuf> {
    std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
