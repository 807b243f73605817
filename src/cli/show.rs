//! Carrying a plan out in front of somebody: the board, the run, the dumps, and the view that fits.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use vx_shm::Reader;
use vx_tui::source::Control;
use vx_tui::{DashboardOptions, Inputs, Left, OutputOptions, PlainForm, PlainOptions};

use super::args::{OutputArguments, RunArguments};
use super::failure::{FAILED, Failure};
use super::views::{BoardLogs, BoardSnapshots, RunControl};
use super::{print, terminal};
use crate::paths::runtime_directory;
use crate::process::interrupts;
use crate::sync::{Dumper, InstallChild, Request, Run, RunEnd, RunHandle, Step, create_board, start_run};

/// How many installs run at once when nothing is said: waiting for the network costs nothing.
const DEFAULT_JOBS: usize = 16;
/// A board's smallest table: others may join with slots of their own.
const MIN_SLOTS: usize = 64;

/// Which view shows a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// A full-screen dashboard.
    Dashboard,
    /// A few lines that are redrawn below those that are finished.
    Inline,
    /// Lines, nothing redrawn.
    Plain,
    /// JSON events.
    Json,
    /// Nothing but errors.
    Headless,
}

/// The view that is asked for, else what fits where this program's output goes.
pub(super) fn choose_view(asked: &OutputArguments) -> Result<View, Failure> {
    let view = match asked {
        OutputArguments { tui: true, .. } => View::Dashboard,
        OutputArguments { plain: true, .. } => View::Plain,
        OutputArguments { json: true, .. } => View::Json,
        OutputArguments { headless: true, .. } => View::Headless,
        _ if terminal::redraws(io::stderr().is_terminal()) => View::Inline,
        _ => View::Plain,
    };
    if view == View::Dashboard && !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(Failure::usage("`--tui` needs a terminal, and standard input or output is none")
            .hint("leave `--tui` out, or use `--plain`, `--json` or `--headless --dump DIR`"));
    }
    Ok(view)
}

/// What a run is for and how it is shown.
pub(super) struct Shown<'a> {
    /// What the board is about: the project's name.
    pub title: &'a str,
    /// The view.
    pub view: View,
    /// How it is carried out.
    pub run: &'a RunArguments,
    /// How many installs `vx.toml` allows at once.
    pub configured_jobs: Option<usize>,
}

/// Carry out these steps.
pub(super) fn carry_out(steps: Vec<Step>, shown: &Shown) -> Result<RunEnd, Failure> {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let capacity = steps.len().max(MIN_SLOTS) as u32;
    let board = create_board(&directory, shown.title, capacity).map_err(|error| {
        Failure::failed(error).hint("`vx board gc` removes old boards; VX_RUNTIME_DIR names another place for them")
    })?;
    let board = Arc::new(board);
    let path = board.path().to_owned();
    let jobs = shown.run.jobs.map(usize::from).or(shown.configured_jobs).unwrap_or(DEFAULT_JOBS);
    let run = Run { child: InstallChild::beside(&path)?, board, steps, jobs, fail_fast: shown.run.fail_fast };
    let handle = start_run(run)?;
    // The dashboard takes signals and Ctrl-C itself; once it is left, they are taken here.
    if shown.view != View::Dashboard {
        forward_interrupts(&handle)?;
    }
    let dumper = match &shown.run.dump {
        Some(into) => Some(Dumper::start(&path, into.clone(), shown.run.dump_every, handle.finished.clone())?),
        None => None,
    };
    let shown = show(&path, shown.view, &handle);
    let end = handle.join()?;
    if let Some(dumper) = dumper {
        dumper.finish().map_err(|error| Failure::failed(format!("cannot write the dumps: {error}")))?;
    }
    shown?;
    Ok(end)
}

/// Each interrupt cancels everything; the second kills it.
fn forward_interrupts(handle: &RunHandle) -> io::Result<()> {
    let interrupts = interrupts()?;
    let requests = handle.requests.clone();
    std::thread::Builder::new()
        .name("interrupts".into())
        .spawn(move || while interrupts.recv().is_ok() && requests.send(Request::CancelAll).is_ok() {})?;
    Ok(())
}

/// Show the run until it is over.
fn show(board: &Path, view: View, handle: &RunHandle) -> Result<(), Failure> {
    let finished = handle.finished.clone();
    if view == View::Headless {
        let _ = finished.recv();
        return Ok(());
    }
    let mut inputs = inputs(board, Some(handle))?;
    match view {
        View::Dashboard => dashboard(&mut inputs, handle),
        View::Inline => inline(&mut inputs, finished),
        View::Plain => {
            let stderr = io::stderr().is_terminal();
            let options = PlainOptions { look: terminal::look(stderr), form: plain_form() };
            Ok(vx_tui::plain(&mut inputs, &options, &mut io::stderr(), finished)?)
        }
        View::Json | View::Headless => ignoring_closed(vx_tui::json(&mut inputs, &mut io::stdout(), finished)),
    }
}

/// What the views are fed with: the board, the logs beside it and, for who started it, a hand on the run.
pub(super) fn inputs(board: &Path, handle: Option<&RunHandle>) -> Result<Inputs, Failure> {
    let reader = Reader::open(board).map_err(Failure::failed)?;
    Ok(Inputs {
        snapshots: Box::new(BoardSnapshots(reader)),
        logs: Box::new(BoardLogs::beside(board)),
        control: handle.map(|handle| Box::new(RunControl(handle.requests.clone())) as Box<dyn Control>),
    })
}

/// The dashboard, and lines once it was left before the end: by who detached, by a signal after which everything was
/// asked to stop, or because the terminal failed. The installs go on in any case.
fn dashboard(inputs: &mut Inputs, handle: &RunHandle) -> Result<(), Failure> {
    let options = DashboardOptions { look: terminal::look(io::stdout().is_terminal()) };
    match vx_tui::dashboard(inputs, &options, handle.finished.clone()) {
        Ok(Left::Finished | Left::Closed) => return Ok(()),
        Ok(Left::Detached | Left::Signal(_)) => {}
        Err(error) => print::warning(format_args!("the dashboard ended: {error}")),
    }
    forward_interrupts(handle)?;
    inline(inputs, handle.finished.clone())
}

fn inline(inputs: &mut Inputs, finished: Receiver<()>) -> Result<(), Failure> {
    let options = OutputOptions { look: terminal::look(io::stderr().is_terminal()) };
    Ok(vx_tui::inline(inputs, &options, finished)?)
}

fn plain_form() -> PlainForm {
    if terminal::accessible() {
        return PlainForm::Accessible;
    }
    if terminal::github_actions() {
        return PlainForm::GithubActions { step_summary: terminal::github_step_summary() };
    }
    PlainForm::Lines
}

/// A reader of the events that went away is no failure of the run.
fn ignoring_closed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
