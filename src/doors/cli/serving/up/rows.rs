//! A service as a line, and as JSON.

use serde_json::{Value, json};

use crate::serving::up::ServiceState;

/// A service in a line.
pub(in crate::doors::cli) fn line(service: &ServiceState) -> String {
    let ServiceState { name, state, url, port, .. } = service;
    let place = url.clone().or_else(|| port.map(|port| format!("port {port}")));
    let pid = service.pid.map(|pid| format!("pid {pid}"));
    let restarts = (service.restarts > 0).then(|| format!("{} restarts", service.restarts));
    let why = if service.ended { service.error.clone() } else { service.message.clone() };
    let built = service.build.as_ref().filter(|_| !service.ended).and_then(|build| build.error.clone());
    let first = |text: Option<String>| text.and_then(|text| text.lines().next().map(str::to_owned));
    let rest: Vec<String> = [place, pid, restarts, first(why), first(built)].into_iter().flatten().collect();
    let unchecked = if service.ready && !service.checked { ", not checked" } else { "" };
    format!("{name}  {state}{unchecked}  {}", rest.join("  ")).trim_end().to_owned()
}

/// The name, the state and the port.
pub(in crate::doors::cli) fn short(service: &ServiceState) -> Value {
    match service.port {
        Some(port) => json!({ "name": service.name, "state": service.state, "port": port }),
        None => json!({ "name": service.name, "state": service.state }),
    }
}

/// Everything that is known of a service.
pub(in crate::doors::cli) fn document(service: &ServiceState) -> Value {
    json!({
        "name": service.name,
        "state": service.state,
        "ready": service.ready,
        "checked": service.checked,
        "url": service.url,
        "port": service.port,
        "pid": service.pid,
        "since": service.since.map(|since| format!("{since:.3}")),
        "restarts": service.restarts,
        "message": service.message,
        "error": service.error,
        "hint": service.hint,
        "build": service.build.as_ref().map(|build| json!({
            "state": build.state,
            "error": build.error,
            "errors": build.mistakes,
            "log": build.log.to_string_lossy(),
        })),
        "log": service.log.to_string_lossy(),
        "project": service.project,
        "board": service.board.to_string_lossy(),
        "supervised": service.supervised,
    })
}
