//! The arguments for a command whose progress goes on a board.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use vx_base::gauge::Pattern;

pub(super) const WRAP_EXAMPLES: &str = "\
  vx board run build -- cargo build
  vx board run link --pattern 'pass (?<done>\\d+) of (?<total>\\d+): (?<message>.*)' -- ./link.sh

Patterns can also stand in vx.toml, under `[progress.KEY]` (`vx bridge --help`).
Read without a pattern: [12/340] and 12/340, 45 %, Step 3/7, sizes such as 1.2/3.4 MB, bars, and the
terminal sequence for progress (OSC 9;4). A command that prints none of them is shown as running,
without a bar. Not for programs that take the whole terminal, such as editors and pagers, nor for
one that leaves a process behind that goes on printing. Several commands of a script can share a
board:

  export VX_BOARD=$(vx board create)
  trap 'vx board close' EXIT
  vx board run client -- npm run build &
  vx board run server -- cargo build &
  wait";

pub(super) const BRIDGE_NOTES: &str = "\
A pattern for its output can be declared in vx.toml; `vx board run NAME` uses it, too:

  [progress.link]
  pattern = 'pass (?<done>\\d+) of (?<total>\\d+): (?<message>.*)'

`pattern` may be a list; `total` is the total work if the output does not state it.";

/// Arguments of `vx bridge`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct BridgeArguments {
    /// The board: a parent's process id, a name or a file. By default as for `vx board run`.
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// The tool, one of its programs, or a program on PATH; also the key of the slot.
    pub name: String,
    /// Its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// Arguments of `vx board run`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct WrapArguments {
    /// The key of the slot; each key has one slot.
    pub key: String,
    /// The total work, if the command prints only how much is done.
    #[arg(long, value_name = "N")]
    pub total: Option<u64>,
    /// A regular expression for lines with progress, with groups named `done`, `total`, `percent` or `message`. Can be
    /// given several times; the first that matches a line counts, before all built-in forms.
    #[arg(long = "pattern", value_name = "REGEX", value_parser = pattern)]
    pub patterns: Vec<Pattern>,
    /// The board: a parent's process id, a name or a file. By default the board that was made by the script, or by the
    /// run it belongs to, else a new one.
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// Record the command's work in this file, which `vx top FILE` plays. The command then has its own board.
    #[arg(long, value_name = "FILE", conflicts_with = "board")]
    pub record: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| error.to_string())
}
