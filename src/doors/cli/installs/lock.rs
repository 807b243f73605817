//! `vx lock`: resolve every tool for every platform and write vx.lock.

use std::path::Path;
use std::process::ExitCode;

use crate::doors::cli::args::LockArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place;
use crate::tools::locking::{LockOptions, LockOutcome, Upgrade, lock, lock_state};

/// Run `vx lock`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &LockArguments) -> CommandResult {
    if arguments.check {
        return check(project);
    }
    let upgrade = arguments.upgrade.clone().map_or(Upgrade::Nothing, Upgrade::Tools);
    let options = LockOptions { tools: arguments.tools.clone(), upgrade };
    let LockOutcome { tools, failed, written, old_kept } =
        lock(workspace::home()?, &place(project)?, &options, &NoticePrintingFrontend)?;
    match written {
        true => print::message("wrote vx.lock"),
        // A notice has the reason why an old lock was kept.
        false if failed == 0 && !old_kept => print::message("vx.lock is up to date"),
        false => {}
    }
    match failed {
        0 => Ok(ExitCode::SUCCESS),
        failed => Err(CommandFailure::hinted_text(
            FAILED,
            format!("{failed} of {tools} tools could not be locked"),
            match old_kept {
                false => "the others are locked; fix the errors above and run `vx lock` again",
                true => "vx.lock is unchanged; fix the errors above and run `vx lock` again",
            },
        )),
    }
}

/// Print every difference between vx.lock and vx.toml; fail if there is one.
fn check(project: Option<&Path>) -> CommandResult {
    let state = lock_state(workspace::home()?, &place(project)?, &NoticePrintingFrontend)?;
    if state.fits() {
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &state.differences {
        print::data(difference);
    }
    let text = if state.old { "vx.lock has an old format" } else { "vx.lock does not fit vx.toml" };
    Err(CommandFailure::hinted_text(FAILED, text, "run `vx lock` and commit vx.lock"))
}
