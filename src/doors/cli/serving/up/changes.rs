//! Services that run and differ from the project's file, as a line each.

use vx_services::declared::reading::DeclarationChange;

use crate::doors::cli::output::notices::outdated_service;
use crate::doors::cli::output::print;
use crate::serving::up::ChangedService;

/// Print a line for each.
pub(super) fn show(changes: &[ChangedService]) {
    for ChangedService { name, change } in changes {
        print::message(match change {
            DeclarationChange::Restarted => format!("`{name}` starts again: it is declared otherwise now"),
            DeclarationChange::Outdated => outdated_service(name),
            DeclarationChange::Stopped => format!("`{name}` stops: it is not declared any more"),
            DeclarationChange::Undeclared => {
                format!("`{name}` goes on and is not declared any more; `vx stop {name}` stops it")
            }
        });
    }
}
