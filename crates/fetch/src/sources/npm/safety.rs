//! npm's settings for safe connections: `cafile` and `strict-ssl`.

use vx_http::{CertificateFile, authority};

use super::registry::{NpmRegistry, files};
use crate::options::SourceOptions;

/// Certificate files: the one that npm uses, if set, and the one for every program of node.
pub(crate) fn certificate_files(options: &SourceOptions) -> Vec<CertificateFile> {
    let of_node = options.variable("NODE_EXTRA_CA_CERTS").map(|path| (path, "NODE_EXTRA_CA_CERTS".to_owned()));
    let file = |(path, setting): (String, String)| CertificateFile { setting, path: options.path(&path) };
    setting(options, "cafile").into_iter().chain(of_node).map(file).collect()
}

/// Host of the registry, if its certificate is not to be checked.
pub(crate) fn unchecked_hosts(options: &SourceOptions) -> Vec<String> {
    match setting(options, "strict-ssl") {
        Some((value, _)) if value == "false" => {
            let registry = NpmRegistry::load(options).and_then(|registry| registry.address());
            registry.iter().map(authority).collect()
        }
        _ => Vec::new(),
    }
}

/// Find the value and name of a setting: in the environment, or else in the project's file, the user's, the global one.
pub(super) fn setting(options: &SourceOptions, key: &str) -> Option<(String, String)> {
    let lower = format!("npm_config_{}", key.replace('-', "_"));
    for name in [lower.to_uppercase(), lower] {
        if let Some(value) = options.variable(&name) {
            return Some((value, name));
        }
    }
    files(options).iter().rev().find_map(|file| {
        let text = options.settings.read(file).ok()?;
        let value = value(&text, key, &|name| options.variable(name))?;
        Some((value, format!("`{key}` of {}", file.display())))
    })
}

/// Find the last value of a key before the first section; `${NAME}` in it stands for a variable.
fn value(text: &str, key: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    let pairs = lines.filter(|line| !line.starts_with(['#', ';'])).filter_map(|line| line.split_once('='));
    let found = pairs.filter(|(name, _)| name.trim() == key).last()?.1.trim();
    let bare = found.trim_matches(['"', '\'']);
    let mut expanded = String::new();
    let mut rest = bare;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        expanded.push_str(before);
        expanded.push_str(&variable(name).unwrap_or_default());
        rest = behind;
    }
    expanded.push_str(rest);
    (!expanded.is_empty()).then_some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_npm_reads_them() {
        let variable = |name: &str| (name == "HOME").then(|| "/home/me".to_owned());
        let of = |text: &str| value(text, "cafile", &variable);
        assert_eq!(of("; x\n cafile = \"/a b.pem\"\n").as_deref(), Some("/a b.pem"));
        assert_eq!(of("cafile=/a\ncafile=${HOME}/ca.pem\n").as_deref(), Some("/home/me/ca.pem"));
        assert_eq!(of("cafile=a${NONE}b${"), Some("ab${".to_owned()));
        for none in ["", "#cafile=/a", "cafile=", "other=/a", "[section]\ncafile=/a", "//h.invalid/:cafile=/a"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
