//! What an install needs from its run: the progress of other installs, and the tool's post-install command.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use vx_base::board_slot::BoardSlot;
use vx_base::paths::Home;
use vx_base::system::process_limit::{ProcessLimit, start_error_text};
use vx_http::LowestRate;
use vx_process::Exit;
use vx_run::channel::slot_key;
use vx_shm::{Reader, SlotState, SlotView};
use vx_store::config::InstallConfig;
use vx_store::{
    CancelToken, CommandFault, Hooks, InstallError, InstallOutcome, NeededToolState, Patience, PostInstall, Store,
    Trial, TrialEnd,
};

use super::agreed_command::AgreedCommand;
use crate::tools::installs::job::{SlotReporter, progress_on};
use crate::tools::installs::lock_holder::holder_progress;

/// The longest that a post-install command may take.
const POSTINSTALL_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The longest that the trial of a program may take.
const TRIAL_PATIENCE: Duration = Duration::from_secs(2);

/// Install by this configuration, and report to this slot.
pub(super) fn install(
    config: &InstallConfig,
    reporter: &SlotReporter,
    cancel: &CancelToken,
) -> Result<InstallOutcome, InstallError> {
    let postinstall = |command: &PostInstall| run_postinstall(config, command, cancel);
    let trial = |trial: &Trial| run_trial(trial, cancel);
    let state_of = |tool: &str| state_of(config, tool);
    let patience =
        config.stall_ms.map_or_else(Patience::default, |stall| Patience::stalling(Duration::from_millis(stall)));
    let patience = Patience { lowest: LowestRate::from_setting(config.lowest_rate), ..patience };
    let hooks = Hooks {
        progress_of: &holder_progress,
        state_of: &state_of,
        postinstall: &postinstall,
        trial: &trial,
        patience,
    };
    vx_store::install(config, reporter, cancel, &hooks)
}

/// The slot of another tool on the board of this run.
fn slot_of(config: &InstallConfig, tool: &str) -> Option<SlotView> {
    let at = config.board.as_ref()?;
    let snapshot = Reader::open(&at.path).ok()?.snapshot().ok()?;
    let key = slot_key(tool);
    snapshot.slots.into_iter().find(|slot| slot.key == key && slot.index != at.slot)
}

/// The programs of another tool: of its version in this run, or else of the version that was installed last.
fn programs_of(config: &InstallConfig, tool: &str) -> Option<PathBuf> {
    let wanted = slot_of(config, tool).map(|slot| slot.version);
    let releases = Store::new(Home::from_root(config.home.clone())).list().ok()?;
    let of_tool = releases.into_iter().filter(|release| release.receipt.tool == tool);
    let best =
        of_tool.max_by_key(|release| (wanted.as_ref() == Some(&release.receipt.version), release.receipt.installed_at));
    best.map(|release| release.path.join("bin"))
}

/// How far this run is with another tool, from that tool's slot on the same board.
fn state_of(config: &InstallConfig, tool: &str) -> Option<NeededToolState> {
    let path = config.board.as_ref()?.path.clone();
    let slot = slot_of(config, tool)?;
    match slot.state {
        SlotState::Failed | SlotState::Died | SlotState::Cancelled => Some(NeededToolState::Failed),
        state if state.ended() => None,
        _ => Some(NeededToolState::Coming {
            slot: BoardSlot { path, slot: slot.index, generation: slot.generation },
            progress: progress_on(&slot),
            version: slot.version,
        }),
    }
}

fn run_postinstall(config: &InstallConfig, hook: &PostInstall, cancel: &CancelToken) -> Result<(), CommandFault> {
    let mut path = OsString::from(hook.bin);
    let runner = config.needs.as_ref().and_then(|tool| programs_of(config, tool)).map(PathBuf::into_os_string);
    for more in runner.into_iter().chain(std::env::var_os("PATH")) {
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(more);
    }
    let mut environment = vec![("PATH".into(), path)];
    environment.extend(config.options.iter().map(|(name, value)| (name.into(), value.into())));
    let patience = hook.time_left.unwrap_or(POSTINSTALL_PATIENCE).min(POSTINSTALL_PATIENCE);
    // The copies are made beside the release, in the staging directory, which is removed however this install ends.
    let place = hook.release.parent().unwrap_or(hook.release);
    let command = AgreedCommand::new(hook.command, &config.agreed, place).map_err(|error| CommandFault {
        reason: error.to_string(),
        output: Vec::new(),
        limit: None,
    })?;
    match vx_process::run_in(hook.release, &command.text, environment, patience, &|| cancel.cancelled()) {
        Ok((exit, _)) if exit.success() => Ok(()),
        Ok((exit, tail)) => Err(CommandFault { reason: exit.to_string(), output: tail.lines(), limit: None }),
        Err(error) => {
            let (reason, limit) = (start_error_text(&error), ProcessLimit::reached(&error));
            Err(CommandFault { reason, output: Vec::new(), limit })
        }
    }
}

fn run_trial(trial: &Trial, cancel: &CancelToken) -> TrialEnd {
    let end = vx_process::try_once(trial.file, trial.arguments, TRIAL_PATIENCE, &|| cancel.cancelled());
    match end {
        Ok(exit @ Exit::Signal(_)) => TrialEnd::Died(exit.to_string()),
        Ok(Exit::Code(_)) => TrialEnd::Runs,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => TrialEnd::Runs,
        Err(_) => TrialEnd::Unknown,
    }
}
