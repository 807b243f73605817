//! The options for how a run is carried out and shown.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args};

use super::values::duration;
use crate::workspace::frontend::options::RunOptions;

/// Options of a run that few people need: `-h` leaves them out, `--help` and the reference list them.
const RARE: [&str; 10] = [
    "no_mouse",
    "fail_fast",
    "timeout",
    "stall_timeout",
    "lowest_rate",
    "dump",
    "record",
    "trace",
    "timings",
    "dump_every",
];

fn without_the_rare(option: Arg) -> Arg {
    let rare = RARE.contains(&option.get_id().as_str());
    if rare { option.hide_short_help(true) } else { option }
}

/// Options of a run, and of its view.
#[derive(Debug, Default, Args)]
#[command(mut_args = without_the_rare)]
pub(in crate::doors::cli) struct RunArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub mouse: MouseArguments,
    /// The most installs at once [default: as many as fill the processors, at most 16].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Check every installed file, and reinstall releases that differ from a fresh install.
    #[arg(long)]
    pub force: bool,
    /// Use no network, only the caches.
    #[arg(long)]
    pub offline: bool,
    /// Stop everything at the first failure.
    #[arg(long)]
    pub fail_fast: bool,
    /// The most time for each install, and for each list of versions, such as `90s` or `10m`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Give up on a server that sends nothing for this long [default: 30s], and on another vx that is installing the
    /// same release after four times as long without progress.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub stall_timeout: Option<Duration>,
    /// Give up on a server that sends fewer bytes a second than this for 25s, twice in a row [default: 1024; 0 for never].
    #[arg(long, value_name = "BYTES")]
    pub lowest_rate: Option<u64>,
    /// Keep dumps of the board in this directory: `final.vxb` and `final.json` at the end.
    #[arg(long, value_name = "DIR")]
    pub dump: Option<PathBuf>,
    /// Record all changes on the board with their times in this file; `vx top FILE` plays it. Every run also makes a
    /// smaller recording beside its board.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub export: ExportArguments,
    /// Also dump during the run, at this interval, such as `500ms`: `board-000001.vxb`, ….
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "dump")]
    pub dump_every: Option<Duration>,
}

impl RunArguments {
    /// The options of the run itself, without those of its view.
    pub(in crate::doors::cli) fn options(&self) -> RunOptions {
        RunOptions {
            jobs: self.jobs.map(usize::from),
            force: self.force,
            offline: self.offline,
            fail_fast: self.fail_fast,
            timeout: self.timeout,
            stall_timeout: self.stall_timeout,
            lowest_rate: self.lowest_rate,
            dump: self.dump.clone(),
            dump_every: self.dump_every,
            record: self.record.clone(),
            exports: self.export.clone().into(),
        }
    }
}

/// Option for the mouse in the full-screen dashboard.
#[derive(Debug, Default, Args)]
pub(in crate::doors::cli) struct MouseArguments {
    /// Ignore the mouse in the dashboard, so that the terminal selects text as usual.
    #[arg(long)]
    pub no_mouse: bool,
}

/// Files to make from a run.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::doors::cli) struct ExportArguments {
    /// Write a trace for Perfetto: one track per tool, one slice per phase, counters of bytes.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write a page of timings: every phase as a bar, rates, the critical path, next to earlier runs.
    #[arg(long, value_name = "FILE")]
    pub timings: Option<PathBuf>,
}

/// The view of a run; without any, the one that fits the terminal.
#[derive(Clone, Debug, Default, Args)]
#[group(multiple = false)]
pub(in crate::doors::cli) struct OutputArguments {
    /// A full-screen dashboard.
    #[arg(long)]
    pub tui: bool,
    /// Lines of text, without redrawing.
    #[arg(long)]
    pub plain: bool,
    /// One JSON event per line on standard output.
    #[arg(long)]
    pub json: bool,
    /// Only errors.
    #[arg(long)]
    pub headless: bool,
}
