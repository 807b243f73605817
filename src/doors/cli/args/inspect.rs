//! The arguments of the commands that examine the home, the project and the settings.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::values::duration;

/// Arguments of `vx doctor`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct DoctorArguments {
    /// Repair everything that needs no decision: reinstall changed releases, lock, remove leftovers.
    #[arg(long)]
    pub fix: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Compare the names, kinds and sizes of installed files only, not their content.
    #[arg(long)]
    pub quick: bool,
    /// Don't check that the registries answer.
    #[arg(long)]
    pub offline: bool,
    /// The most time for each release that `--fix` installs again, such as `90s` [default: 5m].
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "fix")]
    pub timeout: Option<Duration>,
}

pub(super) const DOCTOR_CODES: &str = "Exit codes: 0 no problem is left; 1 a problem is left; 2 wrong usage. \
    Advice doesn't count as a problem. Without `--fix` nothing is changed.";

/// Arguments of `vx config`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct ConfigArguments {
    /// Only this setting and those below it, such as `ui` or `tools.node`.
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Print only the errors in the project's files, its services included; exit with 2 if there are any.
    #[arg(long, conflicts_with_all = ["key", "json"])]
    pub check: bool,
}

pub(super) const CONFIG_UI: &str = "The user chooses the look of the views in the [ui] table of vx.toml in the home of vx:\n\
    refresh_hz = 10       most frames per second for new data, 1 to 30\n\
    theme = \"auto\"        auto, none, terminal (its own 16 colours), dark, light\n\
    colours = \"auto\"      auto, 16, 256, true: the colours that dark and light may use\n\
    glyphs = \"auto\"       auto, unicode, ascii\n\
    mouse = true          the dashboard uses the mouse\n\
    keys.ACTION = [KEY]   `vx config ui.keys` prints the actions\n\n\
    auto: the dashboard asks a terminal with 256 colours or more for its background; without an answer, dark or light \
    if COLORFGBG names the background, else the terminal's own colours. As many colours as COLORTERM and TERM \
    indicate; glyphs by the locale. NO_COLOR, if set, takes precedence.\n\n\
    Exit codes: 0 printed; 1 there is no such setting; 2 a file has an error.";

/// Arguments of `vx sbom`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct SbomArguments {
    /// The standard of the record.
    #[arg(long, value_enum, default_value_t = SbomFormat::Cyclonedx)]
    pub format: SbomFormat,
}

/// The standards of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::doors::cli) enum SbomFormat {
    /// CycloneDX 1.6.
    Cyclonedx,
    /// Parsed only so that the refusal can say how to get it.
    #[value(hide = true)]
    Spdx,
}

pub(super) const SBOM_NOTES: &str = "Uses no network, and looks at nothing that is installed. The record holds each archive in vx.lock on every platform: its package URL and digest, and the key that signed it \
    and the workflow and repository that built it, where the lock names them. Tools from PATH are not locked, and licences \
    are not in a lock. The same lock gives the same record; its time is that of SOURCE_DATE_EPOCH, or of the last \
    publication in the lock.";

/// The commands for the caches.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(in crate::doors::cli) enum CacheCommand {
    /// Print the size of the caches in bytes.
    Size,
    /// Empty the caches; installed releases are kept, and so are the durations of earlier installs
    /// (`cache/history.json`).
    Clean,
}
