//! Which entries are left out of a release: `exclude_patterns` of `vx.toml`.

use fast_glob::glob_match;

use super::error::UnpackErrorKind;

/// Patterns of paths that are left out of a release.
///
/// A pattern without `/` matches names at any depth, one with `/` the whole path inside the release. `*` and `?` do not
/// cross a `/`, `**` does. A matching folder is left out with all its content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excluded(Vec<String>);

impl Excluded {
    /// Split a comma-separated list of patterns; a comma inside braces or brackets belongs to its pattern.
    pub(crate) fn parse(list: &str) -> Result<Self, UnpackErrorKind> {
        let mut patterns = Vec::new();
        for pattern in split(list).filter(|pattern| !pattern.is_empty()) {
            if let Some(reason) = problem(pattern) {
                return Err(UnpackErrorKind::Pattern { pattern: pattern.to_owned(), reason });
            }
            let bare = pattern.trim_end_matches('/');
            let place = match bare.strip_prefix('/') {
                Some(anchored) => anchored.to_owned(),
                None if bare.contains('/') => bare.to_owned(),
                None => format!("**/{bare}"),
            };
            patterns.push(format!("{place}/**"));
            patterns.push(place);
        }
        Ok(Self(patterns))
    }

    /// Whether a path inside the release is left out.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| glob_match(pattern, path))
    }
}

/// Find the mistake that keeps a pattern from matching anything: an unbalanced bracket or brace, or a backslash at the
/// end.
fn problem(pattern: &str) -> Option<&'static str> {
    let (mut braces, mut class, mut escaped) = (0_i32, false, false);
    for character in pattern.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => class = false,
            _ if class => {}
            '[' => class = true,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        if braces < 0 {
            return Some("a `}` has no `{`");
        }
    }
    match (class, braces, escaped) {
        (true, ..) => Some("a `[` has no `]`"),
        (_, 1.., _) => Some("a `{` has no `}`"),
        (.., true) => Some("nothing follows its last `\\`"),
        _ => None,
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
        let excluded = Excluded::parse(list).expect("good patterns");
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
    fn an_invalid_pattern_is_named() {
        for bad in ["a[", "{a,b", "a}", "a\\"] {
            let error = Excluded::parse(&format!("*.md,{bad}")).expect_err("it is refused");
            assert!(error.to_string().contains(&format!("`{bad}`")), "{error}");
        }
    }
}
