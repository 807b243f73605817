//! The child of one install: `vx install TOOL@VERSION --ipc-channel NAME`.
//!
//! The child claims its slot by the channel's name, then reads its configuration from standard input, then installs. It
//! stops on request and when its parent dies. The parent decides how it ended by `wait` alone.
//!
//! This is the only module below the doors that acts on its own process: an installing child has its own process group,
//! made for one install, and ends that group if it is orphaned.

mod agreed_command;
mod hooks;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vx_base::paths::runtime_directory;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::channel::{
    ChildCause, ChildError, ChildPurpose, ConfigError, InstallChannelChild, PATIENCE, is_on_unnamed_board,
};
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Slot, SlotState};
use vx_store::CancelToken;
use vx_store::config::InstallConfig;

use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

use crate::tools::installs::job::SlotReporter;

/// How long an install may take to stop by itself after its parent has died.
const ORPHAN_GRACE: Duration = Duration::from_millis(500);

/// The outcome of a child's work. If there is a slot, the slot has it, too.
#[derive(Debug)]
pub enum ChildOutcome {
    /// The tool is installed.
    Installed,
    /// The install was asked to stop. The parent ends the slot once the whole group is gone.
    Cancelled,
    /// The parent died before the install started.
    Abandoned,
    /// The install failed or did not start.
    Failed(ChildError),
}

/// The text on the slot of an install whose parent died before it could be watched.
pub const PARENT_GONE: &str = "the vx that asked for this install is gone";

/// A running child, which stops on request and when its parent dies.
pub struct InstallingChild {
    cancel: CancelToken,
    orphaned: Arc<AtomicBool>,
    orphan_code: i32,
}

impl InstallingChild {
    /// From here on, a request to stop and the parent's death cancel the install. An orphan that does not stop in time
    /// is ended with everything it started, with this exit code; the next run removes its leftovers.
    ///
    /// # Errors
    /// The threads or signal handlers cannot be set up.
    pub fn begin(orphan_code: u8) -> io::Result<Self> {
        let orphan_code = i32::from(orphan_code);
        let child = Self { cancel: CancelToken::new(), orphaned: Arc::default(), orphan_code };
        let interrupts = vx_process::interrupts()?;
        let asked = child.cancel.clone();
        std::thread::Builder::new().name("stop".into()).spawn(move || {
            while interrupts.recv().is_ok() {
                asked.cancel();
            }
        })?;
        let (cancel, orphaned) = (child.cancel.clone(), Arc::clone(&child.orphaned));
        vx_process::watch_parent(move || {
            orphaned.store(true, Ordering::Relaxed);
            cancel.cancel();
            std::thread::sleep(ORPHAN_GRACE);
            vx_process::end_own_group(orphan_code);
        })?;
        Ok(child)
    }

    /// Install the tool that the document on `input` describes, on the slot that the channel leads to.
    pub fn install(
        &self,
        channel: &str,
        tool: &str,
        input: impl Read + Send + 'static,
        frontend: &dyn Frontend,
    ) -> ChildOutcome {
        let channel = match connect(channel) {
            Ok(channel) => channel,
            Err(cause) => return ChildOutcome::Failed(cause.of_child(ChildPurpose::Install)),
        };
        if channel.abandoned() {
            // The parent died before this process could watch it, so no parent is left to mark the slot.
            let trouble = Trouble::new(TroubleKind::Cancelled, PARENT_GONE);
            let ending = Ending { error: Some(trouble.to_cell()), ..Ending::new(SlotState::Cancelled) };
            end(channel.into_slot(), ending, frontend);
            return ChildOutcome::Abandoned;
        }
        let config = match channel.recv_config(input, PATIENCE, tool_of) {
            Ok(config) if config.tool_name == tool => config,
            Ok(config) => {
                let error = ConfigError::OtherTool { wanted: tool.to_owned(), found: config.tool_name };
                return failed(channel.into_slot(), error.into(), frontend);
            }
            Err(error) => return failed(channel.into_slot(), error.into(), frontend),
        };
        let reporter = SlotReporter::new(channel.into_slot(), config.attempt);
        let installed = hooks::install(&config, &reporter, &self.cancel);
        let slot = reporter.into_slot();
        match installed {
            Ok(installed) => {
                end(slot, Ending::done_at(installed.release.path.to_string_lossy().into_owned()), frontend);
                ChildOutcome::Installed
            }
            Err(_) if self.cancel.cancelled() => ChildOutcome::Cancelled,
            Err(error) => failed(slot, ChildCause::Work(Trouble::from_error(&error)), frontend),
        }
    }

    /// If the parent is gone, end the rest of the group, where a post-install command may have left processes. A living
    /// parent does this itself.
    pub fn leave(self) {
        if self.orphaned.load(Ordering::Relaxed) {
            vx_process::end_own_group(self.orphan_code);
        }
    }
}

fn tool_of(config: &InstallConfig) -> &str {
    &config.tool_name
}

fn connect(channel: &str) -> Result<InstallChannelChild, ChildCause> {
    // A board without a file name is used if there is no suitable directory.
    let directory = if is_on_unnamed_board(channel) { PathBuf::new() } else { runtime_directory()? };
    Ok(InstallChannelChild::connect(channel, &directory)?)
}

fn failed(slot: Slot, cause: ChildCause, frontend: &dyn Frontend) -> ChildOutcome {
    let error = cause.of_child(ChildPurpose::Install);
    end(slot, Ending::failed(Trouble::from_error(&error).to_cell()), frontend);
    ChildOutcome::Failed(error)
}

/// End the slot. If that fails, the slot reads as after a crash, and the parent records the end of the process.
fn end(slot: Slot, ending: Ending, frontend: &dyn Frontend) {
    if let Err(error) = slot.end(ending) {
        frontend.notice(Notice::EndNotWritten(error));
    }
}
