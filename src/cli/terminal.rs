//! What the environment says about the terminal and about who reads the output.

use std::path::PathBuf;

/// Whether a variable is set to something that means yes.
fn yes(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// Whether to colour a stream: `NO_COLOR` says no, `CLICOLOR_FORCE` yes, else terminals that are not dumb.
pub(super) fn colours(terminal: bool) -> bool {
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return false;
    }
    yes("CLICOLOR_FORCE") || (terminal && !dumb())
}

/// Whether lines already printed may be drawn over.
pub(super) fn redraws(terminal: bool) -> bool {
    terminal && !dumb() && !yes("CI") && !accessible()
}

/// Whether output is to be read aloud: append-only, without art.
pub(super) fn accessible() -> bool {
    yes("ACCESSIBLE")
}

/// Whether GitHub Actions reads the output.
pub(super) fn github_actions() -> bool {
    yes("GITHUB_ACTIONS")
}

/// Where GitHub Actions wants a summary of the step.
pub(super) fn github_step_summary() -> Option<PathBuf> {
    std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Whether the terminal shows more than ASCII, by the first of the locale's variables that is set.
pub(super) fn unicode(environment: impl Fn(&str) -> Option<String>) -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment(name).filter(|value| !value.is_empty()));
    cfg!(not(unix)) || locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
