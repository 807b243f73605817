//! `vx sbom`: a record of the locked tools for auditors.

use std::path::Path;
use std::process::ExitCode;

use super::args::{SbomArguments, SbomFormat};
use super::failure::Outcome;
use super::notices::Printed;
use super::workspace::place;
use super::{print, store};
use crate::work::sbom::{Standard, sbom};

/// Run `vx sbom`.
pub(super) fn run(project: Option<&Path>, arguments: &SbomArguments) -> Outcome {
    let standard = match arguments.format {
        SbomFormat::Cyclonedx => Standard::CycloneDx,
        SbomFormat::Spdx => Standard::Spdx,
    };
    let document = sbom(store::home()?, &place(project)?, standard, &Printed)?;
    print::data(format_args!("{document:#}"));
    Ok(ExitCode::SUCCESS)
}
