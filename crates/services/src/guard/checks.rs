//! The checks that a service's table declares.

use regex_lite::Regex;
use vx_project::services::Ready;

use crate::declared::order::Order;
use crate::probe::{Check, CommandCheck, HttpCheck};

/// The checks of this table. Its patterns and addresses were looked at with the project's file.
pub(super) fn checks(table: &Ready, order: &Order) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(table.log.as_ref().and_then(|pattern| Regex::new(pattern).ok()).map(Check::Log));
    checks.extend(order.port.filter(|_| table.tcp).map(Check::Tcp));
    let http = table.http.as_ref().and_then(|text| HttpCheck::new(text, order.port, table.status).ok());
    checks.extend(http.map(Check::Http));
    checks.extend(table.command.as_deref().and_then(<[String]>::split_first).map(|(program, arguments)| {
        Check::Command(CommandCheck {
            program: program.into(),
            arguments: arguments.iter().map(Into::into).collect(),
            environment: order.environment.clone(),
            directory: order.directory.clone(),
        })
    }));
    checks.extend(table.file.as_ref().map(|file| Check::File(order.project.join(file))));
    checks
}
