//! One build of a service: compile, switch to the result, and have the service reload it.
//!
//! The result of a good build becomes the current one in one step, by the rename of a link. Any failure before leaves
//! the current build as it is, and the service at work.

use std::fs;
use std::io::{self, PipeReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use vx_base::shown_address::shown_address;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{Exit, GuardProcess, GuardedProgram, GuardedTree};
use vx_project::services::Reload;
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Slot, SlotState};
use vx_status::vocabulary::build::{COMPILING, RELOADING, TRANSFERRING};

use super::LAST_LINES;
use crate::builds::build_paths::{current, of_epoch};
use crate::builds::mistake_report::{ReportedMistake, beside, keep};
use crate::builds::mistakes::{MistakeFormat, Mistakes};
use crate::declared::order::{BuildOrder, changed_file};
use crate::output::ServiceOutput;
use crate::probe::{HttpCheck, Probe};

/// Longest wait for the answer to a reload by HTTP, and for the end of a command that reloads.
const ANSWER: Duration = Duration::from_secs(10);
const COMMAND: Duration = Duration::from_secs(60);
/// Pause between two looks for an answer.
const GLANCE: Duration = Duration::from_millis(20);
/// At most this many further mistakes are in the slot's error; the file beside the log has all.
const SHOWN: usize = 20;

/// Carry out a build, and write its end to the slot.
pub(super) fn build(guard: &mut GuardProcess, order: &BuildOrder, slot: Slot) -> io::Result<()> {
    let (output, wake) = ServiceOutput::new(slot, &order.log, order.log_bytes)?;
    let mut builder = Builder { guard, order, output, wake };
    let done = builder.compile().and_then(|()| builder.transfer()).and_then(|()| builder.reload());
    if let Some(slot) = builder.output.take_slot() {
        // A slot that cannot be ended by its writer is ended by the supervisor.
        let _ = slot.end(done.err().unwrap_or_else(|| Ending::new(SlotState::Done)));
    }
    Ok(())
}

/// A build at work. A step that fails returns the end of the slot.
struct Builder<'a> {
    guard: &'a mut GuardProcess,
    order: &'a BuildOrder,
    output: Arc<ServiceOutput>,
    wake: PipeReader,
}

impl Builder<'_> {
    fn compile(&mut self) -> Result<(), Ending> {
        if self.order.command.is_empty() {
            return Ok(());
        }
        if let Some(trouble) = changed_file(&self.order.agreed) {
            return Err(Ending::failed(trouble.to_cell()));
        }
        self.output.on_slot(|slot| slot.enter(COMPILING, None));
        let target = of_epoch(&self.order.folder, &self.order.epoch);
        fs::create_dir_all(&target).map_err(|error| folder_failed(&target, &error))?;
        self.output.look_for(form(self.order).map(Mistakes::with_format));
        let ended = self.run(&self.order.command, None);
        let mistakes = self.output.mistakes();
        let ended = match ended {
            Ok(exit) if exit.success() => {
                let _ = fs::remove_file(beside(&self.order.log));
                return Ok(());
            }
            Ok(exit) => {
                let (directory, project) = (&self.order.directory, &self.order.project);
                let reported =
                    mistakes.iter().map(|mistake| ReportedMistake::from_mistake(mistake, directory, project)).collect();
                self.failed(exit, reported)
            }
            Err(ending) => ending,
        };
        let _ = fs::remove_dir_all(&target);
        Err(ended)
    }

    /// Make the end of a build whose program failed.
    fn failed(&self, exit: Exit, reported: Vec<ReportedMistake>) -> Ending {
        // Without the file, the slot's error still names the first mistakes.
        let _ = keep(&beside(&self.order.log), &reported);
        let trouble = match reported.as_slice() {
            [] => {
                let text = format!("the build failed: {exit}");
                Trouble::new(TroubleKind::Exit, text).detailed(self.output.last_lines(LAST_LINES))
            }
            [only] => Trouble::new(TroubleKind::Exit, format!("the build failed: {}", only.line())),
            [first, rest @ ..] => {
                let text = format!("the build failed: {} ({} more)", first.line(), rest.len());
                Trouble::new(TroubleKind::Exit, text).detailed(rest.iter().take(SHOWN).map(ReportedMistake::line))
            }
        };
        Ending::failed(trouble.to_cell())
    }

    /// Make the result the current one.
    fn transfer(&mut self) -> Result<(), Ending> {
        if self.order.command.is_empty() {
            return Ok(());
        }
        self.output.on_slot(|slot| slot.enter(TRANSFERRING, None));
        let folder = &self.order.folder;
        activate_build(folder, &self.order.epoch).map_err(|error| folder_failed(folder, &error))
    }

    /// Have the service take up the result, if it reloads.
    fn reload(&mut self) -> Result<(), Ending> {
        let Some(reload) = &self.order.reload else { return Ok(()) };
        self.output.on_slot(|slot| slot.enter(RELOADING, None));
        match reload {
            Reload::Post(address) => self.post(address),
            Reload::Command(words) => match self.run(words, Some(COMMAND))? {
                exit if exit.success() => Ok(()),
                exit => {
                    let lines = self.output.last_lines(LAST_LINES);
                    let trouble = Trouble::new(TroubleKind::Exit, format!("the reload failed: {exit}"));
                    Err(Ending::failed(trouble.detailed(lines).to_cell()))
                }
            },
        }
    }

    fn post(&mut self, address: &str) -> Result<(), Ending> {
        let failed = |why: &dyn std::fmt::Display| failed_with(format!("the reload failed: {why}"));
        let check = HttpCheck::new(address, self.order.port, None).map_err(|error| failed(&error))?;
        let (sender, answer) = bounded(1);
        let ask = move || drop(sender.send(check.post()));
        thread::Builder::new().name("reload".into()).spawn(ask).map_err(|error| failed(&error))?;
        let until = Instant::now() + ANSWER;
        loop {
            if let Ok(answer) = answer.try_recv() {
                return answer.map_err(|why| failed(&why));
            }
            if Instant::now() >= until {
                return Err(failed(&format!(
                    "{} does not answer within {} s",
                    shown_address(address),
                    ANSWER.as_secs()
                )));
            }
            if self.guard.wait(None, &self.wake, Some(GLANCE)).is_some() {
                return Err(Ending::new(SlotState::Cancelled));
            }
            self.output.woken(&self.wake);
        }
    }

    /// Run a program until it and all that it started have ended.
    fn run(&mut self, words: &[String], bound: Option<Duration>) -> Result<Exit, Ending> {
        let name = words.first().map(String::as_str).unwrap_or_default();
        let not_started = |error: io::Error| {
            let text = format!("`{name}` cannot be started: {error}");
            Ending::failed(Trouble::new(TroubleKind::Program, text).to_cell())
        };
        let program = GuardedProgram {
            program: PathBuf::from(name),
            arguments: words.iter().skip(1).map(Into::into).collect(),
            environment: self.order.environment.clone(),
            directory: self.order.directory.clone(),
            holds_input: false,
        };
        let (mut guarded, reader) = self.guard.start(&program).map_err(not_started)?;
        let probe = Probe::new([], Duration::MAX, Instant::now());
        let ended = match self.output.drain(reader, probe) {
            Ok(drained) => {
                self.output.forget_probe();
                let ended = self.await_end(&mut guarded, bound);
                drained.finish();
                ended
            }
            Err(error) => self.end(&mut guarded).and(Err(not_started(error))),
        };
        guarded.collect();
        ended
    }

    fn await_end(&mut self, guarded: &mut GuardedTree, bound: Option<Duration>) -> Result<Exit, Ending> {
        let until = bound.map(|bound| Instant::now() + bound);
        loop {
            if let Some(exit) = guarded.exit() {
                return self.end(guarded).map(|()| exit);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                self.end(guarded)?;
                return Err(failed_with(format!("the reload did not end within {} s", COMMAND.as_secs())));
            }
            if self.guard.wait(Some(guarded), &self.wake, left).is_some() {
                self.end(guarded)?;
                return Err(Ending::new(SlotState::Cancelled));
            }
            self.output.woken(&self.wake);
        }
    }

    /// End whatever is left of a program. Processes that survive are an error.
    fn end(&mut self, guarded: &mut GuardedTree) -> Result<(), Ending> {
        if guarded.exit().is_some() && guarded.is_empty() {
            return Ok(());
        }
        let grace = Duration::from_millis(self.order.stop_timeout_ms);
        let left = self.guard.end(guarded, signal_hook::consts::SIGTERM, grace);
        if left.is_none() { Ok(()) } else { Err(failed_with(format!("killed, and {left}"))) }
    }
}

fn failed_with(text: String) -> Ending {
    Ending::failed(Trouble::new(TroubleKind::Exit, text).to_cell())
}

fn folder_failed(folder: &Path, error: &io::Error) -> Ending {
    failed_with(format!("cannot write the build's folder `{}`: {error}", folder.display()))
}

/// Choose the form in which this build reports mistakes: the declared form, or that of a known compiler in its command.
fn form(order: &BuildOrder) -> Option<MistakeFormat> {
    match &order.errors {
        Some(text) => MistakeFormat::parse(text).ok(),
        None => MistakeFormat::of_command(&order.command),
    }
}

/// Make the build of this epoch the current one. The previous build stays, for a service that still runs from it; older
/// builds and the remains of killed ones are removed.
fn activate_build(folder: &Path, epoch: &str) -> io::Result<()> {
    let before = fs::read_link(current(folder)).ok();
    let new = folder.join("next");
    let _ = fs::remove_file(&new);
    symlink(epoch, &new)?;
    fs::rename(&new, current(folder))?;
    for entry in fs::read_dir(folder)?.flatten() {
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() && name != Path::new(epoch) && Some(&name) != before.as_ref() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_build_changes_in_one_step_and_the_one_before_stays() {
        let folder = tempfile::tempdir().expect("a directory");
        for epoch in ["1", "2", "3"] {
            fs::create_dir(folder.path().join(epoch)).expect("a directory");
            fs::write(folder.path().join(epoch).join("program"), epoch).expect("a file");
            activate_build(folder.path(), epoch).expect("it is taken");
            let now = fs::read_to_string(current(folder.path()).join("program")).expect("it is there");
            assert_eq!(now, epoch);
        }
        assert!(!folder.path().join("1").exists() && folder.path().join("2").exists());
    }
}
