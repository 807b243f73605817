//! A service as a line, and as JSON.

use serde_json::{Value, json};
use vx_status::slot_document::SlotDocument;

use crate::serving::up::ServiceState;

/// A service in a line.
pub(in crate::doors::cli) fn line(service: &ServiceState) -> String {
    let ServiceState { name, word, url, port, .. } = service;
    let place = url.clone().or_else(|| port.map(|port| format!("port {port}")));
    let pid = service.pid.map(|pid| format!("pid {pid}"));
    let restarts = (service.restarts > 0).then(|| format!("{} restarts", service.restarts));
    let why = if service.ended { service.error.clone() } else { service.message.clone() };
    let built = service.build.as_ref().filter(|_| !service.ended).and_then(|build| build.error.clone());
    let first = |text: Option<String>| text.and_then(|text| text.lines().next().map(str::to_owned));
    let rest: Vec<String> = [place, pid, restarts, first(why), first(built)].into_iter().flatten().collect();
    let unchecked = if service.ready && !service.checked { ", not checked" } else { "" };
    format!("{name}  {word}{unchecked}  {}", rest.join("  ")).trim_end().to_owned()
}

/// The name, its state and the port.
pub(in crate::doors::cli) fn short(service: &ServiceState) -> Value {
    let SlotDocument { state, standing, step, .. } = &service.slot;
    let mut row = json!({
        "name": service.name,
        "word": service.word,
        "state": state,
        "standing": standing,
        "step": step,
    });
    if let Some(port) = service.port {
        row["port"] = port.into();
    }
    row
}

/// Everything that is known about a service: its slot, and what the slot does not hold.
pub(in crate::doors::cli) fn document(service: &ServiceState) -> Value {
    let mut document = json!(service.slot);
    let beside = json!({
        "name": service.name,
        "word": service.word,
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
            "word": build.word,
            "state": build.slot.state,
            "standing": build.slot.standing,
            "step": build.slot.step,
            "error": build.error,
            "errors": build.mistakes,
            "log": build.log.to_string_lossy(),
        })),
        "log": service.log.to_string_lossy(),
        "project": service.project,
        "board": service.board.to_string_lossy(),
        "supervised": service.supervised,
    });
    if let (Some(document), Value::Object(beside)) = (document.as_object_mut(), beside) {
        document.extend(beside);
    }
    document
}
