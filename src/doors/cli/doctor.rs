//! `vx doctor`: shows every fault with its remedy, and carries the remedies out with `--fix`.

mod report;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use vx_store::ManifestCheckDepth;

use super::args::DoctorArguments;
use super::workspace;
use super::workspace::place_or_none;
use crate::doors::cli::output::failure::{CommandResult, FAILED};
use crate::doors::cli::screens::frontend::CommandLineFrontend;
use crate::doors::doctor::{DoctorOptions, Mended, examine, mend};

/// The most time for reinstalling one release, with its post-install command. A sync has no such limit, but somebody
/// waits for the doctor's answer.
const MEND_WITHIN: Duration = Duration::from_secs(300);

/// Run `vx doctor`.
pub(super) fn run(project: Option<&Path>, arguments: &DoctorArguments) -> CommandResult {
    let home = workspace::home()?;
    let options = DoctorOptions {
        place: place_or_none(project)?,
        depth: if arguments.quick { ManifestCheckDepth::Sizes } else { ManifestCheckDepth::Contents },
        offline: arguments.offline,
        mend_within: arguments.timeout.unwrap_or(MEND_WITHIN),
    };
    let Mended { diagnosis, mended } = match arguments.fix {
        // Standard output holds nothing but the document.
        true => mend(&home, &options, &CommandLineFrontend::headless(arguments.json))?,
        false => Mended { diagnosis: examine(&home, &options)?, mended: Vec::new() },
    };
    report::print(&diagnosis, &mended, arguments.json);
    Ok(if diagnosis.well() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
