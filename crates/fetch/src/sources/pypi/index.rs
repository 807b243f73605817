//! Address of the index: from the settings of uv and pip, or else from the output of the installed uv or pip.

use url::Url;

use super::{config, installed_index};
use crate::documents::cache::ResponseCache;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::options::credentials::split;

/// Variables that name the index, highest priority first.
const VARIABLES: [&str; 3] = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"];

/// The package index.
pub(super) struct PythonIndex {
    /// Address without credentials, with a slash at the end.
    pub(super) url: Url,
    /// Credentials from the address.
    pub(super) authorization: Option<String>,
}

impl PythonIndex {
    /// Find the index that the user's settings name.
    pub(super) fn load(options: &SourceOptions, cache: &ResponseCache) -> Result<Self, SourceError> {
        let (text, setting) = match configured(options) {
            Some(named) => named,
            None => installed_index::installed_programs(options, cache)?,
        };
        Self::read(&text).map_err(|reason| {
            SourceError::new("the Python package index", SourceErrorKind::BadSetting { setting, reason })
        })
    }

    /// Find the index that the user's settings name, without asking a program.
    pub(super) fn configured(options: &SourceOptions) -> Option<Self> {
        Self::read(&configured(options)?.0).ok()
    }

    fn read(text: &str) -> Result<Self, String> {
        // uv allows a name before the address.
        let named = text.split_once('=').filter(|(name, _)| !name.contains([':', '/']));
        Self::parse(named.map_or(text, |(_, address)| address))
    }

    fn parse(address: &str) -> Result<Self, String> {
        let mut url = Url::parse(address.trim()).map_err(|error| format!("is not an address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("is an address of kind `{}`; vx reads http and https", url.scheme()));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let (url, authorization) = split(url);
        Ok(Self { url, authorization })
    }

    /// Address of a package's page.
    pub(super) fn page(&self, package: &str) -> Result<Url, SourceError> {
        let name = normalized(package);
        let garbage = |reason: String| {
            SourceError::new(format!("the Python package {package}"), SourceErrorKind::Garbage(reason))
        };
        let sound = |character: char| character.is_ascii_alphanumeric() || character == '-';
        if name.is_empty() || !name.chars().all(sound) {
            return Err(garbage("that is not a package name".into()));
        }
        self.url.join(&format!("{name}/")).map_err(|error| garbage(error.to_string()))
    }
}

/// Find the setting that names the index.
fn configured(options: &SourceOptions) -> Option<config::Named> {
    let from_variable = VARIABLES.iter().find_map(|name| Some((options.variable(name)?, (*name).to_owned())));
    from_variable.or_else(|| config::from_uv(options)).or_else(|| config::from_pip(options))
}

/// Normalize a package's name for addresses.
fn normalized(package: &str) -> String {
    let pieces: Vec<&str> = package.split(['-', '_', '.']).filter(|piece| !piece.is_empty()).collect();
    pieces.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hang_below_the_index_under_their_normal_names() {
        for address in ["https://h.invalid/simple", " https://h.invalid/simple/ ", "https://me:pw@h.invalid/simple"] {
            let index = PythonIndex::parse(address).unwrap();
            assert_eq!(index.page("Rust_.Just").unwrap().as_str(), "https://h.invalid/simple/rust-just/");
            assert_eq!(index.authorization.is_some(), address.contains('@'));
            assert!(index.page("a/../../b").is_err() && index.page("").is_err());
        }
        assert!(PythonIndex::parse("file:///x").is_err() && PythonIndex::parse("h.invalid").is_err());
    }
}
