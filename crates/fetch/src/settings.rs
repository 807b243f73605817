//! Checks the settings of npm, pip and uv, and the servers that they name.
//!
//! The resolver ignores an unreadable file, as npm, pip and uv do. This module reports it.

pub(crate) mod project_settings;

use std::io;
use std::path::Path;

use vx_base::package::source_kind::SourceKind;

use super::error::{SourceError, SourceErrorKind};
use super::sources::Sources;
use crate::documents::http::Query;

impl Sources {
    /// List the problems in this source's settings, without a request.
    pub fn problems_of(&self, kind: SourceKind) -> Vec<SourceError> {
        let (Some(registry), Some(facts)) = (self.client(kind).registry(), kind.registry()) else { return Vec::new() };
        let files = registry.setting_files();
        let unusable = files.iter().filter_map(|file| unusable(file, self.read_setting(file)));
        let mut problems: Vec<SourceError> = unusable.map(|kind| SourceError::new(facts.title, kind)).collect();
        if let Err(error) = registry.address(&self.network)
            && !problems.contains(&error)
        {
            problems.push(error);
        }
        problems
    }

    /// Check that the source's server responds. Any response counts, unless it refuses the credentials or reports a
    /// failure of the server.
    pub fn reach(&self, kind: SourceKind) -> Result<(), SourceError> {
        let (Some(registry), Some(facts)) = (self.client(kind).registry(), kind.registry()) else { return Ok(()) };
        let url = registry.address(&self.network)?;
        let authorization = |url: &url::Url| registry.authorization(&self.network, url);
        let query = Query::new(facts.title, &url, "*/*", &authorization);
        match self.network.cache.client().probe(&query) {
            Err(error) if matches!(error.kind, SourceErrorKind::NoSuchPackage) => Ok(()),
            // A server may forbid its top page, or not support this kind of request at all.
            Err(error) if matches!(error.kind, SourceErrorKind::NotAllowed(403)) => Ok(()),
            Err(error) if matches!(error.kind, SourceErrorKind::Status(status) if status < 500 || status == 501) => {
                Ok(())
            }
            answer => answer,
        }
    }
}

/// Say why an existing settings file is unusable.
fn unusable(file: &Path, content: io::Result<String>) -> Option<SourceErrorKind> {
    let bad = |reason: String| Some(SourceErrorKind::BadSetting { setting: format!("`{}`", file.display()), reason });
    let text = match content {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return None,
        Err(error) => return bad(format!("cannot be read: {error}")),
        Ok(text) => text,
    };
    if file.extension().is_some_and(|extension| extension == "toml") {
        let error = text.parse::<toml::Table>().err()?;
        return bad(format!("is not TOML: {}", error.message()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_base::files::small_file::read_regular_text;

    #[test]
    fn a_file_that_cannot_be_read_is_told_from_one_that_is_not_there() {
        let top = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &[u8]| {
            let path = top.path().join(name);
            std::fs::write(&path, text).expect("a file");
            unusable(&path, read_regular_text(&path)).map(|kind| format!("{}", SourceError::new("x", kind)))
        };
        let none = top.path().join("none");
        assert_eq!(unusable(&none, read_regular_text(&none)), None);
        assert_eq!(file("uv.toml", b"index-url = \"x\""), None);
        assert!(file("uv.toml", b"index-url = ").is_some_and(|text| text.contains("uv.toml` is not TOML")));
        assert!(file(".npmrc", b"registry=\xff").is_some_and(|text| text.contains(".npmrc` cannot be read")));
        assert!(unusable(top.path(), read_regular_text(top.path())).is_some());
    }
}
