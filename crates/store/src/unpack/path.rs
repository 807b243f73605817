//! Paths of entries: from the name in an archive to a path that is certainly inside the release.

use super::error::UnpackErrorKind;
use super::excluded::Excluded;

/// Longest component of a path, in bytes; no common file system takes more.
const COMPONENT_BYTES: usize = 255;

/// Longest path inside a release, in bytes, so that the full path fits into the system's limit even in a deep home.
const PATH_BYTES: usize = 2048;

/// Where the entries of one archive go in the release.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    strip: u32,
    into: Vec<String>,
    excluded: Excluded,
}

/// A path inside the release: plain components joined by `/`, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryPath(String);

impl Placement {
    /// Drop `strip` leading components, put the rest below `into`, and leave out excluded paths.
    pub(super) fn new(strip: u32, into: &str, excluded: &Excluded) -> Result<Self, UnpackErrorKind> {
        let into = components(into.as_bytes())?.into_iter().map(str::to_owned).collect();
        Ok(Self { strip, into, excluded: excluded.clone() })
    }

    /// How many leading components to drop.
    pub(super) fn strip(&self) -> u32 {
        self.strip
    }

    /// Place an entry; `None` if no component of its path is left, or if it is excluded.
    pub(super) fn place(&self, raw: &[u8]) -> Result<Option<EntryPath>, UnpackErrorKind> {
        self.join(components(raw)?.into_iter().skip(self.strip as usize), raw)
    }

    /// Place a file that is the whole download, not an entry of an archive.
    pub(super) fn place_whole(&self, name: &str) -> Result<Option<EntryPath>, UnpackErrorKind> {
        self.join(components(name.as_bytes())?.into_iter(), name.as_bytes())
    }

    fn join<'a>(&self, kept: impl Iterator<Item = &'a str>, raw: &[u8]) -> Result<Option<EntryPath>, UnpackErrorKind> {
        let mut path = String::with_capacity(raw.len() + 16);
        let mut empty = true;
        for component in self.into.iter().map(String::as_str) {
            push(&mut path, component);
        }
        for component in kept {
            push(&mut path, component);
            empty = false;
        }
        if path.len() > PATH_BYTES {
            return Err(refused(raw, "has a path longer than 2048 bytes"));
        }
        Ok((!empty && !self.excluded.covers(&path)).then_some(EntryPath(path)))
    }
}

impl EntryPath {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Parent folder; `None` at the top.
    pub(super) fn parent(&self) -> Option<&str> {
        parent(&self.0)
    }
}

/// Path without its last component; `None` for a single component.
pub(super) fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// Make an entry's name printable on a terminal; a very long name is cut, so that the message stays readable.
pub(super) fn shown(raw: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(raw);
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

pub(super) fn refused(raw: &[u8], reason: &'static str) -> UnpackErrorKind {
    UnpackErrorKind::Path { entry: shown(raw), reason }
}

fn push(path: &mut String, component: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(component);
}

/// Split a path into plain components; fails for any component that could lead anywhere but below.
fn components(raw: &[u8]) -> Result<Vec<&str>, UnpackErrorKind> {
    let Ok(text) = str::from_utf8(raw) else { return Err(refused(raw, "has a name that is not UTF-8")) };
    if text.starts_with('/') {
        return Err(refused(raw, "has an absolute path"));
    }
    let mut components = Vec::with_capacity(8);
    for component in text.split('/') {
        match component {
            "" | "." => continue,
            ".." => return Err(refused(raw, "leaves its directory with `..`")),
            _ => components.push(component),
        }
        if component.len() > COMPONENT_BYTES {
            return Err(refused(raw, "has a name longer than 255 bytes"));
        }
        if component.contains(char::is_control) {
            return Err(refused(raw, "has a control character in its name"));
        }
        if let Some(reason) = elsewhere(component) {
            return Err(refused(raw, reason));
        }
    }
    Ok(components)
}

/// Say why a component has another meaning on Windows.
fn elsewhere(component: &str) -> Option<&'static str> {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    if component.contains('\\') {
        return Some("has a backslash in its name");
    }
    if !cfg!(windows) {
        return None;
    }
    if component.contains([':', '<', '>', '"', '|', '?', '*']) || component.ends_with(['.', ' ']) {
        return Some("has a name that Windows does not take");
    }
    let stem = component.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    (DEVICES.contains(&stem.as_str()) || numbered && stem.ends_with(|last: char| last.is_ascii_digit()))
        .then_some("has the name of a device")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(strip: u32, into: &str, raw: &str) -> Option<String> {
        let placement = Placement::new(strip, into, &Excluded::default()).expect("a placement");
        placement.place(raw.as_bytes()).expect("a good path").map(|path| path.as_str().to_owned())
    }

    #[test]
    fn paths_are_stripped_by_position_and_put_below() {
        assert_eq!(place(1, "", "package/bin/node").as_deref(), Some("bin/node"));
        assert_eq!(place(1, "lib/npm", "./package//index.js").as_deref(), Some("lib/npm/index.js"));
        assert_eq!(place(0, "", "a/./b/").as_deref(), Some("a/b"));
        assert_eq!(place(2, "x", "package/index.js"), None);
        assert_eq!(place(0, "", "./"), None);
    }

    #[test]
    fn paths_that_could_leave_are_refused_even_in_the_part_that_is_dropped() {
        let long = format!("a/{}", "n".repeat(256));
        let deep = "d/".repeat(1100);
        for bad in ["../x", "a/../x", "..", "/etc/passwd", "a\\..\\b", "a/\u{7}", "a\n", &long, &deep] {
            for strip in [0, 1] {
                let placement = Placement::new(strip, "", &Excluded::default()).expect("a placement");
                assert!(placement.place(bad.as_bytes()).is_err(), "{bad:?}");
            }
        }
        assert!(Placement::new(0, "../up", &Excluded::default()).is_err());
        assert!(Placement::new(0, "", &Excluded::default()).expect("a placement").place(b"\xff").is_err());
    }

    proptest! {
        #[test]
        fn a_placed_path_has_only_plain_components(raw in "[a./\\\\\u{e4}\u{0}]{0,24}", strip in 0u32..3, into in "[a/]{0,4}") {
            if let (Ok(placement), false) = (Placement::new(strip, &into, &Excluded::default()), into.starts_with('/'))
                && let Ok(Some(path)) = placement.place(raw.as_bytes())
            {
                prop_assert!(!path.as_str().is_empty());
                for component in path.as_str().split('/') {
                    prop_assert!(!["", ".", ".."].contains(&component), "{:?}", path);
                    prop_assert!(!component.contains(['\\', '\0']));
                }
            }
        }
    }
}
