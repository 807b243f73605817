//! `vx sbom`: a record of the locked tools for auditors.

use std::path::Path;
use std::process::ExitCode;

use crate::doors::cli::args::{SbomArguments, SbomFormat};
use crate::doors::cli::output::failure::Outcome;
use crate::doors::cli::output::notices::Printed;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place;
use crate::tools::sbom::{Standard, sbom};

/// Run `vx sbom`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &SbomArguments) -> Outcome {
    let standard = match arguments.format {
        SbomFormat::Cyclonedx => Standard::CycloneDx,
        SbomFormat::Spdx => Standard::Spdx,
    };
    let document = sbom(workspace::home()?, &place(project)?, standard, &Printed)?;
    print::data(format_args!("{document:#}"));
    Ok(ExitCode::SUCCESS)
}
