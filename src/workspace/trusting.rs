//! Agreeing to the acting parts of a project in advance, listing them, and taking the agreement back.

use vx_base::paths::Home;
use vx_project::trust::consent_record::{self, ConsentRecord};

use super::consent::{Consent, ConsentState};
use super::consent_error::ConsentError;
use super::error::WorkError;
use super::frontend::{Frontend, UserAnswer};
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

/// The outcome of agreeing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// There is nothing to agree to.
    Nothing,
    /// The parts may act already, by an earlier agreement or in a trusted folder.
    Already(ConsentState),
    /// The user agreed.
    Agreed,
}

/// The extent of a requested consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The acting parts, and the tracked files if an earlier consent is tied to them.
    Parts,
    /// The acting parts, for as long as no tracked file changes.
    Commit,
}

/// The acting parts of the project at `place` and of the projects it inherits from, the nearest first, and the user's
/// standing on them.
///
/// # Errors
/// A project cannot be used.
pub fn consents(home: &Home, place: &ProjectPlace, frontend: &dyn Frontend) -> Result<Vec<Consent>, WorkError> {
    let Workspace { consent, above, .. } = Workspace::open(home.clone(), place, Faults::Refuse, frontend)?;
    Ok(std::iter::once(consent).chain(above.into_iter().map(|above| above.consent)).collect())
}

/// Ask for consent to the acting parts, and store it.
///
/// # Errors
/// The user does not agree, nobody can answer, no consent counts for the project, or the consent cannot be stored.
pub fn agree(
    home: &Home,
    mut consent: Consent,
    extent: Extent,
    frontend: &dyn Frontend,
) -> Result<Agreement, WorkError> {
    if extent == Extent::Commit
        && !matches!(consent.standing, ConsentState::Own | ConsentState::Nothing | ConsentState::Folder)
    {
        consent.tie()?;
    }
    match consent.standing {
        ConsentState::Own | ConsentState::Nothing => return Ok(Agreement::Nothing),
        standing @ (ConsentState::Folder | ConsentState::Agreed) => return Ok(Agreement::Already(standing)),
        ConsentState::All | ConsentState::Withheld => {}
    }
    if let Some(stranger) = consent.stranger {
        return Err(ConsentError::Stranger { stranger }.into());
    }
    match frontend.ask(&consent.question(home)) {
        UserAnswer::No => return Err(ConsentError::Declined { file: consent.file }.into()),
        UserAnswer::Nobody => return Err(ConsentError::Unanswered { file: consent.file }.into()),
        UserAnswer::Yes => {}
    }
    consent.agree(home)?;
    Ok(Agreement::Agreed)
}

/// Take back every agreement for this project. Returns whether there was one.
///
/// # Errors
/// The agreement cannot be removed.
pub fn revoke(home: &Home, consent: &Consent) -> Result<bool, WorkError> {
    consent_record::revoke(home, &consent.key).map_err(|cause| {
        let path = consent_record::path(home, &consent.key);
        ConsentError::NotKept { path, cause }.into()
    })
}

/// Every stored consent.
pub fn list(home: &Home) -> Vec<ConsentRecord> {
    consent_record::list(home)
}
