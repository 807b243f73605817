//! What of an archive is not wanted: `exclude_patterns` of `vx.toml`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::error::UnpackErrorKind;

/// Patterns of paths that are left out of a release.
///
/// A pattern without `/` is about names at any depth, one with `/` about the whole path inside the release. `*` and
/// `?` do not cross a `/`, `**` does. A folder that matches is left out with all that is in it.
#[derive(Clone, Debug, Default)]
pub(in crate::install) struct Excluded(Option<GlobSet>);

impl Excluded {
    /// The patterns of a list joined by commas; a comma inside braces or brackets belongs to its pattern.
    pub(in crate::install) fn of(list: &str) -> Result<Self, UnpackErrorKind> {
        let mut set = GlobSetBuilder::new();
        let mut any = false;
        for pattern in split(list).filter(|pattern| !pattern.is_empty()) {
            any = true;
            let bare = pattern.trim_end_matches('/');
            let place = match bare.strip_prefix('/') {
                Some(anchored) => anchored.to_owned(),
                None if bare.contains('/') => bare.to_owned(),
                None => format!("**/{bare}"),
            };
            for text in [format!("{place}/**"), place] {
                let glob = GlobBuilder::new(&text).literal_separator(true).backslash_escape(true).build();
                let bad = |error: globset::Error| UnpackErrorKind::Pattern {
                    pattern: pattern.to_owned(),
                    reason: error.kind().to_string(),
                };
                set.add(glob.map_err(bad)?);
            }
        }
        let set = any.then(|| set.build()).transpose();
        let bad = |error: globset::Error| UnpackErrorKind::Pattern {
            pattern: list.to_owned(),
            reason: error.kind().to_string(),
        };
        Ok(Self(set.map_err(bad)?))
    }

    /// Whether a path inside the release is left out.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.0.as_ref().is_some_and(|set| set.is_match(path))
    }
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    list.split(move |character| {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(list: &str, paths: &[&str]) -> Vec<String> {
        let excluded = Excluded::of(list).expect("good patterns");
        paths.iter().filter(|path| excluded.covers(path)).map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn names_are_left_out_at_any_depth_and_paths_at_their_place() {
        let paths = ["README.md", "lib/a/NOTES.md", "docs/x", "lib/docs/y", "share/man/man1/a.1", "bin/tool"];
        assert_eq!(left_out("*.md", &paths), ["README.md", "lib/a/NOTES.md"]);
        assert_eq!(left_out("docs", &paths), ["docs/x", "lib/docs/y"]);
        assert_eq!(left_out("/docs", &paths), ["docs/x"]);
        assert_eq!(left_out("share/man/", &paths), ["share/man/man1/a.1"]);
        assert_eq!(left_out("lib/**/*.md, bin/t?ol", &paths), ["lib/a/NOTES.md", "bin/tool"]);
        assert_eq!(left_out("share/*.1", &paths), [""; 0]);
        assert_eq!(left_out("{docs,*.md}", &paths), ["README.md", "lib/a/NOTES.md", "docs/x", "lib/docs/y"]);
        assert_eq!(left_out("", &paths), [""; 0]);
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let error = Excluded::of("*.md,a[").expect_err("it is refused");
        assert!(error.to_string().contains("`a[`"), "{error}");
    }
}
