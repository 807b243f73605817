//! `vx sbom`: a record of the locked tools for auditors.

use std::path::Path;
use std::process::ExitCode;

use crate::doors::cli::args::{SbomArguments, SbomFormat};
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place;
use crate::tools::sbom::sbom;

/// The hint for users who need a record in SPDX.
const CONVERTED: &str = "convert the CycloneDX record to SPDX: `vx sbom | cyclonedx-cli convert --input-format json \
    --output-format spdxjson`";

/// Run `vx sbom`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &SbomArguments) -> CommandResult {
    if arguments.format == SbomFormat::Spdx {
        return Err(CommandFailure::usage("`vx sbom` writes no SPDX, only CycloneDX").hint(CONVERTED));
    }
    let document = sbom(workspace::home()?, &place(project)?, &NoticePrintingFrontend)?;
    print::data(format_args!("{document:#}"));
    Ok(ExitCode::SUCCESS)
}
