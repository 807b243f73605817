//! Starting services again, as the project's file declares them now and with the variables of the requesting process.

use vx_base::paths::Home;
use vx_services::build_key;
use vx_services::declared::reading::DeclarationChange;

use crate::boards::control::{AcceptedWorkRequest, Verb};
use crate::boards::find::{BoardError, open_file, slot_of};
use crate::serving::up::error::UpError;
use crate::serving::up::start::connect::SupervisorConnection;
use crate::serving::up::start::prepare::{UpPrepared, prepare};
use crate::serving::up::start::supervisor_place::UpPlace;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::RunOutcome;
use crate::workspace::project::ProjectPlace;

/// The outcome of such a request.
#[derive(Debug)]
pub enum ServiceRequestOutcome {
    /// The requests that were accepted.
    Asked(Vec<AcceptedServiceRequest>),
    /// A tool of the project was missing, and this run did not install it.
    NotInstalled(RunOutcome),
}

/// A request that was accepted.
#[derive(Clone, Debug)]
pub struct AcceptedServiceRequest {
    /// The request.
    pub asked: AcceptedWorkRequest,
    /// The life of its last build before the request, if there was one, to tell it from the build that the request
    /// causes.
    pub build: Option<u32>,
}

/// Whether this request starts a service, so that its current declaration counts.
pub const fn begins(verb: Verb) -> bool {
    matches!(verb, Verb::Start | Verb::Restart | Verb::Rebuild)
}

/// Request that the services with these keys [start](begins) again. Their project is at `place`, and its supervisor
/// must be running.
///
/// # Errors
/// The project's file cannot be used, it no longer declares one of the services, or its supervisor refuses.
pub fn again(
    home: &Home,
    place: &ProjectPlace,
    verb: Verb,
    keys: &[String],
    frontend: &dyn Frontend,
) -> Result<ServiceRequestOutcome, UpError> {
    let declared = match prepare(home, place, true, frontend)? {
        UpPrepared::Ready(declared) => declared,
        UpPrepared::NotInstalled(outcome) => return Ok(ServiceRequestOutcome::NotInstalled(outcome)),
    };
    let place = UpPlace::for_directory(&declared.directory)?;
    let mut supervisor = SupervisorConnection::connect(&place)?.ok_or(UpError::NotAtWork)?;
    let mut asked = Vec::with_capacity(keys.len());
    for key in keys {
        let board = supervisor.board.clone();
        let snapshot = open_file(&board)?.snapshot().map_err(BoardError::Read)?;
        let slot = slot_of(&snapshot, key).ok_or(UpError::NotAtWork)?;
        let change = supervisor.again(&declared, verb, key)?;
        // Only for a start: after a good build the service restarts anyway.
        if verb == Verb::Start && change == Some(DeclarationChange::Outdated) {
            frontend.notice(Notice::ServiceOutdated { service: key.clone() });
        }
        let build = slot_of(&snapshot, &build_key(key)).map(|slot| slot.generation);
        let of_slot = AcceptedWorkRequest {
            board,
            key: key.clone(),
            runner: supervisor.pid,
            state: slot.state.name().to_owned(),
            kind: slot.kind,
            generation: slot.generation,
            has_ended: slot.state.ended(),
        };
        asked.push(AcceptedServiceRequest { asked: of_slot, build });
    }
    Ok(ServiceRequestOutcome::Asked(asked))
}
