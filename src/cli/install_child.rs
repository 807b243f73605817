//! The child of one install: `vx install TOOL@VERSION --ipc-channel NAME`.
//!
//! It takes its slot by the channel's name, then its configuration from standard input, then installs. It stops when it
//! is asked to and when its parent dies. Whatever becomes of it, the parent judges its end by `wait`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vx_shm::{Ending, Reader, Slot, SlotState, SlotView, Snapshot};

use super::failure::{CANCELLED, FAILED, USAGE};
use super::{print, tool_and_version};
use crate::channel::{ConfigError, InstallChannelChild, PATIENCE};
use crate::config::InstallConfig;
use crate::hint::{Hint, told};
use crate::install::{
    CancelToken, Holder, HolderProgress, Hooks, InstallError, Installed, Need, Patience, PostInstall, Store,
};
use crate::paths::{Home, runtime_directory};
use crate::process;
use crate::sync::SlotReporter;

/// How long an install may take to stop by itself after its parent died.
const ORPHAN_GRACE: Duration = Duration::from_millis(500);

/// Why an install does not begin whose parent died before it could be watched.
const NOBODY_WAITS: &str = "the vx that asked for this install is gone";

/// How long a post-install command may take.
const POSTINSTALL_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Install what the configuration on standard input says, on the slot this channel leads to.
pub(super) fn run(channel: &str, tool: &str) -> ExitCode {
    let cancel = CancelToken::new();
    let orphaned = Arc::new(AtomicBool::new(false));
    if let Err(error) = stop_when_asked(&cancel, &orphaned) {
        print::error(error, None);
        return ExitCode::from(FAILED);
    }
    let directory = match runtime_directory() {
        Ok(directory) => directory,
        Err(error) => return give_up(None, USAGE, &error),
    };
    let channel = match InstallChannelChild::connect(channel, &directory) {
        Ok(channel) => channel,
        Err(error) => return give_up(None, USAGE, &error),
    };
    if channel.abandoned() {
        // It died before this process could watch it. Nothing has begun, and nobody is left to say that nothing will.
        print::error(NOBODY_WAITS, None);
        end(channel.into_slot(), Ending { error: Some(NOBODY_WAITS.into()), ..Ending::new(SlotState::Cancelled) });
        return ExitCode::from(CANCELLED);
    }
    let config = match channel.recv_config(std::io::stdin(), PATIENCE) {
        Ok(config) => config,
        Err(error) => return give_up(Some(channel.into_slot()), USAGE, &error),
    };
    let asked = tool_and_version(tool).0;
    if config.tool_name != asked {
        let error = ConfigError::OtherTool { wanted: asked.to_owned(), found: config.tool_name };
        return give_up(Some(channel.into_slot()), USAGE, &error);
    }
    let reporter = SlotReporter::new(channel.into_slot(), config.attempt);
    let outcome = install(&config, &reporter, &cancel);
    let code = finish(reporter.into_slot(), &cancel, outcome);
    if orphaned.load(Ordering::Relaxed) {
        // A parent would end what a post-install command left in the group.
        process::end_own_group(i32::from(CANCELLED));
    }
    code
}

/// From here on a request to stop and the parent's death cancel the install; an orphan that does not stop by itself
/// ends with all it started, and leaves nothing but what the next run sweeps away.
fn stop_when_asked(cancel: &CancelToken, orphaned: &Arc<AtomicBool>) -> std::io::Result<()> {
    let interrupts = process::interrupts()?;
    let asked = cancel.clone();
    std::thread::Builder::new().name("stop".into()).spawn(move || {
        while interrupts.recv().is_ok() {
            asked.cancel();
        }
    })?;
    let (cancel, orphaned) = (cancel.clone(), Arc::clone(orphaned));
    process::watch_parent(move || {
        orphaned.store(true, Ordering::Relaxed);
        cancel.cancel();
        std::thread::sleep(ORPHAN_GRACE);
        process::end_own_group(i32::from(CANCELLED));
    })
}

fn finish(slot: Slot, cancel: &CancelToken, outcome: Result<Installed, InstallError>) -> ExitCode {
    match outcome {
        Ok(installed) => {
            let path = installed.release.path.to_string_lossy().into_owned();
            end(slot, Ending::done_at(path));
            ExitCode::SUCCESS
        }
        // That it is cancelled is said by the parent, once the whole group is gone.
        Err(_) if cancel.cancelled() => ExitCode::from(CANCELLED),
        Err(error) => give_up(Some(slot), FAILED, &error),
    }
}

/// Say why on the slot and on standard error, which the parent keeps in the log.
fn give_up(slot: Option<Slot>, code: u8, error: &(impl std::fmt::Display + Hint)) -> ExitCode {
    print::error(error, error.hint());
    if let Some(slot) = slot {
        end(slot, Ending::failed(told(error)));
    }
    ExitCode::from(code)
}

/// A slot that cannot be ended reads as a crash does, and the parent says how the process ended.
fn end(slot: Slot, ending: Ending) {
    if let Err(error) = slot.end(ending) {
        print::warning(error);
    }
}

fn install(config: &InstallConfig, reporter: &SlotReporter, cancel: &CancelToken) -> Result<Installed, InstallError> {
    let progress_of = |holder: &Holder| holder_progress(holder);
    let postinstall = |command: &PostInstall| run_postinstall(config, command, cancel);
    let state_of = |tool: &str| state_of(config, tool);
    let patience =
        config.stall_ms.map_or_else(Patience::default, |stall| Patience::stalling(Duration::from_millis(stall)));
    let hooks = Hooks { progress_of: &progress_of, state_of: &state_of, postinstall: &postinstall, patience };
    crate::install::install(config, reporter, cancel, &hooks)
}

/// How far another process got with the same release, from its slot.
fn holder_progress(holder: &Holder) -> Option<HolderProgress> {
    let at = holder.board.as_ref()?;
    let mut snapshot = Snapshot::default();
    Reader::open(&at.path).ok()?.refresh(&mut snapshot).ok()?;
    let slot = snapshot.slots.iter().find(|slot| slot.index == at.slot && slot.generation == at.generation)?;
    Some(HolderProgress { phase: slot.phase, done: slot.done, total: slot.total })
}

/// Another tool's slot on the board of this run.
fn slot_of(config: &InstallConfig, tool: &str) -> Option<SlotView> {
    let at = config.board.as_ref()?;
    let mut snapshot = Snapshot::default();
    Reader::open(&at.path).ok()?.refresh(&mut snapshot).ok()?;
    snapshot.slots.into_iter().find(|slot| slot.key == tool && slot.index != at.slot)
}

/// The programs of another tool: of the version that this run is about, else of the one that was installed last.
fn programs_of(config: &InstallConfig, tool: &str) -> Option<PathBuf> {
    let wanted = slot_of(config, tool).map(|slot| slot.version);
    let releases = Store::new(Home::at(config.home.clone())).list().ok()?;
    let of_tool = releases.into_iter().filter(|release| release.receipt.tool == tool);
    let best =
        of_tool.max_by_key(|release| (wanted.as_ref() == Some(&release.receipt.version), release.receipt.installed_at));
    best.map(|release| release.path.join("bin"))
}

/// How far this run is with another tool, from its slot on the same board.
fn state_of(config: &InstallConfig, tool: &str) -> Option<Need> {
    let slot = slot_of(config, tool)?;
    match slot.state {
        SlotState::Failed | SlotState::Died | SlotState::Cancelled => Some(Need::Failed),
        state if state.ended() => None,
        _ => Some(Need::Coming { version: slot.version, phase: slot.phase, done: slot.done, total: slot.total }),
    }
}

fn run_postinstall(config: &InstallConfig, hook: &PostInstall, cancel: &CancelToken) -> Result<(), String> {
    let mut path = std::ffi::OsString::from(hook.bin);
    let runner = config.needs.as_ref().and_then(|tool| programs_of(config, tool)).map(PathBuf::into_os_string);
    for more in runner.into_iter().chain(std::env::var_os("PATH")) {
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(more);
    }
    let mut environment = vec![("PATH".into(), path)];
    environment.extend(config.options.iter().map(|(name, value)| (name.into(), value.into())));
    let patience = hook.time_left.unwrap_or(POSTINSTALL_PATIENCE).min(POSTINSTALL_PATIENCE);
    match process::run_in(hook.release, hook.command, environment, patience, &|| cancel.cancelled()) {
        Ok((exit, _)) if exit.success() => Ok(()),
        Ok((exit, tail)) => Err(std::iter::once(exit.to_string()).chain(tail.lines()).collect::<Vec<_>>().join("\n")),
        Err(error) => Err(error.to_string()),
    }
}
