//! Presets: a single table that makes several services. `vite-go` is a plugin in development: a front end under vite,
//! and a back end in Go that another program loads.

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::fields::{check_name, file_below, log_bytes, needs, refuse_unknown, stop};
use super::renewal::reload;
use crate::config::reader::ConfigReader;
use crate::services::{DeclaredService, NAME_BYTES, vite_go};

const KEYS: [&str; 10] =
    ["preset", "path", "env", "env_file", "needs", "optional", "reload", "stop", "description", "log_bytes"];
/// Known presets.
const PRESETS: [&str; 1] = ["vite-go"];
/// Longest suffix that is added to a name for the key of a slot.
const LONGEST_PART: usize = "-vite".len();

/// Make the services of a table that names a preset; `all` are the tables of all services.
pub(super) fn of_preset(
    reader: &mut ConfigReader<'_>,
    name: &Spanned<DeString<'_>>,
    table: &DeTable<'_>,
    all: &DeTable<'_>,
) -> Vec<DeclaredService> {
    check_name(reader, name);
    let plugin = name.get_ref().as_ref();
    let place = format!("[services.{plugin}]");
    refuse_unknown(reader, &place, table, &KEYS);
    let what = |key: &str| format!("`{key}` of {place}");
    let preset = table.get("preset").and_then(|value| Some((reader.string(&what("preset"), value)?, value)));
    if let Some((preset, value)) = preset.filter(|(preset, _)| !PRESETS.contains(&preset.as_str())) {
        let advice = Some(format!("known are {}", PRESETS.join(", ")));
        reader.error(value.span(), format!("{} is `{preset}`", what("preset")), advice);
    }
    if plugin.len() + LONGEST_PART > NAME_BYTES {
        let advice = Some(format!("use at most {} characters", NAME_BYTES - LONGEST_PART));
        reader.error(name.span(), format!("`{plugin}` is too long for a name with a preset"), advice);
    }
    let Some(value) = table.get("path") else {
        reader.error(name.span(), format!("{place} has no path"), Some("add path = \"…\"".to_owned()));
        return Vec::new();
    };
    let Some(path) = file_below(reader, &what("path"), value) else { return Vec::new() };
    let env = table.get("env").map(|value| reader.texts(&what("env"), value)).unwrap_or_default();
    let env_files = table.get("env_file").map(|value| reader.strings(&what("env_file"), value)).unwrap_or_default();
    let env_files: Vec<String> = env_files.into_iter().map(|(file, _)| file).collect();
    let needs = table.get("needs").map(|value| needs(reader, &place, value)).unwrap_or_default();
    let stop = table.get("stop").map(|value| stop(reader, &place, value)).unwrap_or_default();
    let optional = table.get("optional").and_then(|value| reader.boolean(&what("optional"), value)).unwrap_or(false);
    let reload = table.get("reload").and_then(|value| reload(reader, &what("reload"), value, false));
    let log_bytes = log_bytes(reader, &what("log_bytes"), table);
    let mut services = vite_go(plugin, &path);
    services[1].renewal.reload = reload;
    for service in &mut services {
        if all.contains_key(service.name.as_str()) {
            let message = format!("the preset of {place} makes a service `{}`, which is declared, too", service.name);
            reader.error(name.span(), message, Some("give one of them another name".to_owned()));
        }
        (service.env, service.env_files) = (env.clone(), env_files.clone());
        (service.needs, service.stop, service.optional) = (needs.clone(), stop.clone(), optional);
        service.log_bytes = log_bytes;
    }
    services.into()
}
