//! Keys of one service.

use std::collections::BTreeMap;
use std::time::Duration;

use regex_lite::Regex;
use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::renewal::renewal;
use super::words::words;
use crate::config::duration;
use crate::config::reader::{ConfigReader, Value, kind};
use crate::services::{
    DeclaredService, Health, LOG_BOUNDS, LOG_BYTES, NAME_BYTES, NeededState, Port, Readiness, Ready, Restart,
    ServiceStop,
};

const KEYS: [&str; 19] = [
    "command",
    "shell",
    "directory",
    "env",
    "env_file",
    "port",
    "ready",
    "needs",
    "restart",
    "stop",
    "optional",
    "description",
    "health",
    "watch",
    "build",
    "reload",
    "errors",
    "external",
    "log_bytes",
];
const READY_KEYS: [&str; 7] = ["log", "tcp", "http", "status", "command", "file", "timeout"];
const HEALTH_KEYS: [&str; 8] = ["tcp", "http", "status", "command", "file", "timeout", "every", "failures"];
const STOP_KEYS: [&str; 2] = ["signal", "timeout"];
const SIGNALS: [&str; 7] = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"];

/// Defaults of the health checks: longest time for one round, time between two rounds (which a table can't set below
/// `HEALTH_LEAST`), and how many rounds may fail.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
const HEALTH_EVERY: Duration = Duration::from_secs(10);
const HEALTH_LEAST: Duration = Duration::from_millis(100);
const HEALTH_FAILURES: u32 = 3;

pub(super) fn service(
    reader: &mut ConfigReader<'_>,
    name: &Spanned<DeString<'_>>,
    value: &Value<'_>,
) -> Option<DeclaredService> {
    let Some(table) = value.get_ref().as_table() else {
        let advice = Some("write [services.NAME] with `command`".to_owned());
        reader.error(value.span(), format!("the service `{}` is {}", name.get_ref(), kind(value)), advice);
        return None;
    };
    check_name(reader, name);
    let name = name.get_ref().as_ref();
    let place = format!("[services.{name}]");
    refuse_unknown(reader, &place, table, &KEYS);
    let command = command(reader, &place, value, table).unwrap_or_default();
    let what = |key: &str| format!("`{key}` of {place}");
    let (directory, env, env_files) = (
        table.get("directory").and_then(|value| file_below(reader, &what("directory"), value)),
        table.get("env").map(|value| reader.texts(&what("env"), value)).unwrap_or_default(),
        table.get("env_file").map(|value| reader.strings(&what("env_file"), value)).unwrap_or_default(),
    );
    Some(DeclaredService {
        name: name.to_owned(),
        command,
        directory,
        env,
        env_files: env_files.into_iter().map(|(file, _)| file).collect(),
        port: table.get("port").and_then(|value| port(reader, &what("port"), value)),
        ready: table.get("ready").map(|value| ready(reader, &place, value)).unwrap_or_default(),
        health: table.get("health").and_then(|value| health(reader, &place, value)),
        watch: table.get("watch").map(|value| watch(reader, &what("watch"), value)).unwrap_or_default(),
        renewal: renewal(reader, &place, table),
        needs: table.get("needs").map(|value| needs(reader, &place, value)).unwrap_or_default(),
        restart: table.get("restart").and_then(|value| restart(reader, &what("restart"), value)).unwrap_or_default(),
        stop: table.get("stop").map(|value| stop(reader, &place, value)).unwrap_or_default(),
        optional: table.get("optional").and_then(|value| reader.boolean(&what("optional"), value)).unwrap_or(false),
        external: table.get("external").and_then(|value| file_below(reader, &what("external"), value)),
        plugin: None,
        log_bytes: log_bytes(reader, &what("log_bytes"), table),
    })
}

/// Read the largest size of a log file.
pub(super) fn log_bytes(reader: &mut ConfigReader<'_>, what: &str, table: &DeTable<'_>) -> u64 {
    let named = table.get("log_bytes").and_then(|value| reader.number(what, value, LOG_BOUNDS));
    named.unwrap_or(LOG_BYTES)
}

pub(super) fn check_name(reader: &mut ConfigReader<'_>, name: &Spanned<DeString<'_>>) {
    let text = name.get_ref().as_ref();
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if text.is_empty() || text.len() > NAME_BYTES || !text.chars().all(plain) || text.starts_with(['-', '.']) {
        let advice = format!("use at most {NAME_BYTES} letters, digits, `-`, `_` and `.`");
        reader.error(name.span(), format!("`{text}` cannot be the name of a service"), Some(advice));
    }
}

/// Report unknown keys as errors: it's no use to start a service without what its table says.
pub(super) fn refuse_unknown(reader: &mut ConfigReader<'_>, place: &str, table: &DeTable<'_>, known: &[&str]) {
    for key in table.keys() {
        let name = key.get_ref().as_ref();
        if !known.contains(&name) {
            // Names that other programs use for the command.
            let usual = ["run", "cmd", "exec", "start"]
                .contains(&name)
                .then_some("command")
                .filter(|name| known.contains(name));
            let near = usual.or_else(|| vx_base::nearest::nearest(name, known.iter().copied()).first().copied());
            let advice = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            reader.error(key.span(), format!("{place} has no key `{name}`"), Some(advice));
        }
    }
}

/// Read the words of the command: a list's as they are, a text split like a shell's words, or a text for a shell.
fn command(reader: &mut ConfigReader<'_>, place: &str, whole: &Value<'_>, table: &DeTable<'_>) -> Option<Vec<String>> {
    let what = format!("`command` of {place}");
    let shell = table.get("shell").and_then(|value| reader.boolean(&format!("`shell` of {place}"), value));
    let Some(value) = table.get("command") else {
        reader.error(whole.span(), format!("{place} has no command"), Some("add command = \"…\"".to_owned()));
        return None;
    };
    words(reader, &what, value, shell == Some(true))
}

/// Read a port: a number, a range such as "8000-8010", or "auto".
fn port(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<Port> {
    let text = value.get_ref().as_str();
    if text == Some("auto") {
        return Some(Port::Auto);
    }
    if let Some((first, last)) = text.and_then(|text| text.split_once('-')) {
        let bound = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        if let (Some(first), Some(last)) = (bound(first), bound(last))
            && first <= last
        {
            return Some(Port::Range(first, last));
        }
    }
    if value.get_ref().is_str() && text.is_none_or(|text| text.parse::<u16>().is_err()) {
        let advice = Some("write a number from 1 to 65535, a range such as \"8000-8010\", or \"auto\"".to_owned());
        reader.error(value.span(), format!("{what} is {}", reader.raw(value)), advice);
        return None;
    }
    let number = reader.number(what, value, 1..65536)?;
    u16::try_from(number).ok().map(Port::Fixed)
}

/// Read the checks of `ready`, or `false` for none.
fn ready(reader: &mut ConfigReader<'_>, place: &str, value: &Value<'_>) -> Readiness {
    match value.get_ref().as_bool() {
        Some(false) => Readiness::Unchecked,
        _ => checks(reader, "ready", place, value, &READY_KEYS).map(Readiness::Checks).unwrap_or_default(),
    }
}

/// Read the checks of this key, whose table may have these keys.
fn checks(reader: &mut ConfigReader<'_>, key: &str, place: &str, value: &Value<'_>, keys: &[&str]) -> Option<Ready> {
    let Some(table) = value.get_ref().as_table() else {
        let advice = Some("write { log = \"REGEX\" }, { tcp = true }, { http = \"/\" } or { file = \"…\" }".to_owned());
        reader.error(value.span(), format!("`{key}` of {place} is {}", kind(value)), advice);
        return None;
    };
    let inside = format!("`{key}` of {place}");
    refuse_unknown(reader, &inside, table, keys);
    let what = |key: &str| format!("`{key}` in {inside}");
    let mut text = |key: &str| table.get(key).and_then(|value| reader.string(&what(key), value));
    let (log, http, file) = (text("log"), text("http"), text("file"));
    if let (Some(pattern), Some(value)) = (&log, table.get("log"))
        && let Err(error) = Regex::new(pattern)
    {
        reader.error(value.span(), format!("{} is not a regular expression: {error}", what("log")), None);
    }
    if let (Some(address), Some(value)) = (&http, table.get("http"))
        && !address.starts_with('/')
        && !address.starts_with("http://")
    {
        let advice = Some("write a path such as \"/\", or an address that begins with http://".to_owned());
        reader.error(value.span(), format!("{} is neither a path nor an address", what("http")), advice);
    }
    let tcp = table.get("tcp").and_then(|value| reader.boolean(&what("tcp"), value)).unwrap_or(false);
    let status = table.get("status").and_then(|value| reader.number(&what("status"), value, 100..600));
    let timeout = table.get("timeout").and_then(|value| duration::in_seconds(reader, &what("timeout"), value));
    let words = table.get("command").and_then(|value| words(reader, &what("command"), value, false));
    if log.is_none() && http.is_none() && words.is_none() && file.is_none() && !tcp {
        reader.error(value.span(), format!("{inside} has no check"), Some("add tcp, http, command or file".to_owned()));
        return None;
    }
    let status = status.and_then(|status| u16::try_from(status).ok());
    Some(Ready { log, tcp, http, status, command: words, file, timeout: timeout.unwrap_or(Ready::TIMEOUT) })
}

fn health(reader: &mut ConfigReader<'_>, place: &str, value: &Value<'_>) -> Option<Health> {
    let checks = checks(reader, "health", place, value, &HEALTH_KEYS)?;
    let table = value.get_ref().as_table()?;
    let what = |key: &str| format!("`{key}` in `health` of {place}");
    let every = table.get("every").and_then(|value| duration::in_seconds(reader, &what("every"), value));
    let failures = table.get("failures").and_then(|value| reader.number(&what("failures"), value, 1..1001));
    let timeout = if table.contains_key("timeout") { checks.timeout } else { HEALTH_TIMEOUT };
    Some(Health {
        checks: Ready { timeout, ..checks },
        every: every.unwrap_or(HEALTH_EVERY).max(HEALTH_LEAST),
        failures: failures.and_then(|failures| u32::try_from(failures).ok()).unwrap_or(HEALTH_FAILURES),
    })
}

/// Read the path of a file or folder below the project's directory.
pub(super) fn file_below(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<String> {
    let text = reader.string(what, value)?;
    if text.is_empty() || text.starts_with('/') || text.split('/').any(|part| part == "..") {
        let advice = Some("write a path below the project's directory".to_owned());
        reader.error(value.span(), format!("{what} is `{text}`"), advice);
        return None;
    }
    Some(text)
}

/// Read a table of names and states, or a list of names that have to be ready.
pub(super) fn needs(reader: &mut ConfigReader<'_>, place: &str, value: &Value<'_>) -> BTreeMap<String, NeededState> {
    let what = format!("`needs` of {place}");
    let Some(table) = value.get_ref().as_table() else {
        return reader.strings(&what, value).into_iter().map(|(name, _)| (name, NeededState::Ready)).collect();
    };
    let mut found = BTreeMap::new();
    for (name, value) in table {
        let until = match value.get_ref().as_str() {
            Some("started") => Some(NeededState::Started),
            Some("ready") => Some(NeededState::Ready),
            Some("done") => Some(NeededState::Done),
            _ => None,
        };
        match until {
            Some(until) => drop(found.insert(name.get_ref().to_string(), until)),
            None => {
                let advice = Some("write \"started\", \"ready\" or \"done\"".to_owned());
                reader.error(value.span(), format!("{what}: {} is not a state", reader.raw(value)), advice);
            }
        }
    }
    found
}

/// Read patterns of files below the service's directory.
fn watch(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Vec<String> {
    let patterns = reader.strings(what, value);
    for (pattern, span) in &patterns {
        let leads_out = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
        if pattern.is_empty() || leads_out {
            let advice = Some("write a pattern below the service's directory, such as \"**/*.py\"".to_owned());
            reader.error(span.clone(), format!("{what}: `{pattern}` names no file below the directory"), advice);
        }
    }
    patterns.into_iter().map(|(pattern, _)| pattern).collect()
}

fn restart(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<Restart> {
    match value.get_ref().as_str() {
        Some("never") => Some(Restart::Never),
        Some("always") => Some(Restart::Always),
        Some("on-failure") => Some(Restart::OnFailure),
        _ => {
            let advice = Some("write \"never\", \"on-failure\" or \"always\"".to_owned());
            reader.error(value.span(), format!("{what} is {}", reader.raw(value)), advice);
            None
        }
    }
}

pub(super) fn stop(reader: &mut ConfigReader<'_>, place: &str, value: &Value<'_>) -> ServiceStop {
    let mut stop = ServiceStop::default();
    let inside = format!("`stop` of {place}");
    let Some(table) = value.get_ref().as_table() else {
        let advice = Some("write { signal = \"TERM\", timeout = \"10s\" }".to_owned());
        reader.error(value.span(), format!("{inside} is {}", kind(value)), advice);
        return stop;
    };
    refuse_unknown(reader, &inside, table, &STOP_KEYS);
    if let Some(value) = table.get("signal")
        && let Some(text) = reader.string(&format!("`signal` in {inside}"), value)
    {
        let name = text.strip_prefix("SIG").unwrap_or(&text).to_owned();
        if SIGNALS.contains(&name.as_str()) {
            stop.signal = name;
        } else {
            let advice = Some(format!("known are {}", SIGNALS.join(", ")));
            reader.error(value.span(), format!("`signal` in {inside} is not a signal"), advice);
        }
    }
    if let Some(value) = table.get("timeout")
        && let Some(timeout) = duration::in_seconds(reader, &format!("`timeout` in {inside}"), value)
    {
        stop.timeout = timeout;
    }
    stop
}
