//! Carrying a plan out in front of somebody: the board, the run, the dumps, the view, and what came of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use vx_shm::{Reader, SlotState, Snapshot};
use vx_tui::source::{Expectations, Logs};

use super::args::RunArguments;
use super::failure::{CANCELLED, FAILED, Failure, Outcome, USAGE};
use super::interrupts::Interrupts;
use super::show::{Showing, Unheard, View};
use super::views::BoardLogs;
use super::{export, print, shims};
use crate::history;
use crate::paths::{Home, runtime_directory};
use crate::sync::{Dumper, FlightRecorder, InstallChild, Jobs, Run, RunEnd, RunHandle, Step, create_board, start_run};

/// How many installs run at once at most when nothing is said and all of them wait for the network.
const MOST_JOBS: usize = 16;
/// A board's smallest table: others may join with slots of their own.
const MIN_SLOTS: usize = 64;

/// What a run is for, where it works, and how it is shown.
pub(super) struct Errand<'a> {
    /// What the board is about: the project's name.
    pub title: &'a str,
    /// The home to install into.
    pub home: &'a Home,
    /// The view.
    pub view: View,
    /// How it is carried out.
    pub run: &'a RunArguments,
    /// How many installs `vx.toml` allows at once.
    pub configured_jobs: Option<usize>,
    /// What to run to try again what failed.
    pub again: &'a str,
}

/// Everything a run needs from outside, looked at before anybody is asked for anything.
pub(super) fn check_places(home: &Home, run: &RunArguments) -> Result<PathBuf, Failure> {
    let runtime = runtime_directory().map_err(|error| Failure::hinted(USAGE, &error))?;
    for directory in [home.store(), home.tmp(), home.locks(), home.downloads()] {
        make(&directory, "set VX_HOME to a directory that you can write to")?;
    }
    if let Some(dumps) = &run.dump {
        make(dumps, "name a directory that you can write to with `--dump`")?;
    }
    export::check_places(&run.export)?;
    Ok(runtime)
}

fn make(directory: &Path, hint: &str) -> Result<(), Failure> {
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure::failed(format!("cannot make `{}`: {error}", directory.display())).hint(hint))
}

/// Carry out these steps, and say what came of them.
pub(super) fn carry_out(steps: Vec<Step>, errand: &Errand) -> Outcome {
    let runtime = check_places(errand.home, errand.run)?;
    let record = errand.run.record.as_deref().map(make_recording).transpose()?;
    let interrupts = Interrupts::take()?;
    let capacity = steps.len().max(MIN_SLOTS) as u32;
    let board = create_board(&runtime, errand.title, capacity).map_err(|error| {
        Failure::failed(error).hint("`vx board gc` removes old boards; VX_RUNTIME_DIR names another place for them")
    })?;
    let path = board.path().to_owned();
    let child = InstallChild::beside(&path)
        .map_err(|error| Failure::failed(format!("cannot prepare logs beside `{}`: {error}", path.display())))?;
    let jobs = errand.run.jobs.map(usize::from).or(errand.configured_jobs);
    let jobs = jobs.map_or(Jobs::ToFill(MOST_JOBS), Jobs::AtMost);
    let handle = start_run(Run { child, board: Arc::new(board), steps, jobs, fail_fast: errand.run.fail_fast })?;
    let reader = Reader::open(&path);
    let recorder = FlightRecorder::start(&path, record, handle.finished.clone());
    let forwarding = interrupts.forward(&handle)?;
    let mouse = !errand.run.mouse.no_mouse;
    let expectations = expectations(errand);
    let showing = Showing::start(&path, errand.view, mouse, &handle, expectations, forwarding.ends.clone())?;
    let mut troubles = dump_to_the_end(&path, &handle, errand);
    let interrupted = forwarding.finish();
    if let Err(error) = recorder.and_then(FlightRecorder::finish) {
        troubles
            .extend(errand.run.record.as_ref().map(|file| format!("cannot record to `{}`: {error}", file.display())));
    }
    if let Err(failure) = export::at_the_end(&path, errand.run.record.as_deref(), &errand.run.export) {
        troubles.push(failure.to_string());
    }
    let end = handle.join();
    if let Ok(reader) = reader {
        remember(reader, errand);
    }
    let shims = shims::renew(errand.home);
    match showing.finish(&interrupts, interrupted) {
        Ok(shown) => troubles.extend(shown.err().map(|failure| failure.to_string())),
        Err(Unheard) => end_unheard(),
    }
    let end = end?;
    shims.unwrap_or_else(print::warning);
    if errand.view == View::Headless {
        print_failures(&path);
    }
    for trouble in &troubles {
        print::error(trouble, None);
    }
    conclude(&end, errand.again, troubles.is_empty())
}

/// Everything is done but said, to a terminal that takes nothing; whatever else is printed would wait for it, too.
fn end_unheard() -> ! {
    vx_tui::restore_modes();
    std::process::exit(CANCELLED.into())
}

/// The file that a recording was asked for in.
fn make_recording(path: &Path) -> Result<File, Failure> {
    vx_shm::recording::create(path)
        .map_err(|error| Failure::failed(format!("cannot record to `{}`: {error}", path.display())))
        .map_err(|failure| failure.hint("name a file that is not there yet, or an older recording, with `--record`"))
}

/// Dump the run until it is over. What goes wrong with that is told afterwards: the run goes on.
fn dump_to_the_end(board: &Path, handle: &RunHandle, errand: &Errand) -> Vec<String> {
    let run = errand.run;
    let start = |into: &PathBuf| Dumper::start(board, into.clone(), run.dump_every, handle.finished.clone());
    let dumper = run.dump.as_ref().map(start);
    let _ = handle.finished.recv();
    match dumper.map(|dumper| dumper.and_then(Dumper::finish)) {
        Some(Err(error)) => vec![format!("cannot write the dumps: {error}")],
        _ => Vec::new(),
    }
}

/// What earlier runs say of this one, with as many installs at once as somebody said.
fn expectations(errand: &Errand) -> Expectations {
    let mut expectations = history::expectations(errand.home);
    let said = errand.run.jobs.map(usize::from).or(errand.configured_jobs);
    expectations.at_once = said.and_then(|jobs| u32::try_from(jobs).ok()).or(expectations.at_once);
    expectations
}

/// Note how long the installs took. It only makes the next estimate better, so its failure is none of the run.
fn remember(mut reader: Reader, errand: &Errand) {
    let mut last = Snapshot::default();
    if reader.refresh(&mut last).is_ok() {
        let told_at_once = errand.run.jobs.is_some() || errand.configured_jobs.is_some();
        let _ = history::note(errand.home, &last, told_at_once);
    }
}

/// Without a view nobody was told what failed, and the board may be gone before anybody looks.
fn print_failures(board: &Path) {
    let mut snapshot = Snapshot::default();
    let read = Reader::open(board).ok().and_then(|mut reader| reader.refresh(&mut snapshot).ok());
    if read.is_none() {
        return;
    }
    let logs = BoardLogs::beside(board);
    let bad = |state| matches!(state, SlotState::Failed | SlotState::Died);
    for slot in snapshot.slots.iter().filter(|slot| bad(slot.state)) {
        let error = slot.error.as_deref().unwrap_or("it did not say why");
        let log = logs.location(&slot.key).map(|log| format!("\nwhole log: {log}")).unwrap_or_default();
        let text = format!("{} {}: {error}{log}", slot.key, slot.version);
        // What a tool printed may stand in its error.
        let clean: String = text.chars().filter(|character| !character.is_control() || *character == '\n').collect();
        print::error(clean, None);
    }
}

/// The exit code of a run. That it could not be shown or dumped as asked is a failure of a good run only.
fn conclude(end: &RunEnd, again: &str, told: bool) -> Outcome {
    if end.cancelled {
        return Ok(ExitCode::from(CANCELLED));
    }
    if end.success() {
        return if told { Ok(ExitCode::SUCCESS) } else { Err(Failure::silent(FAILED)) };
    }
    let failed: Vec<&str> = end.steps.iter().filter(|step| !step.state.good()).map(|step| step.tool.as_str()).collect();
    let text = format!("{} of {} tools did not install: {}", failed.len(), end.steps.len(), failed.join(", "));
    let hint = format!("`vx board dump` shows each error; `{again}` tries again what is missing");
    Err(Failure::hinted_text(FAILED, text, hint))
}
