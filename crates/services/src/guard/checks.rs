//! Turning the checks that a service declares into checks to run.

use regex_lite::Regex;
use vx_project::services::Ready;

use crate::declared::order::ServiceOrder;
use crate::probe::{CommandCheck, HttpCheck, ServiceCheck};

/// Make the checks of this table. Its patterns and addresses were validated when the project's file was read.
pub(super) fn checks(table: &Ready, order: &ServiceOrder) -> Vec<ServiceCheck> {
    let mut checks = Vec::new();
    checks.extend(table.log.as_ref().and_then(|pattern| Regex::new(pattern).ok()).map(ServiceCheck::Log));
    checks.extend(order.port.filter(|_| table.tcp).map(ServiceCheck::Tcp));
    let http = table.http.as_ref().and_then(|text| HttpCheck::new(text, order.port, table.status).ok());
    checks.extend(http.map(ServiceCheck::Http));
    checks.extend(table.command.as_deref().and_then(<[String]>::split_first).map(|(program, arguments)| {
        ServiceCheck::Command(CommandCheck {
            program: program.into(),
            arguments: arguments.iter().map(Into::into).collect(),
            environment: order.environment.clone(),
            directory: order.directory.clone(),
        })
    }));
    checks.extend(table.file.as_ref().map(|file| ServiceCheck::File(order.project.join(file))));
    checks
}
