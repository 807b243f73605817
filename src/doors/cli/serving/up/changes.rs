//! Running services that differ from the project's file, one line each.

use vx_services::declared::reading::DeclarationChange;

use crate::doors::cli::output::notices::outdated_service;
use crate::doors::cli::output::print;
use crate::serving::up::ChangedService;

/// Print one line for each change.
pub(super) fn show(changes: &[ChangedService]) {
    for ChangedService { name, change } in changes {
        print::message(match change {
            DeclarationChange::Restarted => format!("`{name}` restarts: its declaration has changed"),
            DeclarationChange::Outdated => outdated_service(name),
            DeclarationChange::Stopped => format!("`{name}` stops: it is no longer declared"),
            DeclarationChange::Undeclared => {
                format!("`{name}` still runs but is no longer declared; `vx stop {name}` stops it")
            }
        });
    }
}
