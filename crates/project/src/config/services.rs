//! `[services]`: programs that run while people work on the project.
//!
//! All problems of the table are found at once. They don't prevent installing or running the project's tools, so only a
//! command that is about services fails because of them.

mod fields;
mod preset;
mod renewal;
mod words;

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};
use vx_base::nearest::nearest;

use super::reader::{ConfigReader, kind};
use crate::problem::Problem;
use crate::services::{DeclaredService, OWN_PORT, Reload, circle, ports_named, uses_name};
use fields::service;
use preset::of_preset;

/// Most services of a project: each is compared with all others.
const MOST_SERVICES: usize = 1000;
/// For how many undeclared needs a similar name is looked up.
const MOST_ADVISED: usize = 16;

/// Services of a file, and the problems of their table.
#[derive(Default)]
pub(super) struct ParsedServices {
    pub services: Vec<DeclaredService>,
    pub problems: Vec<Problem>,
    pub doubts: Vec<Problem>,
}

/// Read the services in the order of the file.
pub(super) fn read(text: &str, document: &DeTable<'_>) -> ParsedServices {
    let Some(value) = document.get("services") else { return ParsedServices::default() };
    let mut reader = ConfigReader::new(text);
    let Some(table) = value.get_ref().as_table() else {
        let message = format!("`services` is {}, not a table", kind(value));
        reader.error(value.span(), message, Some("begin it with [services.NAME] on a line of its own".to_owned()));
        return ParsedServices { problems: reader.finish().0, ..ParsedServices::default() };
    };
    if table.len() > MOST_SERVICES {
        let message = format!("`services` has {} tables, and a project may have {MOST_SERVICES}", table.len());
        reader.error(value.span(), message, Some("split the project, each part with a vx.toml".to_owned()));
        return ParsedServices { problems: reader.finish().0, ..ParsedServices::default() };
    }
    let mut found: Vec<(usize, DeclaredService)> = Vec::new();
    for (name, value) in table {
        // A list of tables belongs to another program, as tables of containers do.
        if value.get_ref().is_array() {
            continue;
        }
        if value.get_ref().as_table().is_some_and(|table| table.contains_key("image")) {
            let message = format!("[services.{}] describes a container; vx leaves it alone", name.get_ref());
            reader.warn(name.span(), message, None);
            continue;
        }
        let of_table = match value.get_ref().as_table().filter(|table| table.contains_key("preset")) {
            Some(own) => of_preset(&mut reader, name, own, table),
            None => service(&mut reader, name, value).into_iter().collect(),
        };
        found.extend(of_table.into_iter().map(|service| (name.span().start, service)));
    }
    found.sort_by_key(|(at, _)| *at);
    let mut services: Vec<DeclaredService> = found.into_iter().map(|(_, service)| service).collect();
    need_parts(&mut services);
    check_needs(&mut reader, table, &services);
    check_ports(&mut reader, table, &services);
    let (problems, doubts) = reader.finish();
    ParsedServices { services, problems, doubts }
}

/// Where services need a plugin, replace its name by all its services.
fn need_parts(services: &mut [DeclaredService]) {
    let parts: Vec<(String, String)> =
        services.iter().filter_map(|service| Some((service.plugin.clone()?, service.name.clone()))).collect();
    for service in services {
        for (plugin, part) in &parts {
            if let Some(until) = service.needs.get(plugin).copied() {
                service.needs.insert(part.clone(), until);
            }
        }
        service.needs.retain(|name, _| !parts.iter().any(|(plugin, _)| plugin == name));
    }
}

/// Report needs of undeclared services, and circles. A service whose own table has problems counts as declared.
fn check_needs(reader: &mut ConfigReader<'_>, table: &DeTable<'_>, services: &[DeclaredService]) {
    let names: BTreeSet<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let mut advised = 0;
    for service in services {
        let declared = |need: &str| table.contains_key(need) || names.contains(need);
        for need in service.needs.keys().filter(|need| !declared(need)) {
            let span = span_of_need(table, service.table(), need);
            // Each name is compared with all others, so the cost must not grow with the number of mistakes as well.
            advised += 1;
            let near = if advised <= MOST_ADVISED { nearest(need, names.iter().copied()) } else { Vec::new() };
            let advice = near.first().map(|near| format!("did you mean `{near}`?"));
            reader.error(span, format!("`{}` needs `{need}`, which is not declared", service.name), advice);
        }
    }
    if let Some(circle) = circle(services) {
        let span = span_of_need(table, &circle[0], &circle[1]);
        reader.error(span, format!("services need each other in a circle: {}", circle.join(" -> ")), None);
    }
}

/// Find the place where the needed service is named.
fn span_of_need(table: &DeTable<'_>, service: &str, need: &str) -> std::ops::Range<usize> {
    let needs = table.get(service).and_then(|value| value.get_ref().as_table()?.get("needs"));
    let Some(needs) = needs else { return 0..0 };
    let named = match needs.get_ref() {
        DeValue::Table(entries) => entries.keys().find(|key| key.get_ref() == need).map(|key| key.span()),
        DeValue::Array(items) => {
            items.iter().find(|item| item.get_ref().as_str() == Some(need)).map(|item| item.span())
        }
        _ => None,
    };
    named.unwrap_or_else(|| needs.span())
}

/// Report placeholders for ports of services that have none.
fn check_ports(reader: &mut ConfigReader<'_>, table: &DeTable<'_>, services: &[DeclaredService]) {
    let has_port = |name: &str| services.iter().any(|service| service.name == name && service.port.is_some());
    for service in services {
        let place = |key: &str| {
            let own = table.get(service.table()).and_then(|value| value.get_ref().as_table()?.get(key));
            own.map_or(0..0, |value| value.span())
        };
        let renewal = &service.renewal;
        let build = renewal.build.iter().map(|text| ("build", text));
        let reload = renewal.reload.iter().flat_map(Reload::texts).map(|text| ("reload", text));
        let texts = service.command.iter().map(|text| ("command", text)).chain(build).chain(reload);
        for (key, text) in texts.chain(service.env.values().map(|text| ("env", text))) {
            if uses_name(text, OWN_PORT) && service.port.is_none() {
                let advice = Some("add port = \"auto\", for example".to_owned());
                reader.error(place(key), format!("`{}` has no port for `{{{OWN_PORT}}}`", service.name), advice);
            }
            for other in ports_named(text).filter(|other| !has_port(other)) {
                let message = format!("`{}` uses the port of `{other}`, which has none", service.name);
                reader.error(place(key), message, None);
            }
        }
        let checked = service.ready_checks();
        let by_path = |address: &String| address.starts_with('/');
        let asks = checked.is_some_and(|ready| ready.tcp || ready.http.as_ref().is_some_and(by_path));
        if asks && service.port.is_none() {
            let message = format!("`ready` of `{}` checks its port, and it has none", service.name);
            reader.error(place("ready"), message, Some("add port = \"auto\", for example".to_owned()));
        }
        if service.port.is_none() && matches!(&renewal.reload, Some(Reload::Post(address)) if by_path(address)) {
            let message = format!("`reload` of `{}` uses its port, and it has none", service.name);
            reader.error(place("reload"), message, Some("add port = \"auto\", for example".to_owned()));
        }
    }
}
