//! The arguments of the command line.

#[cfg(feature = "control")]
mod ask;
mod board_words;
mod boards;
#[cfg(all(unix, feature = "control"))]
mod daemon;
mod inspect;
mod install;
mod programs;
mod put;
mod run;
#[cfg(feature = "control")]
mod services;
mod shells;
mod trust;
#[cfg(all(unix, feature = "control"))]
mod turns;
mod values;
mod wrap;

#[cfg(feature = "control")]
pub(super) use ask::{AskArguments, StopArguments};
pub(super) use boards::{BoardCommand, DumpFormat, WaitArguments, WatchArguments};
#[cfg(all(unix, feature = "control"))]
pub(super) use daemon::{DaemonCommand, IdleArguments};
pub(super) use inspect::{CacheCommand, ConfigArguments, DoctorArguments, SbomArguments, SbomFormat};
pub(super) use install::{InstallArguments, LockArguments, OutdatedArguments, SyncArguments, UseArguments};
pub(super) use programs::{RunScriptArguments, RunToolArguments, ShimsArguments};
pub(super) use put::{CloseArguments, CreateArguments, PutArguments};
#[cfg(feature = "tui")]
pub(super) use run::MouseArguments;
pub(super) use run::{ExportArguments, OutputArguments, RunArguments};
#[cfg(feature = "control")]
pub(super) use services::{LogsArguments, PsArguments, UpArguments};
pub(super) use shells::{ActivateArguments, Dialect, EnvArguments};
pub(super) use trust::TrustArguments;
#[cfg(all(unix, feature = "control"))]
pub(super) use turns::TurnArguments;
pub(super) use wrap::{BridgeArguments, WrapArguments};

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[cfg(feature = "control")]
use ask::STOP_NOTES;
#[cfg(all(unix, feature = "control"))]
use daemon::DAEMON_NOTES;
use inspect::{CONFIG_UI, DOCTOR_CODES, SBOM_NOTES};
use install::{SYNC_NOTES, USE_NOTES};
use programs::{SCRIPT_EXAMPLES, WHICH_NOTES};
#[cfg(feature = "control")]
use services::UP_NOTES;
use shells::ACTIVATE_LINES;
use trust::TRUST_NOTES;
#[cfg(all(unix, feature = "control"))]
use turns::TURN_NOTES;
#[cfg(feature = "tui")]
use values::speed;
use wrap::BRIDGE_NOTES;

/// Installs the developer tools that a project declares in vx.toml, all in parallel, and shows the progress of every
/// install.
#[derive(Debug, Parser)]
#[command(name = "vx", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Use the project in this directory instead of looking upwards from the working directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// Write an error as a document, for the process of vx that started this one.
    #[arg(long, hide = true)]
    pub error_document: bool,

    /// The command.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The commands of `vx`.
#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Install the tools that vx.toml declares and inherits.
    #[command(after_help = SYNC_NOTES)]
    Sync(SyncArguments),
    /// Install tools by name, without changing vx.toml.
    Install(InstallArguments),
    /// Install tools and declare them in vx.toml; its other lines stay as they are.
    #[command(after_help = USE_NOTES)]
    Use(UseArguments),
    /// List what a project would do that needs your consent, and ask for it on a terminal.
    #[command(after_help = TRUST_NOTES)]
    Trust(TrustArguments),
    /// Remove releases from the store.
    Uninstall {
        /// Each `TOOL@VERSION`, or `TOOL` for all its versions.
        #[arg(required = true, value_name = "TOOL[@VERSION]")]
        tools: Vec<String>,
    },
    /// Resolve every tool for every platform and write vx.lock; installs nothing.
    Lock(LockArguments),
    /// Print a record of the locked tools for auditors, as JSON.
    #[command(after_help = SBOM_NOTES)]
    Sbom(SbomArguments),
    /// Show which tools have newer versions than the lock.
    Outdated(OutdatedArguments),
    /// Check the store, the project, the settings and the directories of vx for problems.
    #[command(after_help = DOCTOR_CODES)]
    Doctor(DoctorArguments),
    /// Print every setting with its value and the origin of that value.
    #[command(after_help = CONFIG_UI)]
    Config(ConfigArguments),
    /// List the releases in the store.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a script of vx.toml, with the project's tools in front of PATH.
    #[command(after_help = SCRIPT_EXAMPLES)]
    Run(RunScriptArguments),
    /// Print the path of a tool's program.
    #[command(after_help = WHICH_NOTES)]
    Which {
        /// The tool, or one of its programs.
        tool: String,
        /// Every path of the program, the one that runs first on top: in the projects, the store, and PATH.
        #[arg(long, short)]
        all: bool,
    },
    /// Print the environment of the project's tools: PATH and the variables of vx.toml.
    Env(EnvArguments),
    /// Print the code that makes a shell use the tools of the project that it is in.
    #[command(after_help = ACTIVATE_LINES)]
    Activate(ActivateArguments),
    /// Search the catalogue of known tools.
    Search {
        /// Part of a name or description; without it, all tools are listed.
        #[arg(default_value = "")]
        text: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the boards of this machine's runs, and put a script's progress on one.
    Board {
        /// The command for boards.
        #[command(subcommand)]
        command: BoardCommand,
    },
    /// Run a tool, or a program on PATH, with its progress on a board.
    ///
    /// The progress is read from what it prints. The same as `vx board run NAME -- NAME ARGUMENTS…`, with the program that
    /// `vx x NAME` runs.
    #[command(after_help = BRIDGE_NOTES)]
    Bridge(BridgeArguments),
    /// Watch a run's board in a dashboard, from any terminal.
    #[cfg(feature = "tui")]
    Top {
        /// The board: a parent's process id, a name, a file, a dump, or a recording, which is played. Without it: the
        /// only board at work, else the only one there is, else a list to pick from.
        board: Option<String>,
        /// Play a recording at this many times its original speed: 0.1 to 64.
        #[arg(long, value_name = "N", value_parser = speed, default_value = "1", hide_default_value = true)]
        speed: u32,
        /// Always pick from the list of all boards.
        #[arg(long)]
        choose: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        mouse: MouseArguments,
    },
    /// Start the services that vx.toml declares, each once the services it needs are ready.
    #[cfg(feature = "control")]
    #[command(after_help = UP_NOTES)]
    Up(UpArguments),
    /// Stop all services of the project, and wait until all their processes have ended.
    #[cfg(feature = "control")]
    Down,
    /// List the services of the project.
    #[cfg(feature = "control")]
    Ps(PsArguments),
    /// Print what the services of the project have printed.
    #[cfg(feature = "control")]
    Logs(LogsArguments),
    /// Start a service that has ended, while other services of its project run.
    #[cfg(feature = "control")]
    Start(AskArguments),
    /// The supervisor of a project's services.
    #[cfg(feature = "control")]
    #[command(hide = true)]
    ServiceSupervisor {
        /// The project's directory.
        #[arg(long, value_name = "DIR")]
        directory: PathBuf,
    },
    /// The guard of one service.
    #[cfg(feature = "control")]
    #[command(hide = true)]
    ServiceChild {
        /// The channel of its slot.
        #[arg(long, value_name = "NAME")]
        ipc_channel: String,
    },
    /// Stop work, wherever it runs: an install, a service, or a command under `vx board run`.
    #[cfg(feature = "control")]
    #[command(after_help = STOP_NOTES)]
    Stop(StopArguments),
    /// Try failed work again, while its run is still at work.
    #[cfg(feature = "control")]
    Retry(AskArguments),
    /// Restart a service, wherever it runs.
    #[cfg(feature = "control")]
    Restart(AskArguments),
    /// Build a service again and restart it, wherever it runs.
    #[cfg(feature = "control")]
    Rebuild(AskArguments),
    /// Run an agent for one prompt and print its answer as it comes; the run always ends.
    #[cfg(all(unix, feature = "control"))]
    #[command(after_help = TURN_NOTES)]
    Turn(TurnArguments),
    /// The process of one turn of a batch.
    #[cfg(all(unix, feature = "control"))]
    #[command(hide = true)]
    TurnChild {
        /// The channel of its slot.
        #[arg(long, value_name = "NAME")]
        ipc_channel: String,
    },
    /// Control the daemon, an optional process that answers editors and agents.
    #[cfg(all(unix, feature = "control"))]
    #[command(after_help = DAEMON_NOTES)]
    Daemon {
        /// The command for it.
        #[command(subcommand)]
        command: DaemonCommand,
    },
    /// Serve an agent on standard input and output by the Model Context Protocol.
    #[cfg(all(unix, feature = "control"))]
    #[command(after_help = "Clients start it: docs/clients/mcp.md shows the settings of common ones.")]
    Mcp {
        /// Also offer the tools that change something: sync, service and run.
        #[arg(long)]
        allow_changes: bool,
    },
    /// Show or empty the caches of downloads, version lists and trials.
    Cache {
        /// The command for the caches.
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Run a tool: the project's own, or any version of it.
    X(RunToolArguments),
    /// Make links for PATH, named like programs, that run the versions a project pins.
    Shims(ShimsArguments),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a directory.
    Man {
        /// The directory, created if it is missing.
        directory: PathBuf,
    },
    /// Run the tool of this name.
    #[command(external_subcommand)]
    Tool(Vec<OsString>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
