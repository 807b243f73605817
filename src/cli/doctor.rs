//! `vx doctor`: shows every fault with its remedy, and carries the remedies out with `--fix`.

mod report;

use std::path::Path;
use std::process::ExitCode;

use super::args::DoctorArguments;
use super::failure::{FAILED, Outcome};
use super::frontend::CommandLine;
use super::store;
use super::workspace::place_or_none;
use crate::doctor::{DoctorOptions, Mended, examine, mend};
use crate::install::Depth;

/// Run `vx doctor`.
pub(super) fn run(project: Option<&Path>, arguments: &DoctorArguments) -> Outcome {
    let home = store::home()?;
    let options = DoctorOptions {
        place: place_or_none(project)?,
        depth: if arguments.quick { Depth::Sizes } else { Depth::Contents },
        offline: arguments.offline,
    };
    let Mended { diagnosis, mended } = match arguments.fix {
        // Standard output holds nothing but the document.
        true => mend(&home, &options, &CommandLine::headless(arguments.json))?,
        false => Mended { diagnosis: examine(&home, &options)?, mended: Vec::new() },
    };
    report::print(&diagnosis, &mended, arguments.json);
    Ok(if diagnosis.well() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
