//! The arguments of the commands that resolve and install.

use clap::Args;

use super::run::RunArguments;

pub(super) const SYNC_NOTES: &str = "\
A tool that only a vx.toml further up declares is installed from the lock beside that file, which is written only if \
it lacks the tool.";

pub(super) const USE_NOTES: &str = "\
Changes the vx.toml of the nearest project, or creates one in the working directory. That file and \
    the lock stay as they are if a tool cannot be installed; else the lock gets the newest releases that fit. Naming a \
    package (npm:zx) is consent to it.";

/// Arguments of `vx sync`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct SyncArguments {
    /// Only these tools of vx.toml.
    #[arg(value_name = "TOOL")]
    pub tools: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArguments,
    /// List the missing tools and exit with 1 if there are any; change nothing. With `--json` the plan is one object.
    #[arg(long, conflicts_with_all = ["dry_run", "force", "tui", "dump", "record", "trace", "timings"])]
    pub check: bool,
    /// List the steps of the run; change nothing. With `--json` the plan is one object.
    #[arg(long, conflicts_with_all = ["tui", "dump", "record", "trace", "timings"])]
    pub dry_run: bool,
    /// Refuse to run if vx.lock does not fit vx.toml.
    #[arg(long, conflicts_with = "frozen")]
    pub locked: bool,
    /// Install nothing if vx does not know how to get one of the tools; without this, the others are installed.
    #[arg(long, hide_short_help = true)]
    pub strict: bool,
    /// Use vx.lock alone: resolve nothing, even if it does not fit vx.toml.
    #[arg(long)]
    pub frozen: bool,
    /// Agree to everything that the project would do, without being asked (`vx trust --show` lists it).
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `vx install`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct InstallArguments {
    /// The tools to install; without a version, the one that vx.toml requests, else the newest. A package of a registry is
    /// `npm:NAME` or `pypi:NAME`.
    #[arg(required = true, value_name = "TOOL[@VERSION]")]
    pub tools: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArguments,
    /// Agree to everything that the project would do, without being asked (`vx trust --show` lists it).
    #[arg(long)]
    pub trust: bool,
    /// For `vx sync` only: take the configuration from standard input and report on this channel.
    #[arg(long, value_name = "NAME", hide = true)]
    pub ipc_channel: Option<String>,
}

/// Arguments of `vx use`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct UseArguments {
    /// The tools to declare, each with a version request as in vx.toml; without one, the request that vx.toml already
    /// has, else `latest`. A package of a registry is `npm:NAME` or `pypi:NAME`.
    #[arg(required = true, value_name = "TOOL[@REQUEST]")]
    pub tools: Vec<String>,
    /// Declare them in your own file, `vx.toml` in the home of vx, whose tools you have wherever no project declares
    /// them.
    #[arg(long, short, conflicts_with = "project")]
    pub global: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArguments,
    /// Agree to everything that the project would do, without being asked (`vx trust --show` lists it).
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `vx lock`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct LockArguments {
    /// Lock only these tools of vx.toml again: the same versions, from what their sources offer now, even if that
    /// differs from vx.lock.
    #[arg(value_name = "TOOL")]
    pub tools: Vec<String>,
    /// Choose the newest versions that vx.toml allows: of these tools, or of all if none is named.
    #[arg(long, value_name = "TOOL", num_args = 0..)]
    pub upgrade: Option<Vec<String>>,
    /// List the tools for which vx.lock does not fit vx.toml, and exit with 1 if there are any; changes nothing and
    /// uses no network.
    #[arg(long, conflicts_with_all = ["upgrade", "tools"])]
    pub check: bool,
}

/// Arguments of `vx outdated`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct OutdatedArguments {
    /// Only these tools of vx.toml.
    #[arg(value_name = "TOOL")]
    pub tools: Vec<String>,
    /// As JSON, with the tools that are up to date.
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 if `vx lock --upgrade` would change a version.
    #[arg(long)]
    pub exit_code: bool,
}
