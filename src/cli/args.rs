//! The command line's words.

mod boards;

pub(super) use boards::{
    BoardCommand, CloseArguments, CreateArguments, Done, DumpFormat, EndState, PutArguments, Until, WatchArguments,
};

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Installs the developer tools a project declares in vx.toml, all in parallel, and shows what every install is doing.
#[derive(Debug, Parser)]
#[command(name = "vx", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Use the project in this directory instead of looking upwards from the working directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Install what vx.toml declares.
    Sync(SyncArguments),
    /// Install tools by name, without changing vx.toml.
    Install(InstallArguments),
    /// Remove releases from the store.
    Uninstall {
        /// Each `TOOL@VERSION`, or `TOOL` for all its versions.
        #[arg(required = true, value_name = "TOOL[@VERSION]")]
        tools: Vec<String>,
    },
    /// Resolve every tool for every platform and write vx.lock; installs nothing.
    Lock(LockArguments),
    /// Show which tools have newer versions than the lock.
    Outdated(OutdatedArguments),
    /// Look for what is wrong with the store, the project, the settings and the places of vx.
    #[command(after_help = DOCTOR_CODES)]
    Doctor(DoctorArguments),
    /// Print every setting with its value and where that comes from.
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
    /// Print where a tool's program is.
    Which {
        /// The tool, or one of its programs.
        tool: String,
        /// Every place, the one that runs first: of the projects, the store, and PATH.
        #[arg(long, short)]
        all: bool,
    },
    /// Print the folders to put on PATH, one a line.
    ExecPath {
        /// Of this tool only.
        tool: Option<String>,
    },
    /// Print what to set for the project's tools: PATH and the variables of vx.toml.
    Env(EnvArguments),
    /// Print what makes a shell follow the project at hand.
    #[command(after_help = ACTIVATE_LINES)]
    Activate(ActivateArguments),
    /// Search the catalogue of known tools.
    Search {
        /// A part of a name or description; nothing lists all.
        #[arg(default_value = "")]
        text: String,
    },
    /// Look at the boards of this machine's runs, and put a script's progress on one.
    Board {
        /// What to do with them.
        #[command(subcommand)]
        command: BoardCommand,
    },
    /// Watch a run's board in a dashboard, from any terminal.
    Top {
        /// The board: a parent's process id, a name, a file, a dump, or a recording, which is played. When left out: the
        /// only one at work, else the only one there is, else a list to pick from.
        board: Option<String>,
        /// Play a recording so many times as fast as it happened: 0.1 to 64.
        #[arg(long, value_name = "N", value_parser = speed, default_value = "1", hide_default_value = true)]
        speed: u32,
        /// Pick from the list of all boards in any case.
        #[arg(long)]
        choose: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        mouse: MouseArguments,
    },
    /// The caches of downloads and version lists.
    Cache {
        /// What to do with them.
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Run a tool: the project's own, or any version of it.
    X(RunToolArguments),
    /// Make links named like programs, for PATH, that run what a project pins.
    Shims(ShimsArguments),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a directory.
    Man {
        /// The directory, made where it is missing.
        directory: PathBuf,
    },
    /// Run the tool of this name.
    #[command(external_subcommand)]
    Tool(Vec<OsString>),
}

/// What `vx x` runs.
#[derive(Debug, Args)]
pub(super) struct RunToolArguments {
    /// Fail when it is not installed.
    #[arg(long)]
    pub no_install: bool,
    /// For the launcher only: a link of this name was called.
    #[arg(long, hide = true)]
    pub shim: bool,
    /// The tool, or one of its programs; with a version, that one, whatever vx.toml says.
    #[arg(value_name = "TOOL[@VERSION]")]
    pub tool: String,
    /// What to give to it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// What `vx run` runs.
#[derive(Debug, Args)]
pub(super) struct RunScriptArguments {
    /// List the scripts, with what each is for and its command.
    #[arg(long, short, conflicts_with_all = ["script_help", "words"])]
    pub list: bool,
    /// Show what a script is, and the words that scripts may hold.
    #[arg(long, short = 'H')]
    pub script_help: bool,
    /// The script, and what to give to it; options pass through.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SCRIPT ARGUMENTS")]
    pub words: Vec<OsString>,
}

const SCRIPT_EXAMPLES: &str = "vx run test -p core --lib     arguments stand where `{{args}}` is, else at the end\n\
    vx run test -H                what the script is";

/// What `vx env` prints.
#[derive(Debug, Args)]
pub(super) struct EnvArguments {
    /// In whose words; without it, those of the shell that $SHELL names.
    #[arg(long, short, value_enum)]
    pub shell: Option<Dialect>,
}

/// What `vx activate` prints.
#[derive(Debug, Args)]
pub(super) struct ActivateArguments {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
    /// For the shell's prompt only: what has changed since the last one.
    #[arg(long, hide = true)]
    pub hook: bool,
}

const ACTIVATE_LINES: &str = "What goes into the shell's profile:\n\
    bash        eval \"$(vx activate bash)\"              in ~/.bashrc\n\
    zsh         eval \"$(vx activate zsh)\"               in ~/.zshrc\n\
    fish        vx activate fish | source                in ~/.config/fish/config.fish\n\
    powershell  vx activate powershell | Out-String | Invoke-Expression    in $PROFILE";

/// A shell that people type into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Who reads what `vx env` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Dialect {
    Bash,
    Zsh,
    Fish,
    Powershell,
    /// Nothing is printed: the files are appended to that the runner names in GITHUB_PATH and GITHUB_ENV.
    Github,
    /// An object of variables and their values.
    Json,
}

/// What `vx shims` does.
#[derive(Debug, Args)]
pub(super) struct ShimsArguments {
    /// Print the directory to put on PATH, and do nothing else.
    #[arg(long, conflicts_with = "remove")]
    pub directory: bool,
    /// Take the links away again.
    #[arg(long)]
    pub remove: bool,
}

/// What to do with the caches.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum CacheCommand {
    /// Print how many bytes the caches take.
    Size,
    /// Empty them; installed releases stay, and so does what is kept of how long installs took (`cache/history.json`).
    Clean,
}

/// How `vx sync` works.
#[derive(Debug, Args)]
pub(super) struct SyncArguments {
    /// Only these tools of vx.toml.
    #[arg(value_name = "TOOL")]
    pub tools: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArguments,
    /// Say what is missing and exit with 1 if anything is; change nothing.
    #[arg(long, conflicts_with_all = ["dry_run", "force", "tui", "json", "dump", "record", "trace", "timings"])]
    pub check: bool,
    /// Say what would be done; change nothing.
    #[arg(long, conflicts_with_all = ["tui", "json", "dump", "record", "trace", "timings"])]
    pub dry_run: bool,
    /// Refuse to run when vx.lock does not fit vx.toml.
    #[arg(long, conflicts_with = "frozen")]
    pub locked: bool,
    /// Use vx.lock alone: resolve nothing, even where it does not fit.
    #[arg(long)]
    pub frozen: bool,
}

/// How `vx install` works.
#[derive(Debug, Args)]
pub(super) struct InstallArguments {
    /// What to install; without a version, the one vx.toml asks for, else the newest.
    #[arg(required = true, value_name = "TOOL[@VERSION]")]
    pub tools: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArguments,
    /// For `vx sync` only: take the configuration from standard input and report on this channel.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub ipc_channel: Option<String>,
}

/// How a run is carried out and shown.
#[derive(Debug, Default, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub mouse: MouseArguments,
    /// How many installs may run at once [default: as many as fill the processors, at most 16].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Look at every file of what is there already, and install again what is not exactly as it would be made now.
    #[arg(long)]
    pub force: bool,
    /// Use no network: only what the caches hold.
    #[arg(long)]
    pub offline: bool,
    /// Stop everything at the first failure.
    #[arg(long)]
    pub fail_fast: bool,
    /// Give each install at most this long, such as `90s` or `10m`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Give up a server that sends nothing for so long [default: 30s], and another vx that installs the same and does
    /// not get on after four times as long.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub stall_timeout: Option<Duration>,
    /// Keep dumps of the board in this directory: `final.vxb` and `final.json` at the end.
    #[arg(long, value_name = "DIR")]
    pub dump: Option<PathBuf>,
    /// Record what changes on the board and when in this file; `vx top FILE` plays it. The last runs are recorded in any
    /// case, beside their boards and in less room.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub export: ExportArguments,
    /// Also dump while it runs, this often, such as `500ms`: `board-000001.vxb`, ….
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "dump")]
    pub dump_every: Option<Duration>,
}

/// What the full-screen dashboard does with a mouse.
#[derive(Debug, Default, Args)]
pub(super) struct MouseArguments {
    /// Leave the mouse to the terminal: it then selects text as always, and nothing in the dashboard.
    #[arg(long)]
    pub no_mouse: bool,
}

/// What is made of a run for others.
#[derive(Debug, Default, Args)]
pub(super) struct ExportArguments {
    /// Write a trace that Perfetto opens: a track a tool, a slice a phase, counters of bytes.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write a page of timings: every phase as a bar, rates, the critical path, beside earlier runs.
    #[arg(long, value_name = "FILE")]
    pub timings: Option<PathBuf>,
}

/// Which view shows a run; without any, what fits the terminal.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub(super) struct OutputArguments {
    /// A full-screen dashboard.
    #[arg(long)]
    pub tui: bool,
    /// Lines of text, nothing redrawn.
    #[arg(long)]
    pub plain: bool,
    /// A JSON event a line on standard output.
    #[arg(long)]
    pub json: bool,
    /// Nothing but errors.
    #[arg(long)]
    pub headless: bool,
}

/// How `vx lock` works.
#[derive(Debug, Args)]
pub(super) struct LockArguments {
    /// Choose the newest versions again that vx.toml allows: of these tools, or of all when none is named.
    #[arg(long, value_name = "TOOL", num_args = 0..)]
    pub upgrade: Option<Vec<String>>,
    /// Say where vx.lock does not fit vx.toml and exit with 1 if it does not; change nothing, ask nobody.
    #[arg(long, conflicts_with = "upgrade")]
    pub check: bool,
}

/// How `vx outdated` works.
#[derive(Debug, Args)]
pub(super) struct OutdatedArguments {
    /// Only these tools of vx.toml.
    #[arg(value_name = "TOOL")]
    pub tools: Vec<String>,
    /// As JSON, with the tools that are up to date.
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 when `vx lock --upgrade` would change a version.
    #[arg(long)]
    pub exit_code: bool,
}

/// How `vx doctor` works.
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Mend what can be mended without a person: install changed releases again, lock, remove what was left behind.
    #[arg(long)]
    pub fix: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Compare the names, kinds and sizes of installed files only, not their content.
    #[arg(long)]
    pub quick: bool,
    /// Do not look whether the registries answer.
    #[arg(long)]
    pub offline: bool,
}

const DOCTOR_CODES: &str = "Exit codes: 0 nothing is wrong, or `--fix` has mended all that was; 1 something is wrong; \
    2 wrong usage. Advice is no fault. Without `--fix` nothing is changed.";

/// What `vx config` prints.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// Only this setting, or those below it, such as `ui` or `tools.node`.
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

const CONFIG_UI: &str = "How the views look is the user's to say, in the [ui] table of vx.toml in the home of vx:\n\
    refresh_hz = 10       new data is drawn at most so often a second, 1 to 30\n\
    theme = \"auto\"        auto, none, terminal (its own 16 colours), dark, light\n\
    colours = \"auto\"      auto, 16, 256, true: how many colours dark and light may use\n\
    glyphs = \"auto\"       auto, unicode, ascii\n\
    mouse = true          whether the dashboard takes the mouse\n\
    keys.ACTION = [KEY]   `vx config ui.keys` prints the actions\n\n\
    auto: dark or light where COLORFGBG names the ground, else the terminal's own colours; as many colours as COLORTERM \
    and TERM promise; glyphs by the locale. NO_COLOR, when set, counts before all of it. No terminal is asked.\n\n\
    Exit codes: 0; 1 there is no such setting; 2 a file says something that cannot be meant.";

/// A duration with its unit: `500ms`, `90s`, `10m`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a number and a unit, such as 500ms, 90s, 10m")?;
    Duration::try_from(span).ok().filter(|duration| !duration.is_zero()).ok_or_else(|| "expected more than zero".into())
}

/// How long after the beginning: as [`duration`], and `0s` too.
fn moment(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a number and a unit, such as 500ms, 12.5s, 2m")?;
    Duration::try_from(span).map_err(|_| "expected zero or more".into())
}

/// How many times as fast, as percent.
fn speed(text: &str) -> Result<u32, String> {
    let times: f64 = text.parse().map_err(|_| "expected a number, such as 0.5 or 8")?;
    let percent = (times * 100.0).round();
    (10.0..=6_400.0).contains(&percent).then_some(percent as u32).ok_or_else(|| "expected 0.1 to 64".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_carry_their_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        for text in ["", "5", "0s", "-1s", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
