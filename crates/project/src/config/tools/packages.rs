//! Names of tools, and the packages of registries that they can stand for.

use std::ops::Range;

use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::{SourceKind, registry_alternatives};

use crate::config::reader::{ConfigReader, Value};

/// Whether a tool can have this name; if not, the reason is reported.
pub(in crate::config) fn is_named_soundly(reader: &mut ConfigReader<'_>, name: &str, place: Range<usize>) -> bool {
    if let Some(named) = NamedPackage::of_tool(name) {
        let Err(bad) = named.check() else { return true };
        reader.error(place, format!("`{name}`: {bad}"), bad.advice_for_tool(name));
        return false;
    }
    let Some(reason) = unusable(name) else { return true };
    let advice = name
        .contains(':')
        .then(|| format!("a package is named as {}", registry_alternatives(|kind| format!("\"{kind}:NAME\""))));
    reader.error(place, format!("`{name}` cannot be the name of a tool: {reason}"), advice);
    false
}

/// Find the source of a tool that may be named like a package: then it is that registry, and naming another source is
/// an error.
pub(in crate::config) fn agreed_source(
    reader: &mut ConfigReader<'_>,
    name: &str,
    source: Option<SourceKind>,
    value: Option<&Value<'_>>,
) -> Option<SourceKind> {
    let Some(named) = NamedPackage::of_tool(name) else { return source };
    if let (Some(other), Some(value)) = (source.filter(|source| *source != named.source), value) {
        let message = format!("`{name}` is a package of {}, and its source is `{other}`", named.source);
        reader.error(value.span(), message, Some("remove `source`".to_owned()));
    }
    Some(named.source)
}

/// Read the value of `package`.
pub(in crate::config) fn declared(
    reader: &mut ConfigReader<'_>,
    name: &str,
    source: Option<SourceKind>,
    value: &Value<'_>,
) -> Option<String> {
    let what = format!("`package` of `{name}`");
    let package = reader.string(&what, value)?;
    let (message, advice) = match source {
        _ if NamedPackage::of_tool(name).is_some() => {
            ("names a package, and its name names one already", "remove it".to_owned())
        }
        Some(source) if source.registry().is_some() => {
            let named = NamedPackage { source, package: &package };
            let Err(bad) = named.check() else { return Some(package) };
            reader.error(value.span(), format!("{what}: {bad}"), bad.advice());
            return None;
        }
        _ => {
            let sources = registry_alternatives(|kind| format!("source = \"{kind}\""));
            ("needs the registry that has the package", format!("add {sources}"))
        }
    };
    reader.error(value.span(), format!("{what} {message}"), Some(advice));
    None
}

/// Say why a name can't be part of a path in the store.
fn unusable(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > 100 {
        return Some("it must have 1 to 100 characters");
    }
    if name.starts_with(['.', '-']) {
        return Some("it begins with a dot or a dash");
    }
    let fine = |character: char| character.is_ascii_alphanumeric() || "-_.+@".contains(character);
    (!name.chars().all(fine)).then_some("use letters, digits and - _ . + @")
}
