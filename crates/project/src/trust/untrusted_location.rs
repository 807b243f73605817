//! Projects that somebody else controls. No consent counts for them, because another user could change them at any time
//! after it was given.

use std::path::{Path, PathBuf};

use vx_base::paths::{Foreign, foreign};

use super::Whereabouts;
use crate::lineage::LineageBounds;

/// Why a project counts as a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UntrustedLocation {
    /// One of its files or folders belongs to somebody else, or others may write to it.
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// How they control it.
        reason: Foreign,
    },
    /// Its file is above the user's directory, where it would affect every project of the user.
    AboveHome {
        /// Path of the file.
        path: PathBuf,
    },
    /// Its file is in a directory for temporary files, where anyone could have put it.
    Temporary {
        /// Path of the file.
        path: PathBuf,
    },
}

impl std::fmt::Display for UntrustedLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign { path, reason } => write!(f, "`{}` {reason}", path.display()),
            Self::AboveHome { path } => write!(f, "`{}` lies above your home directory", path.display()),
            Self::Temporary { path } => write!(f, "`{}` lies in a directory for temporary files", path.display()),
        }
    }
}

impl UntrustedLocation {
    /// Say why the project with this file counts as a stranger's, if it does.
    pub fn detect(file: &Path, whereabouts: &Whereabouts, bounds: &LineageBounds) -> Option<Self> {
        let directory = &whereabouts.directory;
        if bounds.above_home(directory) {
            return Some(Self::AboveHome { path: file.to_owned() });
        }
        if bounds.is_temporary(directory) {
            return Some(Self::Temporary { path: file.to_owned() });
        }
        let settings = [".npmrc", "uv.toml", "vx.lock"].map(|name| directory.join(name));
        let folders = directory.ancestors().take_while(|folder| folder.starts_with(&whereabouts.top));
        let looked_at = std::iter::once(file.to_owned())
            .chain(settings)
            .chain(folders.map(Path::to_owned))
            .chain(whereabouts.git_file.clone())
            .chain(whereabouts.common.clone());
        looked_at.into_iter().find_map(|path| foreign(&path).map(|reason| Self::Foreign { path, reason }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn stranger(directory: &Path, home: Option<&Path>, temporary: &[PathBuf]) -> Option<UntrustedLocation> {
        let bounds = LineageBounds { user: home.map(Path::to_owned), temporary: temporary.to_vec() };
        UntrustedLocation::detect(&directory.join("vx.toml"), &Whereabouts::locate(directory), &bounds)
    }

    #[test]
    fn a_project_above_the_home_or_in_a_temporary_directory_is_a_strangers() {
        let top = tempfile::tempdir().expect("a directory");
        let top = fs::canonicalize(top.path()).expect("it is there");
        let home = top.join("home/user");
        fs::create_dir_all(&home).expect("directories");
        assert!(matches!(stranger(&top, Some(&home), &[]), Some(UntrustedLocation::AboveHome { .. })));
        assert_eq!(stranger(&home, Some(&home), &[]), None, "the home itself is the user's");
        assert_eq!(stranger(&top, None, &[]), None);
        assert!(matches!(stranger(&top, None, std::slice::from_ref(&top)), Some(UntrustedLocation::Temporary { .. })));
    }

    #[test]
    fn anything_from_the_file_up_to_the_top_of_the_repository_counts() {
        let top = tempfile::tempdir().expect("a directory");
        let top = fs::canonicalize(top.path()).expect("it is there");
        let project = top.join("a/b");
        fs::create_dir_all(&project).expect("directories");
        fs::create_dir(top.join(".git")).expect("a directory");
        fs::write(project.join("vx.toml"), "").expect("a file");
        fs::write(project.join("vx.lock"), "").expect("a file");
        assert_eq!(stranger(&project, None, &[]), None);
        for path in [project.join("vx.toml"), project.join("vx.lock"), project.clone(), top.join("a"), top.join(".git")]
        {
            let before = fs::metadata(&path).expect("it is there").permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("its mode");
            let expected = Some(UntrustedLocation::Foreign { path: path.clone(), reason: Foreign::Writable });
            assert_eq!(stranger(&project, None, &[]), expected, "{}", path.display());
            fs::set_permissions(&path, before).expect("its mode");
        }
        assert_eq!(stranger(&project, None, &[]), None);
    }
}
