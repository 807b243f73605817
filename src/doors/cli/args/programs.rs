//! The arguments of the commands that run programs, or link to them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Arguments of `vx x`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct RunToolArguments {
    /// Fail if the tool is not installed.
    #[arg(long)]
    pub no_install: bool,
    /// For the launcher only: a link of this name was called.
    #[arg(long, hide = true)]
    pub shim: bool,
    /// The tool, or one of its programs; with a version, that version, whatever vx.toml requests. A package of a registry is
    /// `npm:NAME` or `pypi:NAME`.
    #[arg(value_name = "TOOL[@VERSION]")]
    pub tool: String,
    /// The arguments for the tool.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// Arguments of `vx run`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct RunScriptArguments {
    /// List the scripts with their descriptions and commands.
    #[arg(long, short, conflicts_with_all = ["script_help", "words"])]
    pub list: bool,
    /// With `--list`: as JSON.
    #[arg(long, requires = "list")]
    pub json: bool,
    /// Show a script's definition, and the words that scripts may use.
    #[arg(long, short = 'H')]
    pub script_help: bool,
    /// Run nothing if a tool of the project cannot be installed; by default, scripts then run without that tool.
    #[arg(long)]
    pub strict: bool,
    /// Run the scripts as work on a board, in a full-screen dashboard. Their standard input is empty.
    #[arg(long)]
    pub tui: bool,
    /// Run the scripts as work on a board, which `vx top` shows, and record it in this file; `vx top FILE` plays it.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// The most scripts to run at once, of those that don't depend on each other [default: 1]. A script that runs
    /// beside another has an empty standard input.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// The script and its arguments; options are passed on to it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SCRIPT ARGUMENTS")]
    pub words: Vec<OsString>,
}

pub(super) const WHICH_NOTES: &str = "\
The program comes from the nearest vx.toml that declares the tool, from the working directory upwards, else from the \
vx.toml in the home of vx, else from PATH. If that is not the nearest vx.toml, the file is printed, too.";

pub(super) const SCRIPT_EXAMPLES: &str = "vx run test -p core --lib     arguments replace `{{args}}`, or are appended\n\
    vx run test -H                the definition of the script\n\
    vx run ../build               a script of the project in `..`, with that project's tools";

/// Arguments of `vx shims`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct ShimsArguments {
    /// Print the directory to put on PATH, and do nothing else.
    #[arg(long, conflicts_with = "remove")]
    pub directory: bool,
    /// Remove the links.
    #[arg(long)]
    pub remove: bool,
}
