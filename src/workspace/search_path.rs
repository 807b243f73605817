//! The programs of this system: everything on the user's search path except the links of vx, and except folders of a
//! project that has withheld parts, since programs there belong to the project.

use std::ffi::OsString;
use std::path::PathBuf;

use vx_base::files::search_path::{program_on_path, programs_on_path};
use vx_base::paths::{Home, user_home};
use vx_base::system::variables::{ClientVariables, variable};

use super::consent::Consent;

/// The folders of the user's search path that have programs of this system.
///
/// The folder of links is left out because a link would only call vx again.
pub(crate) fn search_path<'a>(home: &Home, consents: impl Iterator<Item = &'a Consent>) -> Option<OsString> {
    let path = variable("PATH")?;
    let user = user_home(&ClientVariables::here());
    let withholding: Vec<&Consent> =
        consents.filter(|consent| !consent.complete() && user.as_deref() != Some(consent.directory())).collect();
    let (shims, real_shims) = (home.shims(), home.shims().canonicalize().ok());
    let counts = |folder: &PathBuf| {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let withheld = withholding.iter().any(|consent| real.starts_with(consent.directory()));
        *folder != shims && Some(&real) != real_shims.as_ref() && !withheld
    };
    std::env::join_paths(std::env::split_paths(&path).filter(counts)).ok()
}

/// The first program of this name on a search path.
pub(crate) fn first(name: &str, path: Option<&OsString>) -> Option<PathBuf> {
    program_on_path(name, path?)
}

/// All programs of this name on a search path, in its order.
pub(crate) fn all(name: &str, path: Option<&OsString>) -> Vec<PathBuf> {
    path.map(|path| programs_on_path(name, path)).unwrap_or_default()
}
