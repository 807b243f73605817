//! Files and folders that others control: they belong to another user, or others may write to them.

use std::path::Path;

/// Why a file or folder is under the control of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It belongs to another user.
    OtherUser,
    /// Other users may write to it.
    Writable,
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OtherUser => "belongs to another user",
            Self::Writable => "can be written to by others",
        })
    }
}

/// Why others control the file or folder at `path`; `None` if only this user does, or nothing is there. For a link,
/// both the link and its target are checked.
///
/// Members of the user's primary group do not count as others: on many systems each user has a private group, and new
/// files are writable for it.
#[cfg(unix)]
pub fn foreign(path: &Path) -> Option<Foreign> {
    use std::os::unix::fs::MetadataExt;

    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let (link, target) = (std::fs::symlink_metadata(path).ok()?, std::fs::metadata(path).ok());
    let looked_at = std::iter::once(&link).chain(&target);
    if looked_at.clone().any(|found| found.uid() != user) {
        return Some(Foreign::OtherUser);
    }
    let open = |found: &std::fs::Metadata| {
        let by_group = found.mode() & 0o020 != 0 && found.gid() != group;
        // The mode of a link itself means nothing.
        !found.is_symlink() && (by_group || found.mode() & 0o002 != 0)
    };
    looked_at.clone().any(open).then_some(Foreign::Writable)
}

/// On this system, files have no owner that vx could compare.
#[cfg(not(unix))]
pub fn foreign(_: &Path) -> Option<Foreign> {
    None
}

/// Returns whether both files or folders belong to the same user.
#[cfg(unix)]
pub fn same_owner(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let owner = |path: &Path| std::fs::metadata(path).ok().map(|found| found.uid());
    owner(one).is_some() && owner(one) == owner(other)
}

/// On this system, files have no owner that vx could compare.
#[cfg(not(unix))]
pub fn same_owner(_: &Path, _: &Path) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    #[test]
    fn what_others_may_write_to_is_theirs_and_what_they_may_read_is_not() {
        let top = tempfile::tempdir().expect("a directory");
        let file = top.path().join("vx.toml");
        assert_eq!(foreign(&file), None, "nothing is there");
        fs::write(&file, "").expect("a file");
        for (mode, expected) in [
            (0o600, None),
            (0o644, None),
            (0o664, None),
            (0o666, Some(Foreign::Writable)),
            (0o646, Some(Foreign::Writable)),
        ] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("its mode");
            assert_eq!(foreign(&file), expected, "{mode:o}");
        }
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o1777)).expect("its mode");
        assert_eq!(foreign(top.path()), Some(Foreign::Writable), "a folder for everybody");
    }

    #[test]
    fn another_users_file_and_link_are_theirs() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let top = tempfile::tempdir().expect("a directory");
        let (file, link) = (top.path().join("file"), top.path().join("link"));
        fs::write(&file, "").expect("a file");
        symlink(&file, &link).expect("a link");
        assert_eq!(foreign(&link), None);
        lchown(&link, Some(65_534), None).expect("root may");
        assert_eq!((foreign(&link), foreign(&file)), (Some(Foreign::OtherUser), None));
        lchown(&link, Some(0), None).and_then(|()| chown(&file, Some(65_534), None)).expect("root may");
        assert_eq!(foreign(&link), Some(Foreign::OtherUser), "its target");
        chown(&file, Some(0), Some(65_534)).expect("root may");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).expect("its mode");
        assert_eq!(foreign(&file), Some(Foreign::Writable), "another group may write to it");
    }
}
