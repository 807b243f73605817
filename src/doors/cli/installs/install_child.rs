//! The child of one install: `vx install TOOL@VERSION --ipc-channel NAME`. Its errors are on its slot, and printed here
//! for its log.

use std::process::ExitCode;

use vx_base::system::process_limit::NO_ROOM_EXIT;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_project::tool_and_version;
use vx_run::channel::{ChildCause, ChildError, ChildPurpose};

use crate::doors::cli::output::failure::{CANCELLED, FAILED, USAGE};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::tools::installs::child::{ChildOutcome, InstallingChild, PARENT_GONE};

/// Install the tool of the configuration on standard input, on the slot that this channel leads to.
pub(in crate::doors::cli) fn run(channel: &str, tool: &str) -> ExitCode {
    let child = match InstallingChild::begin(CANCELLED) {
        Ok(child) => child,
        Err(error) => {
            let error = ChildCause::from(error).of_child(ChildPurpose::Install);
            print::trouble(&Trouble::from_error(&error));
            return ExitCode::from(exit_code(&error));
        }
    };
    let outcome = child.install(channel, tool_and_version(tool).0, std::io::stdin(), &NoticePrintingFrontend);
    let code = match &outcome {
        ChildOutcome::Installed => ExitCode::SUCCESS,
        ChildOutcome::Cancelled => ExitCode::from(CANCELLED),
        ChildOutcome::Abandoned => {
            print::error(PARENT_GONE, None);
            ExitCode::from(CANCELLED)
        }
        ChildOutcome::Failed(error) => {
            print::trouble(&Trouble::from_error(error));
            ExitCode::from(exit_code(error))
        }
    };
    child.leave();
    code
}

fn exit_code(error: &ChildError) -> u8 {
    match error.cause {
        _ if error.kind() == TroubleKind::Limit => NO_ROOM_EXIT,
        ChildCause::System(_) | ChildCause::Work(_) => FAILED,
        _ => USAGE,
    }
}
